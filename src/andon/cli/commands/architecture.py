"""`andon architecture`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option

FORMATS = ("text", "svg", "mermaid", "html")


@click.command(
    cls=Command,
    examples=[
        "andon architecture",
        "andon architecture --format svg > architecture.svg",
        "andon architecture --against 2026-11-01",
    ],
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Of the output.")
@click.option("--against", metavar="REF|TIME", help="What it is compared with; 30 days before without it.")
@at_option
@json_option
@pass_app
def architecture(app: App, form: str, against: str | None, at: str | None) -> None:
    """What the lake is built of: where data comes from, schemas of datasets, whom they serve, and what goes from one to the other.

    It is drawn from what is there: code, the log of queries, messages that were sent. What there is no room for is folded. Beside it
    stands what came and what went since last month. A capability is an insight, or a dataset that somebody asked within 30 days.
    """
    found = app.service.architectures.drawn(at, against)
    console = app.console
    if form == "text" or console.as_json:
        from andon.cli.text.architecture import architecture_lines

        console.show(found.to_json, lambda: architecture_lines(found, console.out, console.width))
    elif form == "mermaid":
        from andon.render.architecture import mermaid

        for line in mermaid(found):
            console.out.line(line)
    else:
        from andon.render.block_svg import html, svg

        draw = svg if form == "svg" else html
        for line in draw(found).splitlines():
            console.out.line(line)
