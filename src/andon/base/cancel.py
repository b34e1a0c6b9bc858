"""Stopping work from outside: a token that the one who may stop holds, and the one who works looks at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cancelled(Exception):
    """What works is told to stop; never shown to users as such."""


class CancelToken:
    """Says once, for good, that work should stop. Safe under threads."""

    def __init__(self) -> None:
        self._said = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was said."""
        return self._said.is_set()

    def cancel(self) -> None:
        """Say it; who asked to be called is called, in this thread. Saying it again does nothing."""
        with self._lock:
            if self._said.is_set():
                return
            self._said.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Go on only if nobody said to stop.

        Raises:
            Cancelled: somebody did.
        """
        if self._said.is_set():
            raise Cancelled

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """While the block runs, `callback` is called when work should stop: at once if that was said before."""
        with self._lock:
            self._callbacks.append(callback)
            already = self._said.is_set()
        try:
            if already:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
