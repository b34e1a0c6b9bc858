"""`andon principles`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option


@click.command(cls=Command, examples=["andon principles", "andon principles --since '3 mo'"])
@click.option(
    "--since", metavar="TIME", default="30d", show_default=True, help="Since when; beside it the time before."
)
@branch_option
@json_option
@pass_app
def principles(app: App, since: str, branch: str | None) -> None:
    """How the team works by the nine principles, in numbers from real use, each with what it is, and the one next step.

    Nobody fills in anything for it. Where nothing is recorded that a number could be told from, it says so, and what would make one.
    """
    found = app.service.scorecards.scorecard(since, branch)
    from andon.cli.text.principles import principle_lines

    console = app.console
    console.show(found.to_json, lambda: principle_lines(found, console.out, console.width))
