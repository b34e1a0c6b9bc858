"""Whose question is next where only so many are answered at a time: who has fewest under way, and of these who came first."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from andon.errors import MachineError

#: So many questions of one person may wait, and so many seconds.
_MOST_WAITING = 200
_PATIENCE = 60.0


class QueryTurns:
    """`size` questions at a time; a person with none under way is not kept waiting by those of others until there are twice as many.
    One person alone leaves one place for others. Safe under threads."""

    def __init__(self, size: int, patience: float = _PATIENCE) -> None:
        self._size = max(size, 1)
        self._patience = patience
        self._running: Counter[str] = Counter()
        self._waiting: list[tuple[str, threading.Event]] = []
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def running(self) -> int:
        """How many are answered now."""
        return sum(self._running.values())

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def take(self, who: str) -> None:
        """Wait for a turn; give it back with `give_back`.

        Raises:
            MachineError: `machine.busy`.
        """
        with self._lock:
            if self._is_closed:
                raise _closed()
            if self._may(who) and not any(self._may(other) for other, _ in self._waiting):
                self._running[who] += 1
                return
            if sum(other == who for other, _ in self._waiting) >= _MOST_WAITING:
                raise _busy(f"{_MOST_WAITING} queries of `{who}` are waiting")
            turn = threading.Event()
            self._waiting.append((who, turn))
        if turn.wait(self._patience):
            if self._is_closed:
                raise _closed()
            return
        with self._lock:
            if turn.is_set():  # just now
                return
            self._waiting.remove((who, turn))
        raise _busy(f"no query could be begun for {self._patience:g} seconds")

    def give_back(self, who: str) -> None:
        """A question of `who` is done."""
        with self._lock:
            self._running[who] -= 1
            if not self._running[who]:
                del self._running[who]
            self._call()

    @contextmanager
    def turn(self, who: str) -> Iterator[None]:
        """A turn for as long as the context lasts."""
        self.take(who)
        try:
            yield
        finally:
            self.give_back(who)

    def close(self) -> None:
        """Send away all that wait."""
        with self._lock:
            self._is_closed = True
            for _, turn in self._waiting:
                turn.set()
            self._waiting.clear()

    def _may(self, who: str) -> bool:
        mine, all_ = self._running[who], self.running
        if not mine:
            return all_ < 2 * self._size
        return all_ < self._size and mine < max(self._size - 1, 1)

    def _call(self) -> None:
        while True:
            ready = [(self._running[who], number) for number, (who, _) in enumerate(self._waiting) if self._may(who)]
            if not ready:
                return
            who, turn = self._waiting.pop(min(ready)[1])
            self._running[who] += 1
            turn.set()


def _busy(why: str) -> MachineError:
    return MachineError(
        "machine.busy", f"the query was not begun: {why}", where="query", hint="ask again in a while", retryable=True
    )


def _closed() -> MachineError:
    return MachineError(
        "machine.busy",
        "no query is answered any more: the process ends",
        hint="ask again when it is back",
        retryable=True,
    )
