"""Whose question is next where only so many are answered at a time: who has fewest under way, and of these who came first."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import nullcontext

from andon.base.cancel import CancelToken
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
        self._waiting: list[_Turn] = []
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

    def take(self, who: str, cancel: CancelToken | None = None) -> None:
        """Wait for a turn; give it back with `give_back`.

        Raises:
            MachineError: `machine.busy`.
            Cancelled: somebody said so meanwhile.
        """
        with self._lock:
            if self._is_closed:
                raise it_ends()
            if self._may(who) and not any(self._may(other.who) for other in self._waiting):
                self._running[who] += 1
                return
            if sum(other.who == who for other in self._waiting) >= _MOST_WAITING:
                raise _busy(f"{_MOST_WAITING} queries of `{who}` are waiting")
            turn = _Turn(who)
            self._waiting.append(turn)
        with cancel.calling(turn.wake.set) if cancel is not None else nullcontext():
            turn.wake.wait(self._patience)
        with self._lock:
            if turn.is_mine:
                return
            if self._is_closed:
                raise it_ends()
            self._waiting.remove(turn)
        if cancel is not None:
            cancel.check()
        raise _busy(f"no query could be begun for {self._patience:g} seconds")

    def give_back(self, who: str) -> None:
        """A question of `who` is done."""
        with self._lock:
            self._running[who] -= 1
            if not self._running[who]:
                del self._running[who]
            self._call()

    def close(self) -> None:
        """Send away all that wait."""
        with self._lock:
            self._is_closed = True
            waiting, self._waiting = self._waiting, []
        for turn in waiting:
            turn.wake.set()

    def _may(self, who: str) -> bool:
        mine, all_ = self._running[who], self.running
        if not mine:
            return all_ < 2 * self._size
        return all_ < self._size and mine < max(self._size - 1, 1)

    def _call(self) -> None:
        while True:
            ready = [(self._running[t.who], number) for number, t in enumerate(self._waiting) if self._may(t.who)]
            if not ready:
                return
            turn = self._waiting.pop(min(ready)[1])
            self._running[turn.who] += 1
            turn.is_mine = True
            turn.wake.set()


class _Turn:
    """One who waits; `is_mine` once it is theirs."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.wake = threading.Event()
        self.is_mine = False


def _busy(why: str) -> MachineError:
    return MachineError(
        "machine.busy", f"the query was not begun: {why}", where="query", hint="ask again in a while", retryable=True
    )


def it_ends() -> MachineError:
    """The error of whoever asks while the process ends."""
    return MachineError(
        "machine.busy",
        "no query is answered any more: the process ends",
        hint="ask again when it is back",
        retryable=True,
    )
