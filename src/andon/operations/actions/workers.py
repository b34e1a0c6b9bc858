"""Corrective actions beside each other, and beside the passes that begin them: a slow one keeps nobody from anything else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from andon.base.cancel import CancelToken
from andon.base.record import Record

if TYPE_CHECKING:
    from andon.model.action import CorrectiveAction
    from andon.operations.actions.decide import IncidentSituation


class _Going(Record):
    """An action that is being done."""

    action: CorrectiveAction
    dataset: str
    below: frozenset[str]
    token: CancelToken
    future: Future[CorrectiveAction]


class ActionWorkers:
    """Does actions in threads of its own.

    Args:
        width: how many at a time.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._lock = threading.Lock()
        self._going: dict[int, _Going] = {}
        self._pool: ThreadPoolExecutor | None = None

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of what is being done."""
        with self._lock:
            return frozenset(self._going)

    @property
    def is_full(self) -> bool:
        """Whether no further one can begin now."""
        with self._lock:
            return sum(not each.future.done() for each in self._going.values()) >= self._width

    def is_about(self, situation: IncidentSituation) -> bool:
        """Whether something is being done about the same dataset, about what it reads, or about what reads it."""
        dataset = situation.incident.dataset
        with self._lock:
            return any(
                dataset == each.dataset or dataset in each.below or each.dataset in situation.below
                for each in self._going.values()
            )

    def begin(
        self,
        action: CorrectiveAction,
        situation: IncidentSituation,
        do: Callable[[CancelToken], CorrectiveAction],
        stop: CancelToken,
    ) -> None:
        """Do an action beside; `stop` stops it."""
        token = CancelToken()

        def go() -> CorrectiveAction:
            with stop.calling(token.cancel):
                return do(token)

        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._width, "andon-action")
            future = self._pool.submit(go)
            self._going[action.seq] = _Going(action, situation.incident.dataset, situation.below, token, future)

    def stop_late(self, is_late: Callable[[CorrectiveAction], bool]) -> None:
        """Stop what takes longer than it may."""
        with self._lock:
            going = list(self._going.values())
        for each in going:
            if not each.future.done() and is_late(each.action):
                each.token.cancel()

    def collect(self) -> list[CorrectiveAction]:
        """What came to its end since somebody asked last, in the order in which it was begun. What one raised is raised."""
        with self._lock:
            ended = [each for _, each in sorted(self._going.items()) if each.future.done()]
            for each in ended:
                del self._going[each.action.seq]
        return [each.future.result() for each in ended]

    def wait(self) -> list[CorrectiveAction]:
        """Wait for all; what came of it."""
        with self._lock:
            going = list(self._going.values())
        try:
            wait([each.future for each in going])
        except BaseException:
            for each in going:
                each.token.cancel()
            wait([each.future for each in going])
            raise
        found = self.collect()
        with self._lock:
            if not self._going and self._pool is not None:
                self._pool.shutdown()
                self._pool = None
        return found
