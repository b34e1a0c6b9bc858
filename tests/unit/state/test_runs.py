"""RunLog and their tasks: numbered without a gap, ended once, and ended for them where their process is gone."""

from __future__ import annotations

import itertools
import platform
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from andon.base.database import Database
from andon.base.record import replace
from andon.model.run import TaskResult, TaskStatus
from andon.state.runs import RunBegin, RunEnd, RunFilter, RunLog, RunNote, RunRecord

CHANGE = RunBegin("main", "base", "change", "ana", "2026-11-01T00:00:00.000000Z")


@pytest.fixture
def runs(database: Database) -> RunLog:
    counter = itertools.count()
    return RunLog(database, lambda: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=next(counter)))


@pytest.fixture(scope="module")
def gone() -> str:
    """A process of this machine that ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return f"{platform.node()}:{process.pid}"


def end(runs: RunLog, database: Database, number: int, how: RunEnd) -> None:
    with database.write() as transaction:
        runs.end(transaction, number, how)


def test_a_run_begins_and_ends(runs: RunLog, database: Database) -> None:
    number = runs.begin(RunBegin("dev", "c0", "refresh", "ben", "2026-11-02T00:00:00.000000Z"))
    begun = runs.find(number)
    assert begun == RunRecord(
        number=1,
        branch="dev",
        base="c0",
        kind="refresh",
        author="ben",
        started="2026-11-01T00:00:00.000000Z",
        ended=None,
        status="running",
        commit=None,
        published=False,
        held=None,
        logical_time="2026-11-02T00:00:00.000000Z",
        seconds=None,
    )
    end(runs, database, number, RunEnd("done", 1.5, "c1", published=True))
    ended = runs.find(number)
    assert ended is not None
    assert (ended.status, ended.commit, ended.published, ended.seconds) == ("done", "c1", True, 1.5)
    assert ended.ended == "2026-11-01T00:00:01.000000Z"
    assert ended.held is None


def test_a_held_run_says_why(runs: RunLog, database: Database) -> None:
    number = runs.begin(CHANGE)
    end(runs, database, number, RunEnd("held", 1.0, "c1", held="a check fails"))
    found = runs.find(number)
    assert found is not None
    assert (found.status, found.published, found.held) == ("held", False, "a check fails")


def test_a_run_is_running_until_its_end_is_written(runs: RunLog, database: Database) -> None:
    number = runs.begin(CHANGE)
    with database.write() as transaction:
        assert runs.is_running(transaction, number)
        runs.end(transaction, number, RunEnd("failed", 0.1))
        assert not runs.is_running(transaction, number)
        assert not runs.is_running(transaction, 99)


def test_an_end_that_is_rolled_back_did_not_happen(runs: RunLog, database: Database) -> None:
    number = runs.begin(CHANGE)
    with pytest.raises(ZeroDivisionError), database.write() as transaction:
        runs.end(transaction, number, RunEnd("done", 0.1, "c1", published=True))
        raise ZeroDivisionError
    found = runs.find(number)
    assert found is not None
    assert found.status == "running"


def test_runs_are_numbered_without_a_gap_by_many_at_once(runs: RunLog) -> None:
    numbers: list[int] = []
    threads = [threading.Thread(target=lambda: numbers.append(runs.begin(CHANGE))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 13))


def test_the_newest_come_first(runs: RunLog) -> None:
    for _ in range(5):
        runs.begin(CHANGE)
    assert [run.number for run in runs.newest(3)] == [5, 4, 3]
    assert runs.find(6) is None


def test_tasks_come_back_by_dataset(runs: RunLog, database: Database) -> None:
    tasks = [
        TaskResult("b.y", "build", "new", TaskStatus.FAILED, error={"code": "dataset.failed", "message": "ä"}),
        TaskResult("a.x", "build", "its SQL changed", TaskStatus.OK, 3, 0.5, "v1"),
        TaskResult("c.z", "drop", "gone", TaskStatus.SKIPPED),
    ]
    number = runs.begin(CHANGE)
    end(runs, database, number, RunEnd("failed", 1.0, tasks=tasks))
    assert runs.tasks(number) == sorted(tasks, key=lambda task: task.dataset)
    assert runs.tasks(number + 1) == []


def test_an_end_that_is_written_again_replaces_the_tasks(runs: RunLog, database: Database) -> None:
    """Moved on top of another head, a run ends again."""
    number = runs.begin(CHANGE)
    end(runs, database, number, RunEnd("moved", 1.0, tasks=[TaskResult("a.x", "build", "new", TaskStatus.OK, 1)]))
    end(runs, database, number, RunEnd("done", 2.0, tasks=[TaskResult("a.x", "build", "new", TaskStatus.OK, 2)]))
    assert [task.rows for task in runs.tasks(number)] == [2]


def test_a_run_whose_process_is_gone_is_told_as_interrupted(runs: RunLog, database: Database, gone: str) -> None:
    number = runs.begin(CHANGE)
    with database.write() as transaction:
        transaction.execute("update run set process = ?", [gone])
    found = runs.find(number)
    assert found is not None
    assert (found.status, found.ended) == ("interrupted", None)
    assert runs.newest()[0].status == "interrupted"
    # the next one writes it down
    runs.begin(CHANGE)
    assert database.query("select number, status from run order by number") == [(1, "interrupted"), (2, "running")]
    written = runs.find(number)
    assert written is not None
    assert written.ended is not None


def test_a_run_of_another_machine_is_left_alone(runs: RunLog, database: Database, gone: str) -> None:
    runs.begin(CHANGE)
    with database.write() as transaction:
        transaction.execute("update run set process = ?", ["elsewhere:" + gone.rpartition(":")[2]])
    runs.begin(CHANGE)
    assert [run.status for run in runs.newest()] == ["running", "running"]


def test_a_run_tells_how_far_it_is_and_its_end_says_all(runs: RunLog, database: Database) -> None:
    number = runs.begin(CHANGE)
    waiting = TaskResult("b.y", "build", "new", TaskStatus.WAITING)
    begun = TaskResult("a.x", "build", "new", TaskStatus.RUNNING, began=0.5)
    runs.tell(number, [begun, waiting], [RunNote(0.1, "one")], 0)
    runs.tell(number, [replace(begun, status=TaskStatus.OK, rows=3, note="a note")], [RunNote(0.9, "two")], 1)
    assert [(task.status, task.began, task.note) for task in runs.tasks(number)] == [
        ("ok", 0.5, "a note"),
        ("waiting", None, None),
    ]
    assert [note.text for note in runs.notes(number)] == ["one", "two"]
    how = RunEnd("failed", 1.0, tasks=[begun], notes=[RunNote(0.1, "one")], error={"code": "machine.disk"})
    end(runs, database, number, how)
    assert (runs.tasks(number), [note.text for note in runs.notes(number)]) == ([begun], ["one"])
    found = runs.find(number)
    assert found is not None
    assert found.error == {"code": "machine.disk"}
    # what comes late says nothing any more
    runs.tell(number, [waiting], [RunNote(2.0, "late")], 1)
    assert (runs.tasks(number), [note.text for note in runs.notes(number)]) == ([begun], ["one"])


@pytest.mark.parametrize(("process", "minutes"), [(None, 3), ("elsewhere:1", 63)])
def test_a_run_that_no_longer_tells_that_it_lives_is_interrupted(
    database: Database, process: str | None, minutes: int
) -> None:
    """Its number may be another process's since: in a container it mostly is."""
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    runs = RunLog(database, lambda: now[0])
    number = runs.begin(CHANGE)
    if process is not None:
        with database.write() as transaction:
            transaction.execute("update run set process = ?", [process])
    runs.tell(number, [], [], 0)
    now[0] += timedelta(minutes=minutes - 2)
    assert runs.newest()[0].status == "running"
    now[0] += timedelta(minutes=2)
    lost = runs.newest()[0]
    assert (lost.status, lost.ended) == ("interrupted", "2026-11-01T00:00:00.000000Z")
    assert [run.number for run in runs.newest(only=RunFilter(status="interrupted"))] == [number]
    assert runs.newest(only=RunFilter(status="running")) == []
    runs.tell(number, [], [], 0)  # it only slept
    assert runs.newest()[0].status == "running"


