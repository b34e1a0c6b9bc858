"""Passes that follow each other: what `andon up` does beside its answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from andon.base.cancel import CancelToken
from andon.errors import AndonError
from andon.model.tick import Tick
from andon.runs.goal import Listener

_log = logging.getLogger(__name__)
#: Looking takes at most this part of a core, however much there is to look at: then it looks less often.
_SHARE = 0.01
#: The first look comes so soon, in seconds: what was missed meanwhile is caught up.
_FIRST = 1.0


class ScheduleLoop:
    """Makes a pass every so often.

    Args:
        tick: makes one.
        every: seconds from the end of one to the next.
        told: hears of passes that did something.
        beside: waits for what passes began, and that goes on beside them.
    """

    def __init__(
        self,
        tick: Callable[[Listener], Tick],
        every: float,
        told: Callable[[Tick], None],
        beside: Callable[[], object] = lambda: None,
    ) -> None:
        self._tick = tick
        self._beside = beside
        self._every = every
        self._told = told
        self._cancel = CancelToken()
        self._over = threading.Event()
        self._failed = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Make passes while the block runs; at its end what is under way is stopped, and waited for."""
        thread = threading.Thread(target=self._go, name="andon-schedule", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._cancel.cancel()
            thread.join()
            self._end()

    def _go(self) -> None:
        wait = min(_FIRST, self._every)
        while not self._over.wait(wait):
            began = time.thread_time()
            self._look()
            wait = max(self._every, (time.thread_time() - began) / _SHARE)

    def _look(self) -> None:
        try:
            found = self._tick(Listener(cancel=self._cancel))
        except AndonError as failure:
            self._say(f"{failure.code}: {failure.message}")
        except Exception as defect:  # noqa: BLE001 - the next pass may well be fine, and nobody else would make it
            self._say(f"a defect in Andon: {type(defect).__name__}: {defect}")
            _log.debug("a pass met a defect", exc_info=True)
        else:
            self._failed = ""
            if found.jobs:
                self._told(found)

    def _end(self) -> None:
        try:
            self._beside()
        except Exception as defect:  # noqa: BLE001 - what went on beside is in the record, and whoever comes next brings it to its end
            _log.warning("what went on beside the passes met a defect: %s: %s", type(defect).__name__, defect)

    def _say(self, text: str) -> None:
        """Tell of what fails, once for as long as it stays the same."""
        if text != self._failed:
            self._failed = text
            _log.warning("what is due can't be told: %s", text)
