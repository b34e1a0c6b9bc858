"""What DuckDB's COPY reports about a file that it wrote (`RETURN_STATS`), as facts of the lake."""

from __future__ import annotations

from collections.abc import Mapping

from andon.model.version import ColumnStats


def parse_return_stats(column_statistics: Mapping[str, Mapping[str, str]]) -> dict[str, ColumnStats]:
    """Statistics by leaf column, as `RETURN_STATS` names it (`"id"`, `"s"."a"`, `"l"."element"`, `"m"."key"`).

    Args:
        column_statistics: the column of that name in the row that COPY returns.

    `has_nan` is kept as told, but with more than one row group DuckDB 1.5.5 tells it of the last one only: nothing may be
    concluded from `False` (a test shows it).
    """
    return {path: _one(facts) for path, facts in column_statistics.items()}


def _one(facts: Mapping[str, str]) -> ColumnStats:
    has_nan = facts.get("has_nan")
    return ColumnStats(
        nulls=_number(facts.get("null_count")),
        values=_number(facts.get("num_values")),
        minimum=facts.get("min"),
        maximum=facts.get("max"),
        size=_number(facts.get("column_size_bytes")),
        has_nan=None if has_nan is None else has_nan == "true",
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
