"""What is proved each night is proved once, whoever passes and whoever is killed; a miss is one incident, until it is repeated."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.base.cancel import CancelToken
from andon.errors import UsageError
from andon.model.incident import Incident
from andon.model.signal import SignalKind
from andon.runs.goal import Listener
from andon.service.service import Service
from kit.clones import FILES, Clone

TOML = "[reproduce]\nnightly = 3\n[verify]\nnightly = true\n"


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acmé 'x'", clock=Clock())
    clone.fill({**FILES, "andon.toml": TOML})
    clone.run()
    return clone


def tick(clone: Clone, hours: float = 0.0) -> Service:
    """A pass, so many hours later, by a process of its own."""
    clone.clock.now += timedelta(hours=hours)  # type: ignore[attr-defined]
    with clone.opened() as service:
        service.scheduling.tick()
    return service


def of_proofs(clone: Clone) -> list[Incident]:
    with clone.opened() as service:
        found = service.workspace.incidents.standing("main")
        return [each for each in found if each.kind in (SignalKind.REPEAT, SignalKind.DAMAGE)]


def noted(clone: Clone) -> list[tuple[str, str, str]]:
    with clone.opened() as service:
        return [
            (each.dataset, each.build, str(each.verdict)) for each in service.workspace.reproductions.within("", "9")
        ]


def readings(clone: Clone) -> int:
    with clone.opened() as service:
        return service.workspace.nights.last()


def data_file(clone: Clone, dataset: str) -> Path:
    return next((clone.root / ".andon/lake/data").glob(f"{dataset.replace('.', '/')}-*.parquet"))


def test_each_night_a_sample_is_built_again_and_the_lake_read_once(project):
    tick(project)
    assert len(noted(project)) == 3
    assert {verdict for _, _, verdict in noted(project)} == {"identical"}
    assert readings(project) == 1
    for _ in range(3):
        tick(project, hours=3)
    assert (len(noted(project)), readings(project)) == (3, 1), "it is the same night until two"
    tick(project, hours=12)
    assert (len(noted(project)), readings(project)) == (6, 2)
    assert of_proofs(project) == []


def test_a_night_that_is_stopped_is_gone_on_with(project):
    stop = CancelToken()
    heard: list[str] = []

    def report(event: object) -> None:
        heard.append(str(event))

    stop.cancel()
    with project.opened() as service:
        service.nightly.passed("main", Listener(report, cancel=stop), is_beside=True)
        service.nightly.wait()
        assert service.workspace.nights.done() == {}
        assert service.workspace.claims.held("") == []
        service.nightly.passed("main", Listener(report), is_beside=True)
        service.nightly.wait()
        assert service.workspace.nights.done().keys() == {"verify"}, "one after another, beside the passes"
        service.nightly.passed("main", Listener(report), is_beside=True)
        service.nightly.wait()
        service.nightly.passed("main", Listener(report), is_beside=True)
    assert (len(noted(project)), readings(project)) == (3, 1)
    assert ["proved tonight: 3" in text for text in heard] == [False, True]


def test_without_a_line_nothing_is_proved(project):
    project.write("andon.toml", "")
    project.run()
    tick(project, hours=24)
    assert (noted(project), readings(project)) == ([], 0)


def test_damage_is_an_incident_of_its_dataset_until_it_is_mended(project):
    place = data_file(project, "marts.totals")
    place.write_bytes(place.read_bytes()[:-1])
    tick(project)
    (found,) = of_proofs(project)
    assert (found.kind, found.dataset) == (SignalKind.DAMAGE, "marts.totals")
    assert "`andon repair`" in found.title
    tick(project, hours=24)
    assert [each.number for each in of_proofs(project)] == [found.number], "one, however often it is found"
    with project.opened() as service:
        assert service.repairing.repair().left == []
    tick(project)
    with project.opened() as service:
        (signal,) = [each for each in service.incidents.show(found.number).signals if each.kind == "damage"]
        assert signal.cleared is not None, "nobody waits for the night"
    tick(project, hours=24)
    assert of_proofs(project) == []
    with project.opened() as service:
        assert service.incidents.show(found.number).incident.state == "closed"


def forge(clone: Clone, **engine: str) -> Callable[[], None]:
    """Let the record of `marts.totals` be of rows that it was not made of, by another engine: what is built by it comes out otherwise.
    What it gives puts that back."""
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    old = clone.leaves("main~1")["shop.orders"].version
    build = clone.leaves()["marts.totals"].build
    catalog = clone.root / ".andon/catalog.db"

    def put(body: bytes) -> None:
        with closing(sqlite3.connect(catalog)) as connection, connection:
            connection.execute("update build set body = ? where id = ?", [body, build])

    with closing(sqlite3.connect(catalog)) as connection:
        ((body,),) = connection.execute("select body from build where id = ?", [build]).fetchall()
    said = json.loads(zlib.decompress(body))
    said["inputs"]["shop.orders"] = old
    said["engine"].update(engine)
    put(zlib.compress(json.dumps(said).encode()))
    return lambda: put(body)


def prove_all(clone: Clone) -> None:
    clone.write("andon.toml", TOML.replace("3", "100"))
    clone.run()


@pytest.mark.parametrize(
    ("engine", "said"),
    [({"version": "1.0.0"}, "the engine's version: it was 1.0.0, and is"), ({}, "nothing that is known makes it so")],
)
def test_a_miss_is_one_incident_with_its_cause_until_it_is_repeated(project, engine, said):
    heal = forge(project, **engine)
    prove_all(project)
    tick(project)
    (found,) = of_proofs(project)
    assert (found.kind, found.dataset) == (SignalKind.REPEAT, "marts.totals")
    assert said in found.title
    (command,) = re.findall("`andon reproduce ([^`]+)`", found.title)
    with project.opened() as service:
        assert not service.reproducing.reproduce(command).verdict.holds
        page = service.incidents.show(found.number)
        assert (page.incident.state, page.incident.affected.datasets) == ("open", 1)
    for _ in range(2):
        tick(project, hours=24)
    assert [each.number for each in of_proofs(project)] == [found.number], "one, however often it is met"
    heal()
    with project.opened() as service:
        assert service.reproducing.reproduce(command).verdict.holds
    tick(project)
    assert of_proofs(project) == []
    with project.opened() as service:
        assert service.incidents.show(found.number).incident.state == "closed"


def test_what_was_not_repeated_is_built_again_the_night_after_whatever_is_drawn(project):
    heal = forge(project, version="1.0.0")
    with project.opened() as service:
        build = project.leaves()["marts.totals"].build
        assert not service.reproducing.reproduce("marts.totals").verdict.holds
    tick(project)
    assert [each for _, each, _ in noted(project)].count(build) == 1, "it was built again in this night"
    tick(project, hours=24)
    assert [verdict for _, each, verdict in noted(project) if each == build] == ["different"] * 2
    assert len(of_proofs(project)) == 1
    heal()
    tick(project, hours=24)
    assert of_proofs(project) == []


def test_what_was_proved_is_told_with_why(project):
    forge(project, version="1.0.0")
    prove_all(project)
    tick(project)
    with project.opened() as service:
        found, own = service.proofs.show(), service.proofs.show(["marts.totals"])
        with pytest.raises(UsageError, match="no dataset is named"):
            service.proofs.show(["marts.total"])
        (miss,) = [each for each in found.proofs if each.commit is not None]
        assert (miss.dataset, miss.cause.what, miss.expected) == ("marts.totals", "the engine's version", False)
        assert (found.built - found.repeated, found.nightly, found.read_nightly) == (1, 100, True)
        assert found.share == pytest.approx(found.repeated / found.built, abs=1e-4)
        assert {each.dataset for each in own.proofs} == {"marts.totals"}
        assert [each.found.damaged for each in found.readings] == [[]]


def test_what_a_person_expects_is_not_told_again(project):
    forge(project, version="1.0.0")
    prove_all(project)
    tick(project)
    (found,) = of_proofs(project)
    with project.opened() as service:
        service.incidents.close(found.number, "expected", "the new engine rounds otherwise")
    tick(project, hours=24)
    assert of_proofs(project) == []


def test_what_code_says_need_not_come_out_the_same_is_no_incident(project):
    project.write(
        "datasets/marts/lots.sql", "/*---\nallow: [random]\n---*/\nselect id, random() as lot from shop.orders\n"
    )
    project.write("andon.toml", TOML.replace("3", "100"))
    project.run()
    tick(project)
    assert ("marts.lots", "different") in {(dataset, verdict) for dataset, _, verdict in noted(project)}
    assert of_proofs(project) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from andon.service.reproducing import Reproducing
from kit.clones import Clone

made, reproduce = [], Reproducing.reproduce

def dying(self, *args, **options):
    if len(made) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    made.append(args)
    return reproduce(self, *args, **options)

Reproducing.reproduce = dying
with Clone(Path(sys.argv[1])).opened() as service:
    service.scheduling.tick()
"""


def test_who_is_killed_is_gone_on_with_and_two_at_once_do_it_once(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill({**FILES, "andon.toml": TOML})
    clone.run()
    tests = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", KILLED, clone.root, "2"], cwd=tests, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(noted(clone)) == 2
    both = [subprocess.Popen([sys.executable, "-c", KILLED, clone.root, "99"], cwd=tests) for _ in range(2)]
    assert [each.wait() for each in both] == [0, 0]
    assert len(noted(clone)) == len({build for _, build, _ in noted(clone)}) == 3
    assert readings(clone) == 1