def test_runs_are_listed_by_what_they_are(runs: RunLog, database: Database) -> None:
    for branch, author, kind, status in (
        ("main", "ana", "change", "done"),
        ("dev", "ben", "change", "held"),
        ("dev", "ana", "refresh", "done"),
    ):
        number = runs.begin(RunBegin(branch, "base", kind, author, "now"))
        action = "build" if kind == "refresh" else "reuse"
        end(runs, database, number, RunEnd(status, 1.0, tasks=[TaskResult("a.x", action, "new", TaskStatus.OK)]))
    listed = {
        filter: [run.number for run in runs.newest(only=filter)]
        for filter in (
            RunFilter(branch="dev"),
            RunFilter(author="ana", kind="change"),
            RunFilter(status="held"),
            RunFilter(dataset="a.x"),
            RunFilter(dataset="a.x", branch="main"),
        )
    }
    assert list(listed.values()) == [[3, 2], [1], [2], [3], []]
    assert [run.number for run in runs.newest(1, before=3, only=RunFilter(branch="dev"))] == [2]
    assert runs.among() == {"branch": ["dev", "main"], "author": ["ana", "ben"]}


def test_a_series_of_rows_is_of_what_readers_saw(runs: RunLog, database: Database) -> None:
    def run(rows: int | None, branch: str = "main", published: bool = True, **task: object) -> None:
        number = runs.begin(RunBegin(branch, "base", "change", "ana", f"day {rows}"))
        result = TaskResult("a.x", str(task.get("action", "build")), "new", TaskStatus(task.get("status", "ok")), rows)
        end(runs, database, number, RunEnd("done", 1.0, f"c{rows}", published=published, tasks=[result]))

    run(1)
    run(2)
    run(3, branch="dev")
    run(4, published=False)
    run(5, status="failed")
    run(6, action="keep")
    run(None)
    run(7)
    assert runs.row_series("a.x", "main") == [("day 7", "c7", 7), ("day 2", "c2", 2), ("day 1", "c1", 1)]
    assert runs.row_series("a.x", "main", limit=1) == [("day 7", "c7", 7)]
    assert runs.row_series("a.x", "dev") == [("day 3", "c3", 3)]
    assert runs.row_series("b.y", "main") == []
