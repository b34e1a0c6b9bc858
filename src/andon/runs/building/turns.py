"""Whose turn it is: tasks run side by side and share the engine's memory; what did not fit beside others is tried again alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from andon.errors import AndonError

_T = TypeVar("_T")


class Turns:
    """The turns of one run's tasks."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._waiting = 0

    def take(self, work: Callable[[], _T]) -> _T:
        """The result of `work`, which is done beside others and, if memory was short, once more alone.

        Raises:
            AndonError: as `work`; `machine.memory` if it does not fit alone either.
        """
        with self._beside_others():
            try:
                return work()
            except AndonError as error:
                if error.code != "machine.memory":
                    raise
        with self._alone():
            return work()

    @contextmanager
    def _beside_others(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._running)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._waiting -= 1
                self._changed.notify_all()
