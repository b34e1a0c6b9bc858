"""Progress of a run as a stream of typed events to a one-method reporter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from andon.model.plan import Plan
from andon.model.run import RunResult, TaskResult


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan is made; what follows takes its steps."""

    plan: Plan
    run: int | None


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A step is being taken."""

    dataset: str
    action: str


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A step is done."""

    result: TaskResult


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should see."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over."""

    result: RunResult


Event = Planned | TaskStarted | TaskEnded | Notice | Ended


class Reporter(Protocol):
    """Who listens to a run."""

    def __call__(self, event: Event) -> None:
        """Take one event; called from the run's main thread."""
        ...


def silent(event: Event) -> None:
    """A reporter that ignores everything."""
