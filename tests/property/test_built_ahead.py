"""A run that builds while its plan is still made comes to what one comes to that plans first: results, records, refusals, files.

Random small projects are run in two folders: in one of them all that is sure is built ahead, in the other nothing is. Some of their
datasets can't be bound, so that a plan is refused while it is built already; some fail only when they are built.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from andon.base.cancel import Cancelled
from andon.errors import AndonError
from andon.lake.field_ids import Output
from andon.runs import ahead
from andon.runs.early_work import EarlyWork
from kit.clones import Clone
from kit.lakes import Written

SCENARIOS = int(os.environ.get("ANDON_LAKES", "6"))
STEPS = 4
NEVER = 1 << 30
#: What may be wrong with a dataset: with its text, found when it is bound, and with its rows, found when it is built.
MISTAKES = (
    "select nothing from {0}",
    "select count(*) + 'x' as n from {0}",
    "select (count(*) || 'x')::int as n from {0}",
)


class Clock:
    """Each call is a second later; two that are asked as often tell the same."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Taken:
    """How much was taken of what was built ahead, and how often there was something to take.

    Args:
        all_of_it: whether plans take as long as it takes to build all that is sure.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, all_of_it: bool) -> None:
        self.made = self.begun = 0
        take, know, settle = EarlyWork.take, EarlyWork.know, EarlyWork.settle

        def taking(work: EarlyWork, *arguments: Any) -> Any:
            made = take(work, *arguments)
            self.made += made is not None
            return made

        def knowing(work: EarlyWork, columns: Any) -> None:
            self.begun += 1
            know(work, columns)

        def settling(work: EarlyWork) -> None:
            while all_of_it and (left := [each for each in [*work._futures.values()] if not each.done()]):
                wait(left)
            settle(work)

        monkeypatch.setattr(EarlyWork, "settle", settling)
        monkeypatch.setattr(EarlyWork, "take", taking)
        monkeypatch.setattr(EarlyWork, "know", knowing)


@pytest.mark.parametrize("seed", range(SCENARIOS))
def test_what_is_built_ahead_of_a_plan_is_what_the_plan_builds(tmp_path: Path, monkeypatch, seed: int) -> None:
    pick, taken = random.Random(seed), Taken(monkeypatch, all_of_it=seed % 2 == 0)
    written = Written(pick)
    written.begin(pick.randint(3, 8))
    clones = [Clone(tmp_path / name, clock=Clock()) for name in ("ahead", "after")]
    for step in range(STEPS):
        files = written.files()
        read = pick.choice([*written.sources, *written.datasets])
        wrong = {f"datasets/w/w{step}.sql": pick.choice(MISTAKES).format(read) + "\n"} if pick.random() < 0.5 else {}
        branch = pick.choice([None, None, "dev"])
        for clone in clones:
            clone.fill({**files, **wrong})
        told = [_run(clone, branch, least, monkeypatch) for clone, least in zip(clones, (1, NEVER), strict=True)]
        assert told[0] == told[1], (seed, step, wrong)
        kept = [_kept(clone) for clone in clones]
        assert kept[0] == kept[1], (seed, step, wrong)
        for clone in clones:
            for path in wrong:
                clone.write(path, None)
        written.edit()
        if pick.random() < 0.5:
            name = f"d.d{len(written.datasets)}"
            written.datasets[name] = written.another()
            if written.columns() is None:
                del written.datasets[name]
    assert taken.made or seed % 2


def test_a_plan_that_is_refused_leaves_nothing_of_what_was_built(tmp_path: Path, monkeypatch) -> None:
    taken = Taken(monkeypatch, all_of_it=True)
    clone = _chain(tmp_path / "acme", 8)
    clone.write("datasets/w/wrong.sql", "select nothing from d.d7\n")
    done = []
    end = EarlyWork.end

    def ending(work: EarlyWork) -> None:
        work.settle()
        done.extend(future.result() for future in work._futures.values())
        end(work)

    monkeypatch.setattr(EarlyWork, "end", ending)
    error, state = _run(clone, None, 1, monkeypatch), _kept(clone)
    assert "nothing" in str(error)
    assert taken.begun
    assert [each for each in done if each is not None], "something was built, and is gone"
    assert state["files"] == state["runs"] == state["versions"] == state["fields"] == []
    clone.write("datasets/w/wrong.sql", None)
    assert len(_run(clone, None, 1, monkeypatch)["tasks"]) == 9
    assert taken.made == 9, "nothing of it was built twice"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, Cancelled, RuntimeError])
def test_a_plan_that_is_stopped_leaves_no_file_and_no_thread(tmp_path: Path, monkeypatch, stop: type) -> None:
    clone = _chain(tmp_path / "acme", 5)
    know = EarlyWork.know

    def stopping(work: EarlyWork, columns: Any) -> None:
        know(work, columns)
        if "d.d3" in columns:
            raise stop

    monkeypatch.setattr(EarlyWork, "know", stopping)
    monkeypatch.setattr(ahead, "WORTHWHILE", 1)
    with pytest.raises(stop):
        clone._run()
    monkeypatch.setattr(EarlyWork, "know", know)
    state = _kept(clone)
    assert state["files"] == state["runs"] == state["versions"] == []
    assert len(_run(clone, None, 1, monkeypatch)["tasks"]) == 6


def test_what_another_run_gave_other_field_ids_is_built_again(tmp_path: Path, monkeypatch) -> None:
    clone, know = _chain(tmp_path / "acme", 4), EarlyWork.know

    def knowing(work: EarlyWork, columns: Any) -> None:
        know(work, columns)
        if "d.d2" in columns:
            with clone.opened() as service:
                service.workspace.lake.objects.register_fields({"d.d2": Output(["other", "n"])})

    monkeypatch.setattr(EarlyWork, "know", knowing)
    assert _run(clone, None, 1, monkeypatch)["published"]
    monkeypatch.setattr(EarlyWork, "know", know)
    with clone.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.head("main")).leaves["d.d2"]
        (column,) = lake.objects.versions([leaf.version])[leaf.version].columns
        assert column.field_id == 2
    _kept(clone)
    assert clone.ask("select n from d.d3") == [(5,)]


def test_what_its_size_may_lead_to_another_engine_waits_for_the_plan(tmp_path: Path, monkeypatch) -> None:
    clone, ahead_of_it = _chain(tmp_path / "acme", 4), []
    clone.write("andon.toml", '[engines.spark]\nurl = "sc://127.0.0.1:1"\nabove = "1 B"\n')
    clone.write("datasets/w/wrong.sql", "select nothing from d.d3\n")
    init = EarlyWork.__init__

    def beginning(work: EarlyWork, *arguments: Any) -> None:
        init(work, *arguments)
        ahead_of_it.append(sorted(work._wanted))

    monkeypatch.setattr(EarlyWork, "__init__", beginning)
    assert "nothing" in str(_run(clone, None, 1, monkeypatch))
    assert ahead_of_it == [["s.o"]]


def _chain(root: Path, count: int) -> Clone:
    """A source, and datasets each of which reads the one before."""
    clone = Clone(root, clock=Clock())
    clone.fill(
        {"andon.toml": "", "raw/o.csv": "n\n1\n", "sources/s/o.sql": "select n::int as n from read_csv('raw/o.csv')\n"}
    )
    for number in range(count):
        read = f"d.d{number - 1}" if number else "s.o"
        clone.write(f"datasets/d/d{number}.sql", f"select n + 1 as n from {read}\n")
    return clone


def _run(clone: Clone, branch: str | None, least: int, monkeypatch) -> Any:
    """What a run says, but for what is by chance; what it is refused with in its place."""
    monkeypatch.setattr(ahead, "WORTHWHILE", least)
    try:
        return _plain(clone._run(branch=branch).to_json())
    except AndonError as error:
        return _plain(error.to_json())


def _plain(value: Any) -> Any:
    """A document without ids by chance, seconds and places."""
    if isinstance(value, dict):
        left_out = {"seconds", "commit", "base", "id", "build", "duration"}
        found = {key: _plain(each) for key, each in value.items() if key not in left_out}
        if "tasks" in found:
            found["tasks"] = sorted(found["tasks"], key=lambda task: task["dataset"])
        return found
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _kept(clone: Clone) -> dict[str, Any]:
    """What a lake has, but for what is by chance."""
    with clone.opened() as service:
        lake, workspace = service.workspace.lake, service.workspace
        query = lake.objects._database.query
        versions = lake.objects.versions([row[0] for row in query("select id from version order by id", [])])
        builds = lake.objects.builds([row[0] for row in query("select id from build", [])])
        there = {str(path.relative_to(lake.storage.root)) for path in (lake.storage.root / "data").rglob("*.parquet")}
        states = {
            branch: lake.commits.state(lake.refs.head(branch)) for branch in ("main", "dev") if lake.refs.find(branch)
        }
        return {
            "files": sorted(path.rpartition("-")[0] for path in there),
            "named": sorted(file.sha256 for version in versions.values() for file in version.files),
            "versions": sorted(versions),
            "builds": sorted((b.key, b.dataset, b.version, b.run, b.proof or "") for b in builds.values()),
            "fields": sorted(query("select dataset, parent, path, was, id from field_id", [])),
            "runs": [(run.number, run.status) for run in workspace.runs.newest(99)],
            "leaves": {
                branch: {d: (leaf.version, leaf.definition) for d, leaf in state.leaves.items()}
                for branch, state in states.items()
            },
        }
