"""What happens in a run, written down while it happens, so that other processes see it go on: beside the work, and only of runs that take
longer than a moment."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.errors import AndonError
from andon.model.event import Event, Notice, Planned, Reporter, TaskEnded, TaskMoved, TaskStarted
from andon.model.run import TaskResult, TaskStatus
from andon.state.runs import RunNote

if TYPE_CHECKING:
    from andon.state.runs import RunLog

_log = logging.getLogger(__name__)
#: Seconds between two looks at what is new, and between two signs of life where nothing is.
_EVERY, _BEAT = 0.5, 5.0


class RunWatch:
    """Hears a run, and keeps its log up to date.

    Args:
        report: hears all of it, too.
        told: what was told before the run had its number.
    """

    def __init__(self, log: RunLog, number: int, report: Reporter, told: Sequence[str] = ()) -> None:
        self._log = log
        self._number = number
        self._report = report
        self._since = time.perf_counter()
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskResult] = {}
        self._moved: set[str] = set()
        self._notes = [RunNote(0.0, text) for text in told]
        self._noted = 0
        self._over = threading.Event()

    def __call__(self, event: Event) -> None:
        """Take one event; a reporter of runs."""
        now = time.perf_counter() - self._since
        with self._lock:
            match event:
                case Planned():
                    for step in event.plan.works:
                        self._put(TaskResult(step.dataset, step.action, step.reason, TaskStatus.WAITING))
                case TaskStarted():
                    known = self._tasks.get(event.dataset)
                    reason = known.reason if known is not None else ""
                    self._put(TaskResult(event.dataset, event.action, reason, TaskStatus.RUNNING, began=now))
                case TaskMoved():
                    known = self._tasks.get(event.dataset)
                    if known is not None and known.status is TaskStatus.RUNNING:
                        self._put(replace(known, note=event.text))
                case TaskEnded():
                    self._put(self._with_beginning(event.result))
                case Notice():
                    self._notes.append(RunNote(now, event.text))
        self._report(event)

    @property
    def tasks(self) -> tuple[TaskResult, ...]:
        """Where each task stands."""
        with self._lock:
            return tuple(self._tasks.values())

    @property
    def notes(self) -> tuple[RunNote, ...]:
        """What was told."""
        with self._lock:
            return tuple(self._notes)

    @property
    def beginnings(self) -> Mapping[str, float]:
        """When each task began, in seconds after the run was recorded."""
        return {task.dataset: task.began for task in self.tasks if task.began is not None}

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the log up to date meanwhile."""
        thread = threading.Thread(target=self._keep_telling, name="andon-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _put(self, task: TaskResult) -> None:
        self._tasks[task.dataset] = task
        self._moved.add(task.dataset)

    def _with_beginning(self, task: TaskResult) -> TaskResult:
        known = self._tasks.get(task.dataset)
        return replace(task, began=known.began if known is not None else None)

    def _keep_telling(self) -> None:
        told = time.monotonic() - _BEAT
        while not self._over.wait(_EVERY):
            with self._lock:
                moved, notes = [self._tasks[name] for name in self._moved], self._notes[self._noted :]
            if not moved and not notes and time.monotonic() - told < _BEAT:
                continue
            try:
                self._log.tell(self._number, moved, notes, self._noted)
            except AndonError as error:  # the run itself meets it, if it lasts
                _log.debug("run %s could not tell how far it is: %s", self._number, error)
                continue
            told = time.monotonic()
            with self._lock:
                self._noted += len(notes)
                self._moved -= {task.dataset for task in moved if self._tasks[task.dataset] is task}
