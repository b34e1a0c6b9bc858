"""`andon diff`: for people, for a pull request (Markdown), for programs; commits as a whole, or rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.interruptible import apart
from andon.cli.options import json_option
from andon.cli.text.diffs import diff_lines, rows_lines
from andon.errors import UsageError
from andon.render.markdown import markdown
from andon.service.row_diffs import RowOptions

#: What `--rows` without a name stands for.
_ALL = "*"


@click.command(
    cls=Command,
    examples=[
        "andon diff main try",
        "andon diff main~1 main --no-code",
        "andon diff main try --rows marts.customer_value --where \"segment = 'new'\"",
        "andon diff main try --rows marts.customer_value --tolerance 0.1%",
        "andon diff main try --rows marts.customer_value -o diff.parquet",
        "andon diff main try --format markdown",
    ],
)
@click.argument("a")
@click.argument("b", required=False)
@click.option(
    "--format", "form", type=click.Choice(("text", "markdown", "json")), default="text", help="Of the output."
)
@click.option("--no-code", is_flag=True, help="Leave the texts out.")
@click.option(
    "--rows",
    "datasets",
    metavar="[DATASET]",
    is_flag=False,
    flag_value=_ALL,
    multiple=True,
    help="Which rows differ, side by side; without a name a line for each dataset that differs. Repeatable.",
)
@click.option("--where", metavar="SQL", help="With --rows: only rows that satisfy a condition before or after.")
@click.option(
    "--tolerance",
    metavar="NUMBER",
    help="With --rows: by how much a number may differ and count as the same, `0.01` or `0.1%`. Rows need a key.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --rows: write all rows that differ to a Parquet file.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="With --rows: changed rows to show."
)
@json_option
@pass_app
def diff(
    app: App,
    a: str,
    b: str | None,
    form: str,
    no_code: bool,
    datasets: tuple[str, ...],
    where: str | None,
    tolerance: str | None,
    output: Path | None,
    limit: int,
) -> None:
    """How commit B differs from commit A: datasets, schemas, row counts, code. Without B: the folder's branch.

    With --rows, which rows differ: by the dataset's `key` added, removed and changed ones, without one whole rows. Columns marked
    `pii` show no values.
    """
    if form == "json":
        app.console.as_json = True
    names = (a, b or app.workspace.branch())
    ink, width = app.console.out, app.console.width
    if form == "markdown":
        _refuse_row_options(datasets, where, tolerance, output, "--format markdown has its own summary of rows")
        report = apart(lambda: app.service.diff_reports.report(*names))
        app.console.show(report.to_json, lambda: markdown(report, names, not no_code))
    elif datasets:
        chosen = _chosen(datasets)
        options = RowOptions(where, limit if chosen or output else 0, tolerance, output)
        rows = apart(lambda: app.service.history.diff_rows(*names, chosen, options))
        app.console.show(rows.to_json, lambda: rows_lines(rows, names, ink, width, bool(chosen or output)))
        app.tell(rows.notes)
    else:
        _refuse_row_options(datasets, where, tolerance, output, "add `--rows DATASET`")
        found = app.service.history.diff(*names)
        app.console.show(found.to_json, lambda: diff_lines(found, names, ink, width, not no_code))


def _chosen(datasets: Sequence[str]) -> tuple[str, ...]:
    """The datasets named by `--rows`, which takes several apart by commas too; none for all."""
    names = [name.strip() for each in datasets for name in each.split(",") if name.strip() and name.strip() != _ALL]
    return tuple(dict.fromkeys(names))


def _refuse_row_options(
    datasets: Sequence[str], where: str | None, tolerance: str | None, output: Path | None, hint: str
) -> None:
    options = (("--rows", datasets), ("--where", where), ("--tolerance", tolerance), ("-o", output))
    given = [name for name, value in options if value not in ((), None)]
    if given:
        raise UsageError("usage.bad_argument", f"`{given[0]}` does not fit here", hint=hint)
