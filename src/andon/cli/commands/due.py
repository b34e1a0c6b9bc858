"""`andon due`, `andon why`."""

from __future__ import annotations

from datetime import datetime

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import MomentType, branch_option, exclude_option, json_option, select_argument
from andon.cli.text.schedule import schedule_lines, why_lines


@click.command(
    cls=Command, examples=["andon due", "andon due tag:nightly", "andon due --at 2026-12-01T06:00 --json | jq .due"]
)
@select_argument
@exclude_option
@click.option("--at", type=MomentType(), metavar="TIME", help="The time that counts; without it now.")
@branch_option
@json_option
@pass_app
def due(app: App, select: tuple[str, ...], exclude: tuple[str, ...], at: datetime | None, branch: str | None) -> None:
    """What is to be brought up to date by now, what keeps it back, and what comes when. Nothing is built.

    `andon tick` or `andon up` does it. Promises that can't be kept as often as they look are told.
    """
    found = app.service.schedules.due(select, exclude, at=at, branch=branch)
    app.console.show(found.to_json, lambda: schedule_lines(found, app.console))


@click.command(cls=Command, examples=["andon why marts.revenue", "andon why marts.revenue --at 2026-12-01T14:00"])
@click.argument("dataset")
@click.option("--at", type=MomentType(), metavar="TIME", help="A moment, by what was recorded; without it now.")
@branch_option
@json_option
@pass_app
def why(app: App, dataset: str, at: datetime | None, branch: str | None) -> None:
    """Why a dataset is, or was at a moment, brought up to date, or not: the rule, what it waited for, who looked, which run had it."""
    found = app.service.schedules.why(dataset, at, branch)
    app.console.show(found.to_json, lambda: why_lines(found, app.console))
