"""Running one dataset's SQL into a Parquet file, straight to its final unique name."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.names import literal, quote
from andon.base.record import Record
from andon.engines.duckdb.instance import Session
from andon.engines.duckdb.stats import parse_return_stats
from andon.engines.types import field_ids_clause
from andon.model.version import Column, ColumnStats

#: How the bytes of files are packed: no part of what they hold.
PACKED = "compression zstd, compression_level 1"


class Written(Record):
    """What one COPY wrote: bytes, rows and statistics by leaf column."""

    rows: int
    size: int
    stats: dict[str, ColumnStats]


def write_parquet(
    session: Session, catalog: str, sql: str, produced: Sequence[tuple[str, str]], columns: Sequence[Column], path: str
) -> Written:
    """Run `sql` and write its result.

    Args:
        produced: names and types of what `sql` returns.
        columns: what the lake stores, in the same order: lake types and field ids.
        path: the file to write, as the engine names it.

    Returns:
        What was written.

    Raises:
        duckdb.Error: what the engine says.
    """
    casts = [stored.type != found for (_, found), stored in zip(produced, columns, strict=True)]
    if any(casts):
        items = ", ".join(
            f"cast({quote(c.name)} as {c.type}) as {quote(c.name)}" if cast else quote(c.name)
            for c, cast in zip(columns, casts, strict=True)
        )
        query = f"select {items} from (\n{sql}\n)"
    else:
        query = f"\n{sql}\n"
    rows = (
        session.at(catalog)
        .execute(
            f"copy ({query}) to {literal(path)} (format parquet, {PACKED},"
            f" field_ids {field_ids_clause(columns)}, return_stats)"
        )
        .fetchall()
    )
    _, count, size, _, stats, _ = rows[0]
    return Written(int(count), int(size), parse_return_stats(stats))
