"""`andon review`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option
from andon.cli.text.review import review_lines


@click.command(cls=Command, examples=["andon review", "andon review --since 4w", "andon review --since 2026-11-01"])
@click.option("--since", metavar="TIME", default="7d", show_default=True, help="How long ago (7d, 4w), or when.")
@click.option("--define", is_flag=True, help="Say under each number what it is.")
@branch_option
@json_option
@pass_app
def review(app: App, since: str, define: bool, branch: str | None) -> None:
    """How well the work went: how soon what is wrong is noticed and over, what called for nothing, what is promised and kept.

    Every number is computed from what was recorded; --define says how.
    """
    found = app.service.reviewing.review(since, branch)
    console = app.console
    console.show(found.to_json, lambda: review_lines(found, console.out, console.width, define=define))
