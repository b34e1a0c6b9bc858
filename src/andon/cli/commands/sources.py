"""`andon source list`, `add`, `check`, `load`, `pin`, `accept`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from andon.base.text import plural
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import branch_option, json_option, publish_options, run_options
from andon.cli.output import Cell, Ink
from andon.cli.run_end import finish
from andon.cli.table import table
from andon.cli.text.progress import progress
from andon.errors import EXIT_DONE, EXIT_FAILED
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.service.source_check import SourceReport
    from andon.service.source_list import SourceInfo

_STYLES = {"published": "good", "failed": "bad"}


@click.group(cls=Noun, examples=["andon source list", "andon source add shop.public.orders"])
def source() -> None:
    """Sources: what comes into the lake, from where, and how."""


@source.command("list", cls=Command, examples=["andon source list", "andon source list --json"])
@branch_option
@json_option
@pass_app
def source_list(app: App, branch: str | None) -> None:
    """The sources: what each reads, how it loads, when it was loaded last, and what stands in its way. Nobody is asked."""
    from andon.service.source_list import list_sources

    found = list_sources(app.workspace, branch)
    nothing = "no sources; `andon source add CONNECTION.TABLE` or `andon upload FILE --as NAME` makes one"
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: _listed(found, app.console.out, app.console.width) or [nothing],
    )


@source.command("check", cls=Command, examples=["andon source check", "andon source check shop.orders"])
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@branch_option
@json_option
@pass_app
def source_check(app: App, names: tuple[str, ...], branch: str | None) -> int:
    """Look at sources as a load would find them: whether they can be reached, whether their columns hold, what would come.

    Nothing is loaded. Databases are asked how many rows a load would be given.
    """
    from andon.service.source_check import check_sources

    found = check_sources(app.workspace, names, branch)
    app.console.show(
        lambda: [each.to_json() for each in found],
        lambda: [line for each in found for line in _reported(each, app.console.out)],
    )
    return EXIT_FAILED if any(each.error is not None for each in found) else EXIT_DONE


@source.command("load", cls=Command, examples=["andon source load shop.orders", "andon source load shop.orders --full"])
@click.argument("names", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--full", is_flag=True, help="Ask for all rows, also where a load would go on from the one before.")
@branch_option
@publish_options
@pass_app
def source_load(app: App, /, names: tuple[str, ...], full: bool, **options: Any) -> int:
    """Load sources and what follows from them, and publish what is healthy: `andon refresh` of these alone."""
    from andon.runs.goal import Listener
    from andon.service.source_load import load_sources

    chosen = run_options((), **options)
    with progress(app.console) as report:
        result = load_sources(app.workspace, app.service.runs, names, chosen, Listener(report), full=full)
    return finish(app, result, chosen, "publish.refresh")


@source.command(
    "add",
    cls=Command,
    examples=[
        "andon source add shop.public.orders",
        "andon source add https://api.example.com/orders --as shop.orders",
    ],
)
@click.argument("place", metavar="CONNECTION.TABLE|URL")
@click.option(
    "--as", "name", metavar="DATASET", help="Name of the dataset; else the connection or the host is its schema."
)
@json_option
@pass_app
def source_add(app: App, place: str, name: str | None) -> None:
    """Make a table of a database or an API a source: writes its file with what the database or a first answer tells.

    Of a table that is its columns by name, its primary key, and checks that hold in some of its rows; of an API where the records are
    and how pages follow. Personal columns are marked.
    """
    if "://" in place:
        return _add_api(app, place, name)
    from andon.service.source_add import add_source

    done = add_source(app.workspace, place, name)
    told = [f"written: {done.file}, {plural(done.columns, 'column')} of {done.connection}.{done.table}"]
    if done.key:
        told.append(f"  key: {', '.join(done.key)}")
    if done.cursor:
        told.append(f"  cursor: {done.cursor}, in a comment: without the `#` only what is new is asked for")
    if done.personal:
        told.append(f"  personal by their names, marked `pii`: {', '.join(done.personal)}; look whether that is all")
    if done.sample is None:
        told.append("  checks: none, since its rows could not be read; the load says why")
    elif done.checks and done.is_whole:
        told.append(
            f"  checks: {plural(len(done.checks), 'line')} that hold in {plural(done.sample, 'row')}, which is all of it"
        )
    elif done.checks:
        seen = f"hold in {done.sample:,} of its rows and `warn`"
        told.append(f"  checks: {plural(len(done.checks), 'line')} that {seen}; without it they hold back a load")
    told.append(f"next: andon run {done.dataset}, then andon check --suggest {done.dataset}")
    return app.console.show(done.to_json, lambda: told)


def _add_api(app: App, url: str, name: str | None) -> None:
    from andon.service.source_add_api import add_api

    done = add_api(app.workspace, url, name)
    where = f"at `{done.records}`" if done.records else "as the whole answer"
    told = [f"written: {done.file}, {plural(done.count, 'record')} of {plural(done.fields, 'field')} {where}"]
    pages = done.pagination or "nothing tells how they follow; see the API"
    if done.of is not None and not done.pagination:
        pages = f"there are {plural(done.of, 'record')}: say in `pagination` how the API turns pages"
    told.append(f"  pages: {pages}")
    if done.key:
        told.append(f"  key: {done.key}, as far as the records that came tell")
    if done.cursor:
        told.append(f"  cursor: {done.cursor}, in a comment: the API says by which parameter it is asked for")
    if done.personal:
        told.append(f"  personal by their names, marked `pii`: {', '.join(done.personal)}; look whether that is all")
    told.append(f"next: andon source check {done.dataset}, then andon run {done.dataset}")
    app.console.show(done.to_json, lambda: told)


@source.command("pin", cls=Command, examples=["andon source pin shop.orders"])
@click.argument("dataset")
@branch_option
@json_option
@pass_app
def source_pin(app: App, dataset: str, branch: str | None) -> None:
    """Write the dialect, columns and types that a source is read by into its file, so that they are reviewed with the code."""
    from andon.service.sources import pin_source

    done = pin_source(app.workspace, dataset, branch)
    word = "written into" if done.changed else "already in"
    app.console.show(done.to_json, lambda: [f"{word} {done.file}", *(f"  {text}" for text in done.contract)])


@source.command("accept", cls=Command, examples=["andon source accept shop.orders"])
@click.argument("dataset")
@branch_option
@json_option
@pass_app
def source_accept(app: App, dataset: str, branch: str | None) -> None:
    """Accept the files of a source as they are: its next load records anew how they are read. Counts up `recorded` in its file."""
    from andon.service.sources import accept_source

    done = accept_source(app.workspace, dataset, branch)
    app.console.show(done.to_json, lambda: [f"recorded: {done.recorded} written into {done.file}", "next: andon run"])


def _listed(found: Sequence[SourceInfo], ink: Ink, width: int | None) -> list[str]:
    rows: list[Sequence[Cell]] = [
        (
            each.dataset,
            (each.kind, "dim"),
            (", ".join(each.reads), "dim"),
            str(each.load),
            f"{each.rows:,}" if each.rows is not None else "",
            (moment(each.loaded) if each.loaded else "", "dim"),
            (each.state, _STYLES.get(each.state, "warn")),
            (each.why or "", "dim"),
        )
        for each in found
    ]
    if not rows:
        return []
    headers = ("source", "kind", "reads", "load", "rows", "loaded", "state", "why")
    return table(
        rows,
        ink,
        headers=headers,
        right=[4],
        width=width,
        whole=[0, 6],
        wrap=[7],
        first=[2],
        drop=[5, 3, 1, 2],
        rest="`--json` has all",
    )


def _reported(report: SourceReport, ink: Ink) -> list[str]:
    sign = ink.paint("✓", "good") if report.error is None else ink.paint("✗", "bad")
    rows = f", {plural(report.rows, 'row')}" if report.rows is not None else ""
    lines = [f"{sign} {report.dataset}  {report.brings or ''}{rows}".rstrip()]
    if report.error is not None:
        lines.append(f"  {report.error.message}")
        if report.error.hint:
            lines.append(ink.paint(f"  hint: {report.error.hint}", "dim"))
    lines += [f"  {notice}" for notice in report.notices]
    if report.personal:
        lines.append(ink.paint(f"  personal: {', '.join(report.personal)}", "dim"))
    if report.unmarked:
        lines.append(f"  personal by their names, and not marked `pii`: {', '.join(report.unmarked)}")
    return lines
