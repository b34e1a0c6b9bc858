"""What Spark writes, and the embedded engine reads of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.base.names import literal, quote
from andon.engines.engine import Types
from andon.engines.types import lake_type
from andon.model.types import parse_type


def listed(types: Types) -> Iterator[str]:
    """What Spark writes of its columns: maps as lists of their entries, which every reader of Parquet takes."""
    for at, (_, kind) in enumerate(types):
        is_map = parse_type(lake_type(kind)).name == "MAP"
        yield f"map_entries(c{at}) as c{at}" if is_map else f"c{at}"


def read(files: Sequence[str], types: Types) -> str:
    """SQL that reads what Spark wrote as what was asked for."""
    items = []
    for at, (name, kind) in enumerate(types):
        stored = lake_type(kind)
        column = f"c{at}" if files else "null"
        if parse_type(stored).name == "MAP" and files:
            column = f"map_from_entries({column})"
        items.append(f"cast({column} as {stored}) as {quote(name)}")
    source = f"read_parquet([{', '.join(map(literal, files))}])" if files else "(select 1) limit 0"
    return f"select {', '.join(items)} from {source}"
