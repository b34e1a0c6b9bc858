"""`andon rename`, `andon retire`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from andon.base.text import plural
from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option, message_option, publish_flag
from andon.cli.run_end import confirmed, finish
from andon.cli.text.plans import plan_lines
from andon.errors import EXIT_DONE, EXIT_FAILED
from andon.lake.refs import MAIN
from andon.render.words import names as listed

if TYPE_CHECKING:
    from andon.runs.goal import Listener, RunOptions
    from andon.service.renaming import Moved


@click.command(
    cls=Command,
    examples=[
        "andon rename marts.totals marts.revenue --publish",
        "andon rename marts.totals marts.revenue --leave-view",
        "andon rename monthly revenue_of_a_month",
    ],
)
@click.argument("old")
@click.argument("new")
@click.option("--leave-view", is_flag=True, help="Leave a view under the old name, and what reads it as it is.")
@branch_option
@message_option
@publish_flag
@json_option
@pass_app
def rename(
    app: App, /, old: str, new: str, leave_view: bool, branch: str | None, message: str | None, publish: bool
) -> int:
    """Give a dataset, or a saved query, another name, in one publish with all files that name it.

    A query is rewritten where its tree proves that it says the same; what can't be proved is named, and nothing is done. What reads
    the dataset from elsewhere finds the new name only, unless --leave-view.
    """
    from andon.runs.goal import RunOptions

    options = RunOptions(branch=branch, message=message)

    def do(its: RunOptions, listener: Listener | None, is_dry: bool) -> Moved:
        return app.service.renaming.rename(old, new, its, listener, leaves_view=leave_view, is_dry=is_dry)

    return show_and_do(app, options, publish, do)


@click.command(cls=Command, examples=["andon retire marts.totals", "andon retire marts.totals marts.best --publish"])
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@branch_option
@message_option
@publish_flag
@json_option
@pass_app
def retire(app: App, /, names: tuple[str, ...], branch: str | None, message: str | None, publish: bool) -> int:
    """Take datasets and saved queries away, in one publish; their past stays, and `andon undo` brings them back.

    What still reads one is named, and nothing is done.
    """
    from andon.runs.goal import RunOptions

    options = RunOptions(branch=branch, message=message)

    def do(its: RunOptions, listener: Listener | None, is_dry: bool) -> Moved:
        return app.service.renaming.retire(names, its, listener, is_dry=is_dry)

    return show_and_do(app, options, publish, do)


def show_and_do(
    app: App, options: RunOptions, publish: bool, do: Callable[[RunOptions, Listener | None, bool], Moved]
) -> int:
    """Show what would be done, or do it once somebody agreed.

    Returns:
        The exit status.
    """
    console = app.console
    found = do(options, None, True)
    if not console.as_json:
        _show_files(app, found)
    if not publish and not console.can_ask and found.branch == MAIN:
        console.show(found.to_json, lambda: plan_lines(found.plan, console, False))
        console.note("nothing is published yet: `--publish` publishes it, `--branch NAME` does so aside")
        return EXIT_DONE
    found = confirmed(app, publish, options, lambda its, listener: do(its, listener, False), is_of_folder=False)
    assert found.run is not None  # it was no dry one
    if console.as_json:
        console.json(found.to_json())
        return EXIT_DONE if found.published else EXIT_FAILED
    status = finish(app, found.run, options, "publish.change")
    if not found.published:
        console.note(f"nothing is renamed or retired: the folder and {found.branch} are as they were")
        return EXIT_FAILED
    if found.behind:
        console.note(f"not in this folder: {listed(found.behind)}; `{app.command('pull')}` brings it")
    return status


def _show_files(app: App, found: Moved) -> None:
    """The files that it writes and removes."""
    ink = app.console.out
    own = len(found.names)
    name = listed(found.names) if found.new is None else f"{found.names[0]} → {found.new}"
    others = len(found.written) - own if found.new is not None else 0
    more = f"  {ink.paint(plural(others, 'other file') + ' with it', 'dim')}" if others > 0 else ""
    ink.line(f"{ink.paint(name, 'bold')}{more}")
    for sign, style, paths in (("-", "bad", found.removed), ("+", "good", found.written)):
        for path in paths:
            ink.line(f"  {ink.paint(sign, style)} {path}")
    ink.line("")
