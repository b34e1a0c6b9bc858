"""`andon lineage` and `andon impact`."""

from __future__ import annotations

import click

from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, json_option
from andon.cli.text.trails import impact_lines, trail_lines
from andon.render.drawings import dot, drawing, mermaid

FORMATS = ("tree", "mermaid", "dot", "json", "openlineage")


@click.command(
    cls=Command,
    examples=[
        "andon lineage marts.revenue_by_month.revenue",
        "andon lineage shop.orders --down --depth 1",
        "andon lineage marts.revenue_by_month --at main~3 --format mermaid",
    ],
)
@click.argument("target", metavar="DATASET[.COLUMN]")
@click.option("--up", is_flag=True, help="Only what it is made of.")
@click.option("--down", is_flag=True, help="Only what it goes into.")
@click.option("--depth", type=click.IntRange(min=1), help="Steps from dataset to dataset; all without it.")
@at_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="tree", help="Of the output.")
@json_option
@pass_app
def lineage(app: App, target: str, up: bool, down: bool, depth: int | None, at: str | None, form: str) -> None:
    """Where a dataset or column comes from, to the raw files, and where it goes, to the insights.

    A raw file may be asked for too, by its path. Values that go into values are told apart from what only decides which
    rows there are or which values meet.
    """
    lineages = app.service.lineages
    found = lineages.lineage(target, at, up=up or not down, down=down or not up, depth=depth)
    console = app.console
    if form == "json":
        console.as_json = True
    if form == "openlineage":
        console.json(lineages.events(found))
    elif form in ("mermaid", "dot") and not console.as_json:
        draw = mermaid if form == "mermaid" else dot
        for line in draw(drawing(found.graph, found.start)):
            console.out.line(line)
    else:
        console.show(found.to_json, lambda: trail_lines(found, at or app.workspace.branch(), console))


@click.command(
    cls=Command, examples=["andon impact shop.orders.amount", "andon impact marts.revenue_by_month --at main~1"]
)
@click.argument("target", metavar="DATASET[.COLUMN]")
@at_option
@json_option
@pass_app
def impact(app: App, target: str, at: str | None) -> None:
    """What a change of a dataset or column would reach: datasets by distance, insights, owners, checks elsewhere."""
    found = app.service.lineages.impact(target, at)
    app.console.show(found.to_json, lambda: impact_lines(found, at or app.workspace.branch(), app.console))
