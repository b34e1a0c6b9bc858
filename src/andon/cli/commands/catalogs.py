"""`andon catalog …`."""

from __future__ import annotations

import os

import click

from andon.base.text import plural
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import json_option


@click.group(
    cls=Noun,
    examples=[
        "andon catalog copy .andon/catalog.db 'postgresql://db/shop?schema=acme'",
        "andon catalog grants --readers bi",
    ],
)
def catalog() -> None:
    """The database of lake and runs: copied into another one, opened to roles of a server."""


@catalog.command(
    "copy",
    cls=Command,
    examples=[
        "andon catalog copy .andon/catalog.db 'postgresql://db/shop?schema=acme'",
        "andon catalog copy '${env:LAKE}' catalog.db",
    ],
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
@pass_app
def copy(app: App, source: str, target: str) -> None:
    """Copy a catalog into another database, row by row, and read each back. Nobody writes meanwhile; the old one stays as it is.

    FROM and TO are paths of files, relative to the project, or addresses of a Postgres, in which `${env:NAME}` stands for a variable.
    Data files are not moved: the copy names those that the old one names. Let all projects of the lake go on with the same one.
    """
    from andon.settings.resolve import referenced

    places = [referenced(place, os.environ, "the catalog") for place in (source, target)]
    made = app.service.catalogs.copy(*places)
    app.console.show(
        made.to_json,
        lambda: [
            f"copied {plural(made.rows, 'row')} of {plural(made.tables, 'table')} in {made.seconds:.2f} s, and read each back",
            f"the project goes on with it by this line of andon.toml: {made.setting}",
        ],
    )


@catalog.command("grants", cls=Command, examples=["andon catalog grants --readers bi --writers team"])
@click.option("--readers", metavar="ROLE", help="Who may read the catalog, and with it the lake.")
@click.option("--writers", metavar="ROLE", help="Who may work in the lake.")
@json_option
@pass_app
def grants(app: App, readers: str | None, writers: str | None) -> None:
    """Print the SQL by which roles of the Postgres may read the catalog, or work in it. Whoever owns the catalog runs it."""
    found = app.service.catalogs.grants(readers, writers)
    app.console.show(found.to_json, lambda: found.statements)
