"""`andon profile`: what the values of a dataset look like, and what moved between two commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from andon.base.record import replace
from andon.cli.app import App, Command, pass_app
from andon.cli.interruptible import apart
from andon.cli.options import at_option, json_option
from andon.cli.text.profile.column import detail_lines
from andon.cli.text.profile.moves import diff_lines
from andon.cli.text.profile.overview import head_line, overview_lines
from andon.errors import UsageError
from andon.model.profile import Profile

if TYPE_CHECKING:
    from andon.service.profiles import ToldProfileDiff


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
@at_option
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
        moved = apart(lambda: app.service.profiles.told_compare(name, at, against))
        if column is not None:
            moved = _only(moved, _named(moved.after, moved.before, column))
        names = (against, at or app.workspace.reading())
        app.console.show(moved.to_json, lambda: diff_lines(moved, names, app.console, whole=column is not None))
        app.tell(moved.notes)
        return
    found = apart(lambda: app.service.profiles.told(name, at))
    if column is None:
        app.console.show(found.to_json, lambda: overview_lines(found, app.console, at))
        app.tell(found.notes)
        return
    one = _named(found, None, column)
    document = replace(found, columns=tuple(c for c in found.columns if c.name == one))
    app.console.show(
        document.to_json,
        lambda: [head_line(found, app.console, at), "", *detail_lines(document.columns[0], app.console)],
    )
    app.tell(found.notes)


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


def _only(moved: ToldProfileDiff, column: str) -> ToldProfileDiff:
    return replace(moved, columns=tuple(c for c in moved.columns if c.name == column))
