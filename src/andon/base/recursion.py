"""Room for deep recursion: Python's limit of levels belongs to the whole process, so who raises it must think of all threads."""

from __future__ import annotations

import contextlib
import contextvars
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Generic, TypeVar

_MORE_LEVELS = 12_000

# A level that runs through C (a comprehension in a call, a hash of a tuple) takes up to 1 KB of the thread's own stack; only what
# is used is ever taken from the machine.
_STACK_PER_LEVEL = 4 << 10

_Result = TypeVar("_Result")


def deeply(work: Callable[[], _Result]) -> _Result:
    """What `work` gives; when Python's limit stops it, it has a second try with room for thousands of levels.

    Args:
        work: changes nothing, or nothing that a second try minds; the second one runs in a thread of its own, whose stack is
            large enough.

    Raises:
        RecursionError: if that is not enough.
    """
    with _room.used():
        try:
            return work()
        except RecursionError:
            if isinstance(threading.current_thread(), _DeepThread):
                raise  # it has all the room there is
        _room.raise_limit()
        return _DeepThread(work).result()


class _Room:
    """Python's limit of levels: higher while somebody needs it, as it was when nobody is inside any more.

    It is never lowered under the feet of a thread that is deeper than that: such a thread would get a false RecursionError, or
    the interpreter would give up (3.11: "Cannot recover from stack overflow").
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._usual: int | None = None
        self._higher = 0

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """While in here nobody lowers the limit."""
        with self._lock:
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._lower()

    def raise_limit(self) -> None:
        """Raise the limit, unless that was done; the last to leave `used` lowers it."""
        with self._lock:
            if self._usual is None:
                self._usual = sys.getrecursionlimit()
                self._higher = self._usual + _MORE_LEVELS
                sys.setrecursionlimit(self._higher)

    def _lower(self) -> None:
        if self._usual is None or self._inside:
            return
        if sys.getrecursionlimit() != self._higher:
            self._usual = None  # somebody else set it meanwhile: it is theirs
        elif not _are_others_deep(self._usual // 4):
            # else, or if this thread itself is too deep, the next one who leaves will do it
            with contextlib.suppress(RecursionError):
                sys.setrecursionlimit(self._usual)
                self._usual = None


class _DeepThread(threading.Thread, Generic[_Result]):
    """One piece of work on a stack of its own."""

    _starting = threading.Lock()

    def __init__(self, work: Callable[[], _Result]) -> None:
        super().__init__(name="deeply")
        self._work = work
        self._context = contextvars.copy_context()
        self._given: list[_Result] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do the work."""
        try:
            self._given.append(self._context.run(self._work))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
            self._error = error

    def result(self) -> _Result:
        """Start, wait, and hand out what came of it."""
        with self._starting:
            usual = threading.stack_size(sys.getrecursionlimit() * _STACK_PER_LEVEL)
            try:
                self.start()
            finally:
                threading.stack_size(usual)
        self.join()
        if self._error is not None:
            raise self._error
        return self._given[0]


def _are_others_deep(frames: int) -> bool:
    """Whether another thread has more than so many frames of Python. A frame counts up to three levels, with C between them."""
    own = threading.get_ident()
    return any(_is_deep(frame, frames) for thread, frame in sys._current_frames().items() if thread != own)


def _is_deep(frame: FrameType | None, frames: int) -> bool:
    while frame is not None and frames:
        frame, frames = frame.f_back, frames - 1
    return frame is not None


_room = _Room()
