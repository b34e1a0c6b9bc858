"""Whoever moves a branch looks at it within its turn: undos, redos and all others beside publishers, from folders that share no file but
the lake; none is lost, and none fails since another one was faster."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest

from andon.errors import ConflictError, UsageError
from andon.lake.undo import PUBLISHES, undo_target
from andon.model.commit import CommitKind
from andon.model.event import Planned
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.runs.run import REPLANS
from kit.clones import FILES, Clone

#: How long one may take (seconds), however busy the machine is.
WORST = 60.0
#: `ANDON_PUBLISHERS=16x10` has as many publish as often.
PUBLISHERS, TURNS = map(int, os.environ.get("ANDON_PUBLISHERS", "4x3").split("x"))
UNDOERS = max(2, PUBLISHERS // 4)
_numbers = itertools.count(1)


@pytest.fixture(params=["file", "postgres"])
def machine(request, tmp_path: Path) -> Callable[[str], Clone]:
    """A function that gives a folder of its own on one lake, by the name of who works there."""
    catalog = str(tmp_path / "lake" / "catalog.db")
    if request.param == "postgres":
        catalog = request.getfixturevalue("postgres").catalog(f"turns{next(_numbers)}")
    environ = {"ANDON_STORAGE": str(tmp_path / "lake"), "ANDON_CATALOG": catalog}

    def made(name: str) -> Clone:
        clone = Clone(tmp_path / name, name, environ=environ)
        if not (clone.root / "andon.toml").exists():
            clone.fill(FILES)
        return clone

    return made


@contextmanager
def in_turn(clone: Clone, act: Callable[[], object]) -> Iterator[None]:
    """`clone` has the turn of main and publishes at the end of the block; `act` is asked meanwhile, and must be done after it."""
    with clone.opened() as service, ThreadPoolExecutor(1) as pool:
        with service.workspace.lake.turn("main"):
            asked = pool.submit(act)
            time.sleep(0.3)
            yield
            assert not asked.done()
            assert service.runs.run(RunOptions(agreed=ANY_PLAN)).published
        asked.result()


def test_an_undo_waits_for_who_publishes_and_takes_that_back(machine):
    ana, ben = machine("ana"), machine("ben")
    ana.run()
    ben.run()
    ana.write("datasets/m/a.sql", "select 1 as v\n")
    done = []
    with in_turn(ana, lambda: done.append(ben.undo())):
        pass
    assert done[0].datasets == ("m.a",)
    assert "m.a" not in ana.leaves()


def test_so_do_a_redo_and_who_lets_undone_files_pass(machine):
    ana, ben = machine("ana"), machine("ben")
    for path, verb in (("datasets/m/b.sql", lambda: ben.redo()), ("datasets/m/c.sql", lambda: ben.accept("."))):
        ana.run()
        ana.write(path, "select 1 as v\n")
        ana.run()
        ana.undo()
        ana.write("datasets/m/a.sql", f"select '{path}' as v\n")
        with in_turn(ana, verb):
            pass
        assert "m.a" in ana.leaves()
        assert ana.head().kind in (CommitKind.REDO, CommitKind.ACCEPT)


def test_who_was_too_late_again_and_again_plans_within_a_turn(machine):
    """Undos keep a run from being put on top of what came meanwhile; the last time they wait for it."""
    ana, ben = machine("ana"), machine("ben")
    ana.run()
    ben.run()
    ben.write("datasets/m/b.sql", "select 1 as v\n")
    ben.run()
    ana.write("datasets/m/a.sql", "select 1 as v\n")
    asked: list[Future] = []

    def report(event: object) -> None:
        if isinstance(event, Planned):
            asked.append(pool.submit(ben.redo if len(asked) % 2 else ben.undo))
            wait(asked, timeout=2)

    with ana.opened() as service, ThreadPoolExecutor(1) as pool:
        assert service.runs.run(RunOptions(agreed=ANY_PLAN, select=("m.a",)), Listener(report)).published
    assert len(asked) == REPLANS + 1
    assert [commit.result().commit.kind for commit in asked] == [CommitKind.UNDO, CommitKind.REDO] * 2
    assert {"m.a", "m.b"} <= ana.leaves().keys()


def test_what_another_took_back_meanwhile_is_not_taken_back_once_more(machine):
    """Also where what is left after an undo was never published so, and is planned."""
    ana, ben = machine("ana"), machine("ben")
    for name in ("a", "b", "c"):
        ana.write(f"datasets/m/{name}.sql", "select 1 as v\n")
        ana.run()
    b, c = ana.head("main~1"), ana.head()
    with ana.opened() as service:
        assert service.reverting.revert(b).published
        waiting = [ben.undo]

        def report(event: object) -> None:
            if isinstance(event, Planned) and waiting:
                waiting.pop()()

        with pytest.raises(ConflictError, match="newest publish is"):
            service.undoing.undo(expect=c.id, listener=Listener(report))
        assert not waiting
        with pytest.raises(ConflictError, match="was taken back meanwhile"):
            service.reverting.revert(c)
    assert [ana.head(f"main~{back}").target for back in (0, 1)] == [c.id, b.id]
    assert ana.leaves().keys() & {"m.a", "m.b", "m.c"} == {"m.a"}


def test_a_branch_is_dropped_as_it_was_seen(machine):
    ana, ben = machine("ana"), machine("ben")
    ana.run()
    ana.branch("try")
    seen = ana.head("try").id
    ana.write("datasets/m/a.sql", "select 1 as v\n")
    ana.run(branch="try")
    with ben.opened() as service:
        with pytest.raises(ConflictError) as caught:
            service.branches.drop("try", seen)
        assert caught.value.code == "lake.ref_moved"
        assert service.branches.drop("try", ana.head("try").id).name == "try"


def test_publishers_and_undos_of_one_branch_are_all_done_in_one_line(machine):
    """Each undo took what was the newest publish then, each publish its own dataset; what was acknowledged is in the history."""
    clones = [machine(f"p{number}") for number in range(PUBLISHERS)]
    for clone in clones:
        clone.run()
    machine("ben").run()
    services = [clone.open() for clone in clones]
    undoers = [machine(f"u{number}").open() for number in range(UNDOERS)]
    done: list[str] = []
    waits: list[float] = []
    begin = threading.Barrier(len(services) + len(undoers))

    def publisher(number: int) -> None:
        begin.wait()
        for turn in range(TURNS):
            clones[number].write(f"datasets/own/p{number}.sql", f"select {turn} as turn\n")
            began = time.monotonic()
            result = services[number].runs.run(RunOptions(select=(f"own.p{number}",), agreed=ANY_PLAN))
            waits.append(time.monotonic() - began)
            assert result.published, result.held
            done.append(result.commit)

    def undoer(number: int) -> None:
        begin.wait()
        for turn in range(TURNS):
            began = time.monotonic()
            try:
                undoing = undoers[number].undoing
                done.append((undoing.redo() if turn % 3 == 2 else undoing.undo()).commit.id)
            except UsageError as error:
                if error.code not in ("lake.nothing_to_undo", "lake.nothing_to_redo"):
                    raise
            waits.append(time.monotonic() - began)

    with ThreadPoolExecutor(len(services) + len(undoers)) as pool:
        asked = [pool.submit(publisher, number) for number in range(len(services))]
        asked += [pool.submit(undoer, number) for number in range(len(undoers))]
        wrong = [f"{type(e).__name__}: {e}" for each in asked if (e := each.exception()) is not None]
    for service in (*services, *undoers):
        service.close()
    assert wrong == []
    assert max(waits) < WORST
    with clones[0].opened() as service:
        lake = service.workspace.lake
        history = list(lake.commits.first_parents(lake.refs.resolve("main")))
        ids = [commit.id for commit in history]
        assert len(set(done)) == len(done)
        assert set(done) <= set(ids)
        assert all(len(commit.parents) <= 1 for commit in history)
        for place, commit in enumerate(history):
            changed = lake.commits.changed_leaves(history[place + 1], commit) if commit.parent else {}
            if commit.kind in PUBLISHES and commit.author.startswith("p") and commit.id in done:
                assert changed.keys() == {f"own.{commit.author}"}
            if commit.kind is CommitKind.UNDO:
                newest = undo_target(history[place + 1 :])
                assert newest is not None
                assert newest.id == commit.target
        assert service.verifying.verify(all=True).damaged == []
