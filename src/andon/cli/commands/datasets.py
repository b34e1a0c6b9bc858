"""`andon ls`, `andon show`, `andon status`."""

from __future__ import annotations

import click

from andon.base.names import is_name_part
from andon.cli.app import App, Command, pass_app
from andon.cli.options import at_option, branch_option, json_option, select_argument
from andon.cli.text.datasets import list_lines, page_lines, status_lines
from andon.cli.text.readers import reader_lines
from andon.cli.text.run_page import run_page_lines
from andon.cli.text.saved import query_lines, query_page


@click.command(
    cls=Command, examples=["andon ls", "andon ls marts.* tag:customers", "andon ls --at main~3", "andon ls --queries"]
)
@select_argument
@click.option("--queries", is_flag=True, help="The saved queries instead.")
@at_option
@json_option
@pass_app
def ls(app: App, /, select: tuple[str, ...], queries: bool, at: str | None) -> None:
    """All datasets of a commit, or those that SELECT names."""
    if queries:
        _list_queries(app, select, at)
        return
    found = app.service.datasets.list(at, select)
    out, width = app.console.out, app.console.width
    nothing = "no datasets; `andon run` builds what the folder says"
    app.console.show(lambda: [d.to_json() for d in found], lambda: list_lines(found, out, width) or [nothing])


def _list_queries(app: App, select: tuple[str, ...], at: str | None) -> None:
    from fnmatch import fnmatchcase

    all_of_them = app.service.saved_queries.list(at)
    found = [q for q in all_of_them if not select or any(fnmatchcase(q.name, pattern) for pattern in select)]
    out, width = app.console.out, app.console.width
    nothing = 'no saved queries; `andon save NAME "select …"` saves one'
    app.console.show(lambda: [q.to_json() for q in found], lambda: query_lines(found, out, width) or [nothing])


@click.command(
    cls=Command,
    examples=[
        "andon show marts.revenue_by_month",
        "andon show shop.orders@main~1 --json",
        "andon show shop.orders --readers",
        "andon show shop.orders --iceberg",
        "andon show run:41",
    ],
)
@click.argument("dataset")
@click.option(
    "--readers", is_flag=True, help="Who uses it instead: people within 30 days, queries, datasets, insights."
)
@click.option("--iceberg", is_flag=True, help="Where its Iceberg metadata lie instead, for programs that read them.")
@at_option
@json_option
@pass_app
def show(app: App, dataset: str, readers: bool, iceberg: bool, at: str | None) -> None:
    """One dataset: what it is, how it is made, columns, rows, from what, for whom, a sample, how to read it elsewhere.

    `DATASET@REF` is one of a past commit, as with `--at`; REF may be a date. A name without a schema shows a saved query: what it answers,
    and what it must be given. `run:41` shows a run: where it came from, its tasks, its log, and what of its code git did not have.
    """
    if dataset.startswith("run:"):
        run = app.service.run_log.show(dataset)
        app.console.show(run.to_json, lambda: run_page_lines(run, app.console.out, app.console.width))
        return
    if readers:
        used = app.service.readers.of(dataset, at)
        app.console.show(used.to_json, lambda: reader_lines(used, app.console.out, app.console.width))
        return
    if is_name_part(dataset) and dataset in {query.name for query in app.service.saved_queries.list(at)}:
        query, console = app.service.saved_queries.get(dataset, at), app.console
        console.show(query.to_json, lambda: query_page(query, console.out, console.width))
        return
    page = app.service.datasets.show(dataset, at)
    if iceberg:
        from andon.service.dataset_page import iceberg_place

        place = iceberg_place(page)
        app.console.show(page.to_json, lambda: [place])
        return
    app.console.show(page.to_json, lambda: page_lines(page, app.console))


@click.command(cls=Command, examples=["andon status", "andon status --json"])
@branch_option
@json_option
@pass_app
def status(app: App, branch: str | None) -> None:
    """Where the folder stands against its branch: what a run would do, what is behind, what an undo keeps out."""
    found = app.service.standing.status(branch)
    app.console.show(found.to_json, lambda: status_lines(found, app.console))
