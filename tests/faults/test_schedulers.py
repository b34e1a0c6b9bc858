"""Schedulers that are killed, frozen, or two at once: nothing is published twice, late, or half, and the next pass goes on at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.audit import catalog_is_sound
from faults.schedulers import PHASES, Schedulers, is_stopped
from kit.clones import FILES, Clone

#: So far ahead is the clock of who comes after a frozen one: its claim is over by then.
LATER = 120


@pytest.fixture(scope="module")
def schedulers() -> Iterator[Schedulers]:
    found = Schedulers()
    yield found
    found.close()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published project with a new file that makes all of it due."""
    clone = Clone(tmp_path_factory.mktemp("ready") / "acme")
    clone.fill(FILES)
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    return clone.root


@pytest.fixture
def lake(ready: Path, tmp_path: Path) -> Clone:
    shutil.copytree(ready, tmp_path / "acme")
    return Clone(tmp_path / "acme")


def is_right(lake: Clone, publishes: int = 2) -> None:
    """Whether the new file was published just once, whole, and nobody is thought to be at work."""
    assert list(catalog_is_sound(lake.root / ".andon" / "catalog.db")) == []
    with lake.opened() as service:
        workspace = service.workspace
        commits = list(workspace.lake.commits.first_parents(workspace.lake.refs.resolve("main")))
        assert [str(commit.kind) for commit in commits] == [*["refresh"] * (publishes - 1), "change", "init"]
        assert service.querying.ask("select n from marts.count").fetch() == [(4,)]
        assert service.querying.ask("select sum(amount) from marts.totals").fetch() == [(42,)]
        assert {claim.holder for claim in workspace.claims.of("main").values()} == {""}
        assert workspace.runs.newest(1)[0].status == "done"
        assert workspace.attempts.of("main") == {}
        assert service.scheduling.tick().due == ()


@pytest.mark.parametrize("phase", PHASES)
def test_one_that_is_killed_is_gone_on_with_at_once(lake: Clone, schedulers: Schedulers, phase: str, tmp_path: Path):
    assert schedulers.ended(schedulers.begin(lake.root, stop=phase)) == -signal.SIGKILL
    out = tmp_path / "ticks.json"
    assert schedulers.ended(schedulers.begin(lake.root, out=str(out))) == 0
    (tick,) = json.loads(out.read_text())
    is_published = phase in ("published", "before its record")
    assert tick["waiting"] == []
    assert [job["outcome"] for job in tick["jobs"]] == ([] if is_published else ["done"])
    if is_published:  # nobody needs what it left of its claim, and whoever does takes it
        with lake.opened() as service:
            lake.write("raw/orders_07.csv", "id,customer,amount\n")
            assert [job.outcome for job in service.scheduling.tick().jobs] == ["done"]
        return is_right(lake, 3)
    return is_right(lake)


@pytest.mark.parametrize("phase", ["claimed", "built", "before publishing"])
def test_one_that_was_frozen_and_taken_over_publishes_nothing(
    lake: Clone, schedulers: Schedulers, phase: str, tmp_path: Path
):
    out, late = tmp_path / "ticks.json", tmp_path / "late.json"
    frozen = schedulers.begin(lake.root, stop=phase, sent=int(signal.SIGSTOP), out=str(late))
    while not is_stopped(frozen):
        time.sleep(0.01)
    # while its claim holds, nobody else works on it
    assert schedulers.ended(schedulers.begin(lake.root, out=str(out))) == 0
    (tick,) = json.loads(out.read_text())
    assert (tick["jobs"], {each["kind"] for each in tick["waiting"]}) == ([], {"claimed"})
    assert schedulers.ended(schedulers.begin(lake.root, ahead=LATER, out=str(out))) == 0
    (tick,) = json.loads(out.read_text())
    assert [job["outcome"] for job in tick["jobs"]] == ["done"]
    with lake.opened() as service:
        head = service.workspace.lake.refs.resolve("main").id
    os.kill(frozen, signal.SIGCONT)
    assert schedulers.ended(frozen) == 0
    (tick,) = json.loads(late.read_text())
    assert [(job["outcome"], job["published"]) for job in tick["jobs"]] == [("lost", False)]
    with lake.opened() as service:
        assert service.workspace.lake.refs.resolve("main").id == head
        assert {claim.holder for claim in service.workspace.claims.of("main").values()} == {""}


def test_two_at_once_serve_each_slot_once(tmp_path: Path, schedulers: Schedulers):
    names, hours = ("a", "b", "c"), 4
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": ""})
    for name in names:
        clone.write(f"datasets/marts/{name}.sql", "/*---\nrefresh: {every: 1h}\n---*/\nselect now() as at\n")
    with clone.opened() as service:
        from datetime import UTC, datetime

        from andon.runs.goal import ANY_PLAN, RunOptions

        service.runs.run(RunOptions(now=datetime(2026, 11, 2, tzinfo=UTC), agreed=ANY_PLAN))
    both = [schedulers.begin(clone.root, hours=hours) for _ in range(2)]
    assert [schedulers.ended(each) for each in both] == [0, 0]
    with clone.opened() as service:
        runs = service.workspace.runs
        made = Counter(
            (task.dataset, run.logical_time[11:13])
            for run in runs.newest(200)
            if run.published
            for task in runs.tasks(run.number)
            if task.action == "build"
        )
    assert made == Counter((f"marts.{name}", f"{hour:02}") for name in names for hour in range(hours + 1))
