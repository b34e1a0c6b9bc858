"""What happens in a run is written down while it happens, beside the work."""

from __future__ import annotations

import threading
import time

import pytest

from andon.errors import MachineError
from andon.model.event import Notice, Planned, TaskEnded, TaskStarted
from andon.model.plan import Action, Plan, Step
from andon.model.run import TaskResult, TaskStatus
from andon.runs import watch
from andon.runs.watch import RunWatch
from andon.state.runs import RunNote

PLAN = Plan("base", "main", (Step("a.x", Action.BUILD, "new"), Step("a.y", Action.REUSE, "unchanged")))


class Log:
    """Takes what is told, or fails."""

    def __init__(self, failures: int = 0) -> None:
        self.told: list[tuple[list[str], list[str], int]] = []
        self.failures = failures
        self.heard = threading.Event()

    def tell(self, number: int, tasks: list[TaskResult], notes: list[RunNote], after: int) -> None:
        assert number == 7
        if self.failures:
            self.failures -= 1
            raise MachineError("machine.disk", "full")
        self.told.append(([f"{t.dataset} {t.status}" for t in tasks], [note.text for note in notes], after))
        self.heard.set()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_EVERY", 0.01)
    monkeypatch.setattr(watch, "_BEAT", 0.1)


def test_each_move_is_told_once_and_signs_of_life_without_any() -> None:
    log, heard = Log(failures=1), []
    found = RunWatch(log, 7, heard.append, ("before",))  # type: ignore[arg-type] # a log that takes what is told
    with found.watching():
        found(Planned(PLAN, 7))
        assert log.heard.wait(5)
        log.heard.clear()
        found(TaskStarted("a.x", "build"))
        found(Notice("looked"))
        assert log.heard.wait(5)
        time.sleep(0.25)
    assert log.told[0] == (["a.x waiting"], ["before"], 0)
    assert log.told[-1] == ([], [], 2)
    assert sum(len(tasks) for tasks, _, _ in log.told) == 2
    assert [note for _, notes, _ in log.told for note in notes] == ["before", "looked"]
    found(TaskEnded(TaskResult("a.x", "build", "new", TaskStatus.OK, 3, 0.5)))
    told = len(log.told)
    time.sleep(0.05)
    assert len(log.told) == told  # it is over: the end of the run says the rest
    assert [type(event).__name__ for event in heard] == ["Planned", "TaskStarted", "Notice", "TaskEnded"]
    (task,) = found.tasks
    assert (task.status, task.rows, task.began) == ("ok", 3, found.beginnings["a.x"])
    assert [note.text for note in found.notes] == ["before", "looked"]


def test_a_run_that_is_over_at_once_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_EVERY", 0.5)
    log = Log()
    found = RunWatch(log, 7, lambda event: None)  # type: ignore[arg-type] # a log that takes what is told
    with found.watching():
        found(Planned(PLAN, 7))
    assert log.told == []
