"""`andon suggestions`, `show`, `accept`, `dismiss`: work that people do over and over, offered as what would do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, Listing, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from andon.service.suggestion_documents import SuggestionDocument


@click.group(cls=Listing, examples=["andon suggestions", "andon suggestions show 3", "andon suggestions accept 3"])
def suggestions() -> None:
    """Work that people did by hand three times or more, offered as what would do it: a dataset, a schedule, a source, a playbook."""


@suggestions.command("list", cls=Command, examples=["andon suggestions", "andon suggestions list --all --json"])
@click.option("--all", "decided", is_flag=True, help="Also what was accepted or dismissed, or is done by hand no more.")
@json_option
@pass_app
def suggestions_list(app: App, decided: bool) -> None:
    """What is suggested, the newest first."""
    from andon.cli.text.suggestions import list_lines

    found = app.service.suggestions.list(decided=decided)
    app.console.show(found.to_json, lambda: list_lines(found, app.console.out, app.command))


@suggestions.command("show", cls=Command, examples=["andon suggestions show 3"])
@click.argument("number", type=int)
@click.option("--as", "name", metavar="NAME", help="Another name for what would be made.")
@json_option
@pass_app
def suggestions_show(app: App, number: int, name: str | None) -> int:
    """A suggestion: what speaks for it, and the whole text that would be written. A dataset is built aside to know its checks."""
    found = app.service.suggestions.show(number, name)
    _show(app, found)
    return EXIT_DONE if found.problem is None else EXIT_FAILED


@suggestions.command("accept", cls=Command, examples=["andon suggestions accept 3 --as marts.revenue_by_region"])
@click.argument("number", type=int)
@click.option("--as", "name", metavar="NAME", help="Another name for what is made.")
@click.option("--branch", metavar="NAME", help="The branch that it is written on; without it `suggestion-N`.")
@json_option
@pass_app
def suggestions_accept(app: App, number: int, name: str | None, branch: str | None) -> int:
    """Write it on a branch of its own, build it there, and show what publishing it would do."""
    found = app.service.suggestions.accept(number, name, branch)
    _show(app, found)
    return EXIT_DONE if found.state == "accepted" else EXIT_FAILED


@suggestions.command("dismiss", cls=Command, examples=["andon suggestions dismiss 3"])
@click.argument("number", type=int)
@json_option
@pass_app
def suggestions_dismiss(app: App, number: int) -> None:
    """Never suggest it again, nor what is much the same."""
    found = app.service.suggestions.dismiss(number)
    app.console.show(found.to_json, lambda: [f"dismissed: {found.title}"])


def _show(app: App, found: SuggestionDocument) -> None:
    from andon.cli.text.suggestions import suggestion_lines

    app.console.show(lambda: to_json(found), lambda: suggestion_lines(found, app.console.out, app.command))
