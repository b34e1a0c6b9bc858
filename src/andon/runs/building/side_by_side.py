"""Pieces of work that are done side by side and taken in their order."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")

#: So many pieces for each worker may be done or under way before the first of them is taken.
_AHEAD = 2


@contextmanager
def side_by_side(works: Iterable[Callable[[], _T]], workers: int, drop: Callable[[_T], None]) -> Iterator[Iterator[_T]]:
    """The results of works, in the order of those; a few of them are done before they are taken.

    Args:
        drop: what becomes of a result that was not taken when the block is left, by an error of one of them for example.
    """
    left = iter(works)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="andon-piece")
    begun: deque[Future[_T]] = deque()

    def results() -> Iterator[_T]:
        while True:
            begun.extend(pool.submit(work) for work in itertools.islice(left, workers * _AHEAD - len(begun)))
            if not begun:
                return
            result = begun[0].result()
            begun.popleft()
            yield result

    try:
        yield results()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for future in begun:
            if not future.cancelled() and future.exception() is None:
                drop(future.result())
