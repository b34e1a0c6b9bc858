"""A DuckDB of a test's own, in memory and empty. Opening one takes longer than what most tests ask of it, so one is emptied and kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from andon.base.names import literal

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


@contextmanager
def database(path: Path, read_only: bool = False) -> Iterator[Any]:
    """A file of DuckDB's, opened for the block; it is made where there is none. Several times as quick as an engine of its own for it."""
    with empty_engine() as engine:
        engine.execute(f"attach {literal(str(path))} as opened{' (read_only)' if read_only else ''}; use opened")
        try:
            yield engine
        finally:
            engine.execute("use memory; detach opened")
