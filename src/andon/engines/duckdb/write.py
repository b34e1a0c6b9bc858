"""Running one dataset's SQL into a Parquet file, straight to its final unique name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree

from andon.base.files import machine_error
from andon.base.names import literal, quote
from andon.base.record import Record
from andon.engines.duckdb.instance import Session
from andon.engines.duckdb.stats import parse_return_stats
from andon.engines.types import field_ids_clause
from andon.model.quarantine import AsideRule, aside_condition
from andon.model.version import Column, ColumnStats

#: What tells the rows that are set aside, while they are written.
_ASIDE = "andon aside"
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
    query = _stored(sql, produced, columns)
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


def write_apart(
    session: Session,
    catalog: str,
    sql: str,
    produced: Sequence[tuple[str, str]],
    columns: Sequence[Column],
    path: str,
    rules: Sequence[AsideRule],
    aside: str,
) -> tuple[Written, int]:
    """Run `sql` once, and write its result into one file, but the rows that `rules` set aside into another.

    Args:
        aside: the other file; it is not made where no row is set aside.

    Returns:
        What was written of the result, and how many rows were set aside.

    Raises:
        duckdb.Error: what the engine says.
        MachineError: a file can't be put where it stays.
    """
    listed = [quote(column.name) for column in columns]
    query = (
        f"select *, {aside_condition(rules, listed)} as {quote(_ASIDE)} from (\n{_stored(sql, produced, columns)}\n)"
    )
    parts = Path(f"{path}.aside.part")
    try:
        rows = (
            session.at(catalog)
            .execute(
                f"copy ({query}) to {literal(str(parts))} (format parquet, {PACKED},"
                f" field_ids {field_ids_clause(columns)}, return_stats, partition_by ({quote(_ASIDE)}))"
            )
            .fetchall()
        )
        found = {row[5][_ASIDE]: row for row in rows}
        if len(found) != len(rows):  # more than one file of one part: the engine does so for very many parts only
            raise ValueError("the engine wrote a part into several files")
        if "true" in found:
            _move(found["true"][0], aside, is_private=True)
        count = int(found["true"][1]) if "true" in found else 0
        if "false" not in found:
            none = f"select * from (\n{sql}\n) limit 0"
            return write_parquet(session, catalog, none, produced, columns, path), count
        place, written, size, _, stats, _ = found["false"]
        _move(place, path)
        return Written(int(written), int(size), parse_return_stats(stats)), count
    finally:
        rmtree(parts, ignore_errors=True)


def _move(place: str, path: str, *, is_private: bool = False) -> None:
    try:
        if is_private:
            Path(place).chmod(0o600)  # who may read it is said when it is where it stays
        Path(place).replace(path)
    except OSError as error:
        raise machine_error(error, f"write {path}") from error


def _stored(sql: str, produced: Sequence[tuple[str, str]], columns: Sequence[Column]) -> str:
    """The query that returns what the lake stores."""
    casts = [stored.type != found for (_, found), stored in zip(produced, columns, strict=True)]
    if any(casts):
        items = ", ".join(
            f"cast({quote(c.name)} as {c.type}) as {quote(c.name)}" if cast else quote(c.name)
            for c, cast in zip(columns, casts, strict=True)
        )
        return f"select {items} from (\n{sql}\n)"
    return f"\n{sql}\n"
