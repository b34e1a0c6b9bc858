"""Stopping threads whose work can be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

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
