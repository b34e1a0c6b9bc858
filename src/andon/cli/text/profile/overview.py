"""A profile as a table: a line per column. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Console
from andon.cli.table import table
from andon.cli.text.profile.bars import columns as drawn
from andon.model.profile import ColumnKind, ColumnProfile, Profile
from andon.render.profiles import number, percent, shown

#: Values that stand in the overview's line of a column.
_VALUES = 3
#: A value that so large a share of the rows has is worth more than the range of texts.
_FREQUENT = 0.05


def overview_lines(found: Profile, console: Console, at: str | None = None) -> list[str]:
    """A line per column: NULLs, how many values, which, and how they spread; `at` is what the commit was called, if it was."""
    ink, width = console.out, console.width
    room = 16 if width is None or width >= 100 else 12 if width >= 72 else 8
    rows: list[Sequence[Cell]] = [
        (
            column.name,
            (column.type, "dim"),
            _nulls(column),
            _distinct(column),
            (_values(column), "dim" if column.masked else ""),
            (_shape(column, room), "accent"),
        )
        for column in found.columns
    ]
    headers = ("column", "type", "nulls", "distinct", "values", "spread")
    lines = table(
        rows, ink, headers=headers, right=[2, 3], width=width, whole=[0, 2, 3, 5], wrap=[1, 4], first=[4], drop=[1, 5]
    )
    return [head_line(found, console, at), "", *lines]


def head_line(found: Profile, console: Console, at: str | None) -> str:
    ink = console.out
    rows = plural(found.rows, "row")
    looked = (
        ink.paint("all looked at", "dim")
        if found.sample is None
        else ink.paint(f"a sample of {found.sample:,} looked at", "warn")
    )
    place = f"at {at} · " if at else ""
    return f"{ink.paint(found.dataset, 'bold')}  {place}{rows} · {plural(len(found.columns), 'column')} · {looked}"


def _nulls(column: ColumnProfile) -> Cell:
    text = percent(column.null_share)
    return (text, "dim" if not column.nulls else "warn" if column.null_share >= 0.5 else "")


def _distinct(column: ColumnProfile) -> Cell:
    if column.is_unique and column.rows > 1:
        return ("unique", "good")
    return ("" if column.distinct_exact else "≈") + f"{column.distinct or 0:,}"


def _values(column: ColumnProfile) -> str:
    if column.masked:
        return "hidden: marked pii"
    if not column.values:
        return ""
    frequent = column.top and column.top[0].count / column.values >= _FREQUENT
    if column.kind not in (ColumnKind.NUMBER, ColumnKind.MOMENT) and frequent:
        listed = [f"{shown(t.value)} {percent(t.count / column.values)}" for t in column.top[:_VALUES]]
        return ", ".join(listed) + (", …" if (column.distinct or 0) > _VALUES else "")
    if column.minimum is None:
        return "NaN" if column.nan else "infinite" if column.infinite else _lengths(column)
    if column.minimum == column.maximum:
        return number(column.minimum)
    return f"{number(column.minimum)} … {number(column.maximum)}"


def _lengths(column: ColumnProfile) -> str:
    if column.lengths is None:
        return ""
    return f"{column.lengths.minimum} … {plural(column.lengths.maximum, 'element')}"


def _shape(column: ColumnProfile, room: int) -> str:
    if column.histogram is not None:
        histogram = column.histogram
        left, right = "…" if histogram.below else "", "…" if histogram.above else ""
        return left + drawn(histogram.counts, room - len(left + right)) + right
    if column.top_complete and len(column.top) > 1:
        return drawn([t.count for t in column.top[:room]], room)
    return ""
