"""`andon quarantine`: rows that checks set aside."""

from __future__ import annotations

from typing import Any

import click

from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import at_option, branch_option, json_option, run_options
from andon.cli.run_end import finish
from andon.cli.text.progress import progress
from andon.cli.text.quarantine import overview_lines, row_lines
from andon.errors import EXIT_DONE


@click.group(
    cls=Noun,
    examples=["andon quarantine list", 'andon quarantine release shop.orders --where "id = 7" --reason "a refund"'],
)
def quarantine() -> None:
    """Rows that checks set aside (`amount > 0 quarantine 0.1%`): why, since when; put them back."""


@quarantine.command("list", cls=Command, examples=["andon quarantine list", "andon quarantine list shop.orders"])
@click.argument("dataset", required=False)
@at_option
@json_option
@pass_app
def list_quarantine(app: App, /, dataset: str | None, at: str | None) -> int:
    """How many rows are set aside, by which checks, since when."""
    found = app.service.quarantine.overview(dataset, at)
    now = app.workspace.clock()
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: overview_lines(found, now, app.console.out, app.console.width),
    )
    return EXIT_DONE


@quarantine.command("show", cls=Command, examples=["andon quarantine show shop.orders --limit 5"])
@click.argument("dataset")
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="How many rows are shown (20).")
@at_option
@json_option
@pass_app
def show(app: App, /, dataset: str, limit: int, at: str | None) -> int:
    """The rows that the checks of a dataset set aside, and what each of them fails; of personal columns no value."""
    found = app.service.quarantine.show(dataset, limit, at)
    app.console.show(found.to_json, lambda: row_lines(found, app.console.out, app.console.width))
    app.tell(found.notes)
    return EXIT_DONE


@quarantine.command(
    "release",
    cls=Command,
    examples=[
        'andon quarantine release shop.orders --where "id in (7, 9)" --reason "refunds, as agreed"',
        'andon quarantine release shop.orders --check "amount 0..100 quarantine 1%" --reason "prices rose"',
    ],
)
@click.argument("dataset")
@click.option("--where", metavar="SQL", help="Which rows; without it all that are set aside.")
@click.option("--check", metavar="CHECK", help="The only check that they are released from: name, text or id.")
@click.option("--reason", required=True, metavar="TEXT", help="Why they are right; it is kept in the commit.")
@branch_option
@json_option
@pass_app
def release(
    app: App, /, dataset: str, where: str | None, check: str | None, reason: str, branch: str | None, **_: Any
) -> int:
    """Put rows back into their dataset, and publish that.

    It holds for the checks that they fail now, and as long as the rows are the same, also when the dataset is built again. `andon undo`
    takes it back.
    """
    from andon.runs.goal import Listener

    with progress(app.console) as report:
        result = app.service.quarantine.release(
            dataset, reason, where=where, check=check, branch=branch, listener=Listener(report)
        )
    return finish(app, result, run_options(()), "publish.refresh")
