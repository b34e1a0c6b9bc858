"""Work on several threads, and stopping threads whose work can be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

A = TypeVar("A")

#: An interrupt that comes before a statement begins is lost, so it is repeated until nothing runs any more (seconds).
_AGAIN = 0.1


def stop(pool: ThreadPoolExecutor, pending: Iterable[Future[Any]], interrupt: Callable[[], None]) -> None:
    """End a pool: nothing new is begun, what runs is interrupted until it has ended.

    Args:
        pending: what was given to the pool and may run still.
    """
    pool.shutdown(wait=False, cancel_futures=True)
    left = [future for future in pending if not future.done()]
    while left:
        interrupt()
        left = list(wait(left, timeout=_AGAIN).not_done)
    pool.shutdown(wait=True)


def side_by_side(do: Callable[[A], None], items: Sequence[A], at_once: int) -> None:
    """Do it for all, some at a time; the first error ends it."""
    if len(items) <= 1 or at_once <= 1:
        for item in items:
            do(item)
        return
    with ThreadPoolExecutor(min(at_once, len(items)), thread_name_prefix="andon-side") as pool:
        try:
            for _ in pool.map(do, items):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
