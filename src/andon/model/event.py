"""Progress of a run as a stream of typed events to a one-method reporter."""

from __future__ import annotations

from typing import Protocol

from andon.base.record import Record
from andon.model.plan import Plan
from andon.model.run import RunResult, TaskResult


class Planned(Record):
    """The plan is made; what follows takes its steps."""

    plan: Plan
    run: int | None


class TaskStarted(Record):
    """A step is being taken."""

    dataset: str
    action: str


class TaskMoved(Record):
    """A step that is being taken is further: how far, in words."""

    dataset: str
    text: str


class TaskEnded(Record):
    """A step is done."""

    result: TaskResult


class Notice(Record):
    """Something a person should see."""

    text: str


class Ended(Record):
    """The run is over."""

    result: RunResult


Event = Planned | TaskStarted | TaskMoved | TaskEnded | Notice | Ended


class Reporter(Protocol):
    """Who listens to a run."""

    def __call__(self, event: Event) -> None:
        """Take one event; called from the run's main thread."""
        ...


def silent(event: Event) -> None:
    """A reporter that ignores everything."""
