"""A DuckDB of a test's own, in memory and empty. Opening one takes longer than what most tests ask of it, so one is emptied and kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_kept: list[Any] = []


@contextmanager
def empty_engine() -> Iterator[Any]:
    """An engine of one thread that holds nothing; what is made in its catalog ends with the block, what is set in it stays."""
    import duckdb

    engine = _kept.pop() if _kept else duckdb.connect(config={"threads": 1})
    engine.execute(
        "attach ':memory:' as fresh; use fresh; detach memory; attach ':memory:' as memory; use memory; detach fresh"
    )
    yield engine
    _kept.append(engine)
