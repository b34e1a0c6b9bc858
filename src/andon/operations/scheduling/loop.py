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
    """

    def __init__(self, tick: Callable[[Listener], Tick], every: float, told: Callable[[Tick], None]) -> None:
        self._tick = tick
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

    def _say(self, text: str) -> None:
        """Tell of what fails, once for as long as it stays the same."""
        if text != self._failed:
            self._failed = text
            _log.warning("what is due can't be told: %s", text)
