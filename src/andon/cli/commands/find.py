"""`andon find`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option
from andon.cli.text.find import found_lines


@click.command(
    cls=Command,
    examples=[
        "andon find revenue month",
        "andon find customer --kind sql --tag finance",
        "andon find tag:finance owner:ana",
    ],
)
@click.argument("words", nargs=-1)
@click.option("--schema", multiple=True, metavar="NAME", help="Only datasets of this schema.")
@click.option("--kind", multiple=True, metavar="KIND", help="Only these: source, sql, python.")
@click.option("--owner", multiple=True, metavar="NAME", help='Only those of this owner; "" for those that have none.')
@click.option("--tag", multiple=True, metavar="TAG", help="Only those with this tag.")
@click.option("--status", multiple=True, metavar="WORD", help="Only these: ok, warn, stale, blocked, fail.")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Datasets at most.")
@at_option
@json_option
@pass_app
def find(
    app: App,
    words: tuple[str, ...],
    schema: tuple[str, ...],
    kind: tuple[str, ...],
    owner: tuple[str, ...],
    tag: tuple[str, ...],
    status: tuple[str, ...],
    limit: int,
    at: str | None,
) -> None:
    """Datasets by words: in names, columns, what is said of them, and code. The best first, by what people use and can trust.

    A part of a word finds it, and one that is misspelt what is spelt like it. `tag:`, `owner:`, `schema:`, `kind:` and `status:` before a
    value are the filters below. Without words: all, the most used first.
    """
    from andon.service.searching import FindOptions

    options = FindOptions(schema, kind, owner, tag, status, limit)
    found = app.service.catalog.find(" ".join(words), at, options)
    app.console.show(found.to_json, lambda: found_lines(found, app.console.out, app.console.width))
