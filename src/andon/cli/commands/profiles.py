"""`andon profile`: what the values of a dataset look like, and what moved between two commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from andon.base.text import plural
from andon.cli.app import App, Command, json_option, pass_app
from andon.cli.commands.query import apart
from andon.cli.output import Cell, Console, table
from andon.cli.text.bars import columns as drawn
from andon.cli.text.profile_column import detail_lines, number, percent, shown
from andon.cli.text.profile_moves import diff_lines
from andon.errors import UsageError
from andon.model.profile import ColumnKind, ColumnProfile, Profile

if TYPE_CHECKING:
    from andon.model.profile_diff import ProfileDiff

#: Values that stand in the overview's line of a column.
_VALUES = 3
#: A value that so large a share of the rows has is worth more than the range of texts.
_FREQUENT = 0.05


@click.command(
    cls=Command,
    examples=[
        "andon profile shop.orders",
        "andon profile shop.orders.amount",
        "andon profile shop.orders --against main~1",
        "andon profile shop.orders --at run:41 --against main",
    ],
)
@click.argument("dataset")
@click.option("--column", "wanted", metavar="NAME", help="All about one column; DATASET.COLUMN does the same.")
@click.option("--at", metavar="REF", help="Another commit than the branch's newest.")
@click.option("--against", metavar="REF", help="Show what moved since that commit.")
@json_option
@pass_app
def profile(app: App, dataset: str, wanted: str | None, at: str | None, against: str | None) -> None:
    """What the values of a dataset look like: NULLs, different values, range, quantiles, most frequent values, histogram.

    Up to a million rows all are looked at, above that a sample; the first line tells. A profile is kept: asked for again, it is
    there at once. Columns marked `pii` show counts only.
    """
    name, column = _parted(dataset, wanted)
    if against is not None:
        moved = apart(lambda: app.service.profiles.compare(name, at, against))
        if column is not None:
            moved = _only(moved, _named(moved.after, moved.before, column))
        names = (against, at or app.workspace.reading())
        app.console.show(moved.to_json, lambda: diff_lines(moved, names, app.console, whole=column is not None))
        return
    found = apart(lambda: app.service.profiles.profile(name, at))
    if column is None:
        app.console.show(found.to_json, lambda: overview_lines(found, app.console, at))
        return
    one = _named(found, None, column)
    document = replace(found, columns=tuple(c for c in found.columns if c.name == one))
    app.console.show(
        document.to_json, lambda: [_head(found, app.console, at), "", *detail_lines(document.columns[0], app.console)]
    )


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
    lines = table(rows, ink, headers=headers, right=[2, 3], width=width, whole=[0, 2, 3, 5], first=[1, 4])
    return [_head(found, console, at), "", *lines]


def _head(found: Profile, console: Console, at: str | None) -> str:
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
    if column.rows == column.nulls:
        return ""
    frequent = column.top and column.top[0].count / (column.rows - column.nulls) >= _FREQUENT
    if column.kind not in (ColumnKind.NUMBER, ColumnKind.MOMENT) and frequent:
        count = column.rows - column.nulls
        listed = [f"{shown(t.value)} {percent(t.count / count)}" for t in column.top[:_VALUES]]
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


def _parted(dataset: str, column: str | None) -> tuple[str, str | None]:
    """Dataset and column of `schema.name` or `schema.name.column`."""
    parts = dataset.split(".", 2)
    if len(parts) < 3:
        return dataset, column
    if column is not None:
        raise UsageError("usage.bad_argument", "a column is named twice", hint="leave `--column` or the last part out")
    return ".".join(parts[:2]), parts[2]


def _named(found: Profile, other: Profile | None, column: str) -> str:
    """The column's name as it is written in the table."""
    match = found.column(column) or (other.column(column) if other is not None else None)
    if match is not None:
        return match.name
    from andon.base.names import did_you_mean

    names = [c.name for c in found.columns]
    raise UsageError(
        "lake.column_not_found",
        f"`{found.dataset}` has no column `{column}`",
        where=found.dataset,
        hint=did_you_mean(column, names) or f"its columns: {', '.join(names)}",
    )


def _only(moved: ProfileDiff, column: str) -> ProfileDiff:
    return replace(moved, columns=tuple(c for c in moved.columns if c.name == column))
