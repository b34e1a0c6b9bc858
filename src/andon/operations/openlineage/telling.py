"""Hearing a run for OpenLineage: a reporter that tells what happens, and lets all others hear it first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from andon.base.clock import Clock, to_text
from andon.lineage.openlineage import Document
from andon.model.event import Ended, Event, Planned, Reporter, TaskStarted
from andon.model.run import TaskResult, TaskStatus
from andon.operations.openlineage.events import ToldRun, begun, ended, over
from andon.operations.openlineage.outbox import LineageOutbox

if TYPE_CHECKING:
    from andon.model.lineage import Graph
    from andon.model.run import RunResult


class LineageTeller:
    """A reporter of runs.

    Args:
        outbox: sends the events.
        report: hears of the run before.
        about: gives what tells a run of this number.
        graph: gives what a commit knows of its columns; asked beside the work.
    """

    def __init__(
        self,
        outbox: LineageOutbox,
        report: Reporter,
        clock: Clock,
        about: Callable[[int], ToldRun],
        graph: Callable[[str], Graph | None],
    ) -> None:
        self._outbox = outbox
        self._report = report
        self._clock = clock
        self._about = about
        self._graph = graph
        self._told: ToldRun | None = None
        self._begun: dict[str, TaskResult] = {}

    def __call__(self, event: Event) -> None:
        """Take one event; a reporter of runs."""
        self._report(event)
        at = to_text(self._clock())
        if isinstance(event, Planned) and event.run is not None:
            self.over("ABORT")  # planned again, it is another run
            told = self._told = self._about(event.run)
            self._outbox.put(lambda: [begun(told, at)])
        elif isinstance(event, TaskStarted) and self._told is not None:
            told, task = self._told, TaskResult(event.dataset, event.action, "", TaskStatus.RUNNING)
            self._begun[event.dataset] = task
            self._outbox.put(lambda: [begun(told, at, task)])
        elif isinstance(event, Ended) and self._told is not None:
            told, tasks, self._told, self._begun = self._told, self._begun, None, {}
            self._outbox.put(lambda: self._ended(told, at, event.result, tasks))

    def over(self, how: str = "FAIL") -> None:
        """Tell of a run that ended without a result, if there is one."""
        if self._told is not None:
            told, tasks, at = self._told, list(self._begun.values()), to_text(self._clock())
            self._told, self._begun = None, {}
            self._outbox.put(lambda: over(told, at, tasks, how))

    def _ended(self, told: ToldRun, at: str, result: RunResult, tasks: dict[str, TaskResult]) -> list[Document]:
        return ended(told, at, result, tasks, self._graph(result.commit))
