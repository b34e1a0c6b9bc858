"""`andon tick`, `andon pause`, `andon resume`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import MomentType, branch_option, json_option
from andon.cli.output import Cell
from andon.cli.table import table
from andon.cli.text.ticks import tick_lines
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.model.tick import PauseDocument


@click.command(cls=Command, examples=["andon tick", "andon tick --trigger cron --json"])
@click.option(
    "--trigger", metavar="NAME", default="hand", show_default=True, help="What makes it look, for the record."
)
@click.option("--now", type=MomentType(), metavar="TIME", envvar="ANDON_NOW", help="The clock that it sees.")
@branch_option
@json_option
@pass_app
def tick(app: App, trigger: str, now: datetime | None, branch: str | None) -> int:
    """Look once what is due and bring it up to date, by the branch's own code: for cron, CI, serverless jobs.

    Several at once are safe: what one works on, the others leave to it. Status 0: nothing was due, or all that was is up to date, waits
    its turn, or is being made by another; 1: something failed or is held by a check; 4: the machine failed.
    """
    from andon.cli.text.progress import progress
    from andon.runs.goal import Listener

    with progress(app.console) as report:
        found = app.service.scheduling.tick(trigger, branch=branch, now=now, listener=Listener(report))
    app.console.show(found.to_json, lambda: tick_lines(found, app.console.out))
    return EXIT_DONE if found.is_well else EXIT_FAILED


@click.command(
    cls=Command,
    examples=[
        "andon pause",
        "andon pause shop.orders --until 2026-12-01 --why 'the supplier moves'",
        "andon pause --all",
    ],
)
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@click.option("--all", "everything", is_flag=True, help="Of the whole branch.")
@click.option("--until", type=MomentType(), metavar="TIME", help="When it ends by itself.")
@click.option("--why", metavar="TEXT", help="For those who wonder.")
@branch_option
@json_option
@pass_app
def pause(
    app: App, datasets: tuple[str, ...], everything: bool, until: datetime | None, why: str | None, branch: str | None
) -> None:
    """Let datasets be: the schedule leaves them as they are published, and what reads them goes on with that.

    Without a dataset it lists what is paused. Runs that somebody starts are not kept from them.
    """
    if datasets or everything:
        _require_one(datasets, everything, "pause")
        found = app.service.scheduling.pause(datasets, until, why, branch)
    else:
        found = app.service.scheduling.pauses(branch)
    _show(app, found)


@click.command(cls=Command, examples=["andon resume shop.orders", "andon resume --all"])
@click.argument("datasets", nargs=-1, metavar="[DATASET]...")
@click.option("--all", "everything", is_flag=True, help="All that is paused.")
@branch_option
@json_option
@pass_app
def resume(app: App, datasets: tuple[str, ...], everything: bool, branch: str | None) -> None:
    """Let the schedule go on with datasets. What became due meanwhile is caught up by one run."""
    _require_one(datasets, everything, "resume")
    _show(app, app.service.scheduling.resume(datasets, branch))


def _require_one(datasets: Sequence[str], everything: bool, verb: str) -> None:
    if bool(datasets) == everything:
        hint = f"`andon {verb} shop.orders`, or `andon {verb} --all`"
        raise UsageError("usage.bad_argument", "name datasets, or say `--all`: one of both", hint=hint)


def _show(app: App, found: list[PauseDocument]) -> None:
    out = app.console.out
    rows: list[Sequence[Cell]] = [
        (
            ("all" if each.dataset == "*" else each.dataset, "accent"),
            f"until {moment(each.until)}" if each.until else "until `andon resume`",
            each.who,
            (each.why or "", "dim"),
        )
        for each in found
    ]
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: table(rows, out, width=app.console.width, whole=[0]) if rows else ["nothing is paused"],
    )
