"""`andon upload`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import publish_options, run_options, yes_option
from andon.cli.run_end import confirmed, finish


@click.command(
    cls=Command,
    examples=["andon upload leads.csv --as crm.leads", "andon upload prices.csv --as shop.prices --replace"],
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--as", "dataset", required=True, metavar="DATASET", help="The source that shows its rows; made if it is not there."
)
@click.option(
    "--replace", "replaces", is_flag=True, help="In place of what was uploaded for it before; else its rows are added."
)
@publish_options
@yes_option
@pass_app
def upload(app: App, /, file: Path, dataset: str, replaces: bool, yes: bool, **options: Any) -> int:
    """Lay a CSV, JSON or Parquet file into the project and publish its rows, with all that reads them.

    The copy lies in `raw/uploads/`, and the commit says what it was called and what it holds. Where it is not published, the folder is
    as it was before.
    """
    chosen, runs = run_options((), **options), app.service.runs
    result = app.service.uploads.publish(
        file, dataset, chosen, lambda its: confirmed(app, yes, its, runs.run), replaces=replaces
    )
    status = finish(app, result, chosen, "publish.change")
    if not result.published:
        app.console.note(f"`{file}` was not published, so the folder is as it was before")
    return status
