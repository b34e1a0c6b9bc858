"""`andon glossary`, `andon docs`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option


@click.command(cls=Command, examples=["andon glossary", "andon glossary turnover"])
@click.argument("term", required=False)
@at_option
@json_option
@pass_app
def glossary(app: App, term: str | None, at: str | None) -> None:
    """Words of the business: what they mean, and in which columns they stand. They are written in glossary.yml.

    A word that is another one for the same finds it, too; `andon find WORD` finds the datasets that hold it.
    """
    from andon.cli.text.glossary import glossary_lines

    found, console = app.service.glossary.show(term, at), app.console
    console.show(found.to_json, lambda: glossary_lines(found, console.out, console.width, is_whole=term is not None))


@click.command(cls=Command, examples=["andon docs", "andon docs --limit 5"])
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Datasets at most.")
@at_option
@json_option
@pass_app
def docs(app: App, limit: int, at: str | None) -> None:
    """What nobody described yet, datasets and columns: what most people read first, with its owner and the one next step.

    A column that holds the values of one above as they are has what is said of that one, and lacks nothing.
    """
    from andon.cli.text.glossary import docs_lines

    found, console = app.service.undescribed.list(limit, at), app.console
    console.show(found.to_json, lambda: docs_lines(found, console.out, console.width))
