"""`andon check`."""

from __future__ import annotations

import click

from andon.base.record import replace
from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option, select_argument
from andon.cli.text.checks import failed_lines, history_lines, result_lines, sql_lines
from andon.errors import EXIT_DONE, EXIT_FAILED
from andon.render.checks import tally_text


@click.command(
    cls=Command,
    examples=[
        "andon check",
        "andon check shop.* --at main~3",
        "andon check marts.customer_value --sql",
        "andon check marts.customer_value --suggest --write",
    ],
)
@select_argument
@click.option(
    "--at", metavar="REF", help="Check that commit by its own lines; else the folder's lines on what is published."
)
@click.option("--again", is_flag=True, help="Ask anew what was answered before.")
@click.option("--sql", "as_sql", is_flag=True, help="Print what would run, and how; run nothing.")
@click.option("--history", is_flag=True, help="What the checks of one dataset said in the runs so far.")
@click.option("--suggest", is_flag=True, help="Propose lines from the data and its history.")
@click.option("--write", is_flag=True, help="With --suggest: put the proposed lines into the files.")
@json_option
@pass_app
def check(
    app: App,
    /,
    select: tuple[str, ...],
    at: str | None,
    again: bool,
    as_sql: bool,
    history: bool,
    suggest: bool,
    write: bool,
) -> int:
    """Ask the checks of the selected datasets; nothing is built or published.

    Answers are kept by content: what was asked of the same data before is not asked again.
    """
    if suggest or write:
        return _suggest(app, select, at, suggest, write)
    if history:
        return _history(app, select)
    console = app.console
    if as_sql:
        plans = app.service.checks.sql(select, at)
        console.show(
            lambda: {"checks": [p.to_json() for p in plans]},
            lambda: sql_lines(plans, console.out),
        )
        return EXIT_DONE
    report = app.service.checks.run(select, at, again=again)
    width, ink = console.width, console.out
    console.show(
        report.to_json,
        lambda: [
            *result_lines(report.results, ink, width),
            "",
            *failed_lines(report.results, ink, width),
            f"{tally_text(report.results)} · {report.at} at {report.commit.id[:8]}",
        ],
    )
    for notice in report.notices:
        console.note(f"note: {notice}", "warn")
    return EXIT_FAILED if report.failed else EXIT_DONE


def _history(app: App, select: tuple[str, ...]) -> int:
    if len(select) != 1:
        raise click.UsageError("`--history` is about one dataset")
    found = app.service.checks.history(select[0])
    console = app.console
    console.show(
        lambda: [replace(r.document(), run=r.run).to_json() for r in found],
        lambda: history_lines(found, console.out, console.width) if found else ["no run has met its checks yet"],
    )
    return EXIT_DONE


def _suggest(app: App, select: tuple[str, ...], at: str | None, suggest: bool, write: bool) -> int:
    if write and not suggest:
        raise click.UsageError("`--write` goes with `--suggest`")
    from andon.cli.commands.proposals import show_proposals

    return show_proposals(app, select, at, write)
