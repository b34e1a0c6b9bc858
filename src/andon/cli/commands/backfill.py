"""`andon backfill`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import MomentType, branch_option, json_option, run_options, yes_option
from andon.cli.run_end import confirmed, finish
from andon.cli.text.progress import progress
from andon.errors import EXIT_DONE
from andon.model.run import RunResult


@click.command(
    cls=Command,
    examples=[
        "andon backfill marts.daily --from 2024-01-01 --to 2024-02-01",
        "andon backfill marts.daily --from 2020-01-01 --to 2024-01-01 --publish batch",
    ],
)
@click.argument("dataset")
@click.option(
    "--from", "start", type=MomentType(), required=True, metavar="TIME", help="The first time that is filled."
)
@click.option("--to", "end", type=MomentType(), required=True, metavar="TIME", help="The first time that is not.")
@click.option(
    "--publish",
    type=click.Choice(("whole", "batch")),
    default="whole",
    help="All at once, or each batch (`incremental: {batch: …}`) when it is filled.",
)
@branch_option
@json_option
@click.option("--message", "-m", metavar="TEXT", help="Of the commits.")
@yes_option
@pass_app
def backfill(app: App, /, dataset: str, start: datetime, end: datetime, publish: str, yes: bool, **options: Any) -> int:
    """Fill times of a table that grows by time, and bring what reads it up to date.

    Intervals that are filled already, by the same SQL and inputs, cost nothing; where rows stayed by somebody's word (`lookback`,
    `assume`, `--forward`) they are made anew. Stopped in the middle and asked again, it goes on after the last batch.
    """
    from andon.runs.goal import Listener, RunOptions

    chosen, status = run_options((), **options), EXIT_DONE

    def asked(its: RunOptions, _: Listener) -> RunResult:
        return confirmed(app, yes, its, app.service.runs.run)

    last: RunResult | None = None
    with progress(app.console) as report:
        found = app.service.backfills.fill(dataset, start, end, chosen, Listener(report), publish=publish, run=asked)
        for result in found:
            if last is not None and not app.console.as_json:
                status = max(status, finish(app, last, chosen, "publish.refresh"))
            last = result
    return max(status, finish(app, last, chosen, "publish.refresh")) if last is not None else status
