"""`andon upload`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import publish_options, run_options, yes_option
from andon.cli.run_end import confirmed, finish
from andon.errors import AndonError
from andon.service.uploads import Uploaded


@click.command(
    cls=Command,
    examples=[
        "andon upload leads.csv --as crm.leads",
        "andon upload leads.xlsx --as crm.leads --with \"sheet = 'Leads'\"",
        "andon upload prices.csv --as shop.prices --replace",
    ],
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--as", "dataset", required=True, metavar="DATASET", help="The source that shows its rows; made if it is not there."
)
@click.option(
    "--replace", "replaces", is_flag=True, help="In place of what was uploaded for it before; else its rows are added."
)
@click.option(
    "--with",
    "reading",
    default="",
    metavar="OPTIONS",
    help="How the file is read, as the new source's reader takes it: `sheet = 'Leads'`.",
)
@publish_options
@yes_option
@pass_app
def upload(app: App, /, file: Path, dataset: str, replaces: bool, reading: str, yes: bool, **options: Any) -> int:
    """Lay a CSV, JSON, Parquet or Excel file into the project and publish its rows, with all that reads them.

    The copy lies in `raw/uploads/`, and the commit says what it was called and what it holds. Where it is not published, the folder is
    as it was before.
    """
    chosen, runs = run_options((), **options), app.service.runs
    laid: list[Uploaded] = []
    try:
        result = app.service.uploads.publish(
            file,
            dataset,
            chosen,
            lambda its: confirmed(app, yes, its, runs.run, is_of_folder=False),
            replaces=replaces,
            reading=reading,
            laid=laid.append,
        )
    except AndonError:
        _say_removed(app, file, laid)
        raise
    status = finish(app, result, chosen, "publish.change")
    if not result.published:
        _say_removed(app, file, laid)
    elif laid and laid[0].is_new:
        app.console.note(f"written: {laid[0].source}, which reads the copy {laid[0].file}")
    return status


def _say_removed(app: App, file: Path, laid: list[Uploaded]) -> None:
    """The folder is as it was: what messages call by the copy's name is the person's own file."""
    if laid:
        app.console.note(
            f"`{file}` was not published, so its copy `{laid[0].file}` is removed and the folder is as it was before"
        )
        if laid[0].is_new:
            app.console.note(
                'options of a reader that a hint names are given with the upload: `--with "header = true"`'
            )
