"""What the write of a file told of one column: its least and greatest value, to leave alone what can't hold what is looked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from andon.base.names import quote
from andon.base.record import Record
from andon.model.version import ColumnStats, DataFile


class Bounds(Record):
    """The values of a column in a file lie between two, which are comparable; None where that is not known."""

    lowest: Any
    highest: Any
    nulls: bool
    is_known: bool


def bounds_of(file: DataFile, column: str, kind: str) -> Bounds:
    """The bounds of a column of a file."""
    return of_stats(file.stats.get(quote(column)) or file.stats.get(f'"{column}"'), kind, file.rows)


def of_stats(stats: ColumnStats | None, kind: str, rows: int) -> Bounds:
    """The bounds that statistics tell."""
    if stats is None or stats.nulls is None:
        return Bounds(None, None, nulls=True, is_known=False)
    if stats.nulls >= rows:
        return Bounds(None, None, nulls=rows > 0, is_known=True)
    lowest, highest = comparable(stats.minimum, kind), comparable(stats.maximum, kind)
    return Bounds(lowest, highest, nulls=stats.nulls > 0, is_known=lowest is not None and highest is not None)


def comparable(text: str | None, kind: str) -> Any:
    """A value as statistics write it, to be compared with others of its type; None where it can't be. Times are naive, in UTC."""
    if text is None:
        return None
    try:
        if kind in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT"):
            return int(text)
        if kind.startswith("DECIMAL"):
            return Decimal(text)
        if kind.startswith(("DATE", "TIMESTAMP")):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, InvalidOperation, OverflowError):
        return None
    return text if kind == "VARCHAR" else None


def may_meet(one: Bounds, other: Bounds) -> bool:
    """Whether a value may lie within both."""
    if not one.is_known or not other.is_known or (one.nulls and other.nulls):
        return True
    if one.lowest is None or other.lowest is None:  # nothing but NULLs
        return False
    return bool(one.lowest <= other.highest and other.lowest <= one.highest)


def span_of(files: Iterable[DataFile], column: str, kind: str) -> tuple[Any, Any, int] | None:
    """The least and the greatest value of a column in all of some files, and how many NULLs there are; None where that is not known."""
    lowest, highest, nulls = [], [], 0
    for file in files:
        stats = file.stats.get(f'"{column}"')
        bounds = of_stats(stats, kind, file.rows)
        if (
            stats is None or stats.nulls is None or not bounds.is_known or kind == "VARCHAR"
        ):  # of long texts a part is told
            return None
        nulls += stats.nulls
        if bounds.lowest is not None:
            lowest.append(bounds.lowest)
            highest.append(bounds.highest)
    return (min(lowest), max(highest), nulls) if lowest else (None, None, nulls)
