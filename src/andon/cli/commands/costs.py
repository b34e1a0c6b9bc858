"""`andon cost`, `andon waste`, `andon archive`."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.commands.renaming import show_and_do
from andon.cli.options import branch_option, json_option, message_option, publish_flag
from andon.errors import UsageError

if TYPE_CHECKING:
    from andon.runs.goal import Listener, RunOptions
    from andon.service.renaming import Moved

_BY = ("dataset", "run", "person", "insight", "schedule")


@click.command(
    cls=Command,
    examples=["andon cost", "andon cost --by insight --since 3mo", "andon cost --format focus > costs.csv"],
)
@click.option("--by", type=click.Choice(_BY), default="dataset", show_default=True, help="By what it is told apart.")
@click.option("--since", metavar="TIME", default="30d", show_default=True, help="How long before the end, or when.")
@click.option("--until", metavar="TIME", help="The end, when or how long ago; now without it.")
@click.option("--format", "form", type=click.Choice(["focus"]), help="CSV of FOCUS 1.0, for other tools of cost.")
@branch_option
@json_option
@pass_app
def cost(app: App, by: str, since: str, until: str | None, form: str | None, branch: str | None) -> None:
    """What the lake costs, and whom that serves: seconds of builds, checks and questions, bytes that are kept.

    What served insights and people, what is too young to tell, and waste add up to the total. Money is shown where [cost] in
    andon.toml has rates.
    """
    costs, console = app.service.costs, app.console
    if form is not None:
        if console.as_json:
            raise UsageError(
                "usage.bad_argument", "`--format focus` is CSV", where="--json", hint="leave out one of the two"
            )
        rows = costs.focus(since, until, branch)
        writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return
    found = costs.cost(by, since, until, branch)
    from andon.cli.text.costs import cost_lines

    console.show(found.to_json, lambda: cost_lines(found, console.out, console.width))


@click.command(cls=Command, examples=["andon waste", "andon waste --since 3mo"])
@click.option("--since", metavar="TIME", default="30d", show_default=True, help="Since when costs are added up.")
@branch_option
@json_option
@pass_app
def waste(app: App, since: str, branch: str | None) -> None:
    """Datasets on which no insight rests and that no person has read for 60 days, nor anything that is made of them.

    What comes by the clock is no reader, and what is younger than 30 days is left out. Nothing is deleted: `andon archive` puts them
    away, and `andon undo` brings them back.
    """
    found = app.service.costs.waste(since, branch)
    from andon.cli.text.costs import waste_lines

    console = app.console
    console.show(found.to_json, lambda: waste_lines(found, console.out, console.width))


@click.command(cls=Command, examples=["andon archive marts.old", "andon archive marts.old marts.older --publish"])
@click.argument("names", nargs=-1, required=True, metavar="DATASET...")
@branch_option
@message_option
@publish_flag
@json_option
@pass_app
def archive(app: App, /, names: tuple[str, ...], branch: str | None, message: str | None, publish: bool) -> int:
    """Put datasets away that nothing live needs, in one publish; their past stays, and `andon undo` brings them back.

    Refused, with names, where an insight rests on one, a rule or a dataset that stays reads it, or a person did within 60 days.
    """
    from andon.runs.goal import RunOptions

    options = RunOptions(branch=branch, message=message)

    def do(its: RunOptions, listener: Listener | None, is_dry: bool) -> Moved:
        return app.service.costs.archive(names, its, listener, is_dry=is_dry)

    return show_and_do(app, options, publish, do)
