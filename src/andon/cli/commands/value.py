"""`andon value`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option


@click.command(cls=Command, examples=["andon value", "andon value --limit 100 --since 3mo"])
@click.option("--since", metavar="TIME", default="30d", show_default=True, help="Since when costs are added up.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many datasets are shown.")
@branch_option
@json_option
@pass_app
def value(app: App, since: str, limit: int, branch: str | None) -> None:
    """What the lake is worth: who relies on each dataset, its share of what that is worth, its cost, and the weakest links.

    The shares of all datasets add up to what the insights are worth. What is measured and what is estimated is never added up, nor what
    is of several currencies. Past its review-by an insight counts no more until somebody looks at it again.
    """
    found = app.service.worth.value(since, branch)
    from andon.cli.text.value import value_lines

    console = app.console
    console.show(found.to_json, lambda: value_lines(found, console.out, console.width, limit))
