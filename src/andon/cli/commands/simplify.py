"""`andon simplify`, `show`, `accept`, `dismiss`: what could be simpler, with the change ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, Listing, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from andon.service.simplify_documents import HintDocument


@click.group(cls=Listing, examples=["andon simplify", "andon simplify show 3", "andon simplify accept 3"])
def simplify() -> None:
    """What could be simpler, by who reads what: datasets, columns, checks, schedules and macros that could go. No answer changes."""


@simplify.command("list", cls=Command, examples=["andon simplify", "andon simplify list --all --json"])
@click.option("--all", "decided", is_flag=True, help="Also what was accepted or dismissed, or is over.")
@json_option
@pass_app
def simplify_list(app: App, decided: bool) -> None:
    """What could be simpler, what saves most first."""
    from andon.cli.text.simplify import list_lines

    found = app.service.simplifying.list(decided=decided)
    app.console.show(found.to_json, lambda: list_lines(found, app.console.out, app.command))


@simplify.command("show", cls=Command, examples=["andon simplify show 3"])
@click.argument("number", type=int)
@json_option
@pass_app
def simplify_show(app: App, number: int) -> int:
    """A hint: what speaks for it, what would be written, and what publishing that would do."""
    found = app.service.simplifying.show(number)
    _show(app, found)
    return EXIT_DONE if found.problem is None else EXIT_FAILED


@simplify.command("accept", cls=Command, examples=["andon simplify accept 3"])
@click.argument("number", type=int)
@click.option("--branch", metavar="NAME", help="The branch that it is written on; without it `simplify-N`.")
@json_option
@pass_app
def simplify_accept(app: App, number: int, branch: str | None) -> int:
    """Write it on a branch of its own, build it there, compare all rows with those of main, and show what publishing it would do."""
    found = app.service.simplifying.accept(number, branch)
    _show(app, found)
    return EXIT_DONE if found.state == "accepted" else EXIT_FAILED


@simplify.command("dismiss", cls=Command, examples=['andon simplify dismiss 3 "the shop reads it from May on"'])
@click.argument("number", type=int)
@click.argument("why", required=False)
@json_option
@pass_app
def simplify_dismiss(app: App, number: int, why: str | None) -> None:
    """Tell it no more, as long as it is about the same."""
    found = app.service.simplifying.dismiss(number, why)
    app.console.show(found.to_json, lambda: [f"dismissed: {found.title}"])


def _show(app: App, found: HintDocument) -> None:
    from andon.cli.text.simplify import hint_lines

    app.console.show(lambda: to_json(found), lambda: hint_lines(found, app.console.out, app.command))
