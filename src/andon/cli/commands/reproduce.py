"""`andon reproduce`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option
from andon.errors import EXIT_DONE, EXIT_FAILED


@click.command(
    cls=Command,
    examples=[
        "andon reproduce marts.revenue",
        "andon reproduce marts.revenue@2026-11-01",
        "andon reproduce marts.revenue@v1 --deep",
    ],
)
@click.argument("dataset", metavar="DATASET[@REF]")
@at_option
@click.option("--deep", is_flag=True, help="Build again what it is made of, too, down to raw files and kept loads.")
@json_option
@pass_app
def reproduce(app: App, dataset: str, at: str | None, deep: bool) -> int:
    """Build a version again, apart from the lake, with exactly what was recorded, and say whether the same comes out.

    Recorded are its definition, the versions of its inputs, raw files, the clock, the packages, and the engine with its threads and
    memory. IDENTICAL: the same rows. EQUAL WITHIN 1e-9: but for the last digits of floating-point numbers. DIFFERENT: which rows, which
    columns, and what in the code makes it so; then the exit status is 1. Nothing of the lake is changed.
    """
    found = app.service.reproducing.reproduce(dataset, at, deep=deep)
    from andon.cli.text.reproduce import reproduced_lines

    console = app.console
    console.show(found.to_json, lambda: reproduced_lines(found, console.out, console.width))
    return EXIT_DONE if found.verdict.holds else EXIT_FAILED
