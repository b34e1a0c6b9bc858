"""`andon log`, `andon undo`, `andon redo`, `andon accept`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from andon.base.text import plural
from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option, message_option, run_options, yes_option
from andon.cli.run_end import finish
from andon.cli.text.history import log_lines, reverted_lines, schema_lines
from andon.cli.text.plans import plan_lines
from andon.cli.text.progress import progress
from andon.cli.text.run_changes import asked_lines
from andon.cli.text.saved import past_lines
from andon.errors import EXIT_DONE, UsageError
from andon.model.commit import CauseDocument
from andon.render.visible import visible
from andon.render.words import names, short
from andon.service.documents import AcceptedDocument

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.reverted import Reverted
    from andon.service.undo_older import UndoWanted


@click.command(
    cls=Command,
    examples=[
        "andon log",
        "andon log marts.revenue_by_month",
        "andon log marts.revenue_by_month --schema",
        "andon log --at main@2026-11-01 -n 5",
        "andon log shop.orders --queries",
    ],
)
@click.argument("dataset", required=False)
@click.option("--at", metavar="REF", help="Where to begin; the branch's newest commit otherwise.")
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Commits at most.")
@click.option("--schema", is_flag=True, help="Only changes of DATASET's columns and types.")
@click.option("--queries", is_flag=True, help="What people asked instead; with DATASET, of it.")
@json_option
@pass_app
def log(app: App, dataset: str | None, at: str | None, limit: int, schema: bool, queries: bool) -> None:
    """What readers saw, newest first; with DATASET only what changed it, with --schema only what changed its columns.

    With --queries, what people asked: your own questions first, one line for those that differ in values alone.
    """
    if queries:
        asked = app.service.query_history.newest(limit, dataset)
        nothing = "no questions yet; `andon query` asks one"
        out, width = app.console.out, app.console.width
        app.console.show(lambda: [q.to_json() for q in asked], lambda: past_lines(asked, out, width) or [nothing])
        return
    if schema:
        _schema_log(app, dataset, at, limit)
        return
    entries = app.service.history.log(at, dataset, limit)
    app.console.show(
        lambda: [e.to_json() for e in entries], lambda: log_lines(entries, app.console.out, app.console.width)
    )


@click.command(cls=Command, examples=["andon undo", "andon undo 3f2a9c1d --yes"])
@click.argument("commit", required=False)
@branch_option
@message_option
@yes_option
@json_option
@pass_app
def undo(app: App, commit: str | None, branch: str | None, message: str | None, yes: bool) -> int:
    """Take the newest publish back: readers see at once what they saw before, no data is moved.

    What it brought stays out until it is changed or accepted again. With COMMIT, an older publish: its code is taken out of what is
    published since, the rest is planned on today's inputs, and verdicts and rows that differ are shown first.
    """
    wanted = app.service.reverting.wanted(commit, branch)
    if not yes and wanted.question is not None and not app.console.can_ask:
        _refuse(app, wanted, branch)
    if not wanted.restores:
        return _undo_older(app, wanted.target, branch, message, yes)
    asked = not yes and wanted.question is not None
    if asked:
        _ask(app, wanted)
    done = app.service.undoing.undo(branch, expect=wanted.target.id, message=message)
    app.console.show(done.to_json, lambda: _reverted(app, done, "undone", not asked))
    return EXIT_DONE


@click.command(cls=Command, examples=["andon redo", "andon redo --yes"])
@branch_option
@yes_option
@json_option
@pass_app
def redo(app: App, branch: str | None, yes: bool) -> None:
    """Bring back what the newest undo took, unless it was published anew since. It never asks; --yes is taken for scripts."""
    del yes
    done = app.service.undoing.redo(branch)
    app.console.show(done.to_json, lambda: _reverted(app, done, "redone", True))


@click.command(
    cls=Command,
    examples=[
        'andon accept run:41 "rows 20_000..30_000" --reason "the spring sale ended"',
        "andon accept --rejected datasets/marts/orders.sql --rejected raw",
        "andon accept --all",
    ],
)
@click.argument("run", required=False, metavar="[run:N]")
@click.argument("checks", nargs=-1, metavar="[CHECK]...")
@click.option("--reason", "-m", metavar="TEXT", help="Why the result is right all the same; kept in the commit.")
@click.option(
    "--rejected", "paths", multiple=True, metavar="PATH", help="A file, or a folder of files, that undos keep out."
)
@click.option("--all", "everything", is_flag=True, help="All that undos keep out.")
@branch_option
@json_option
@pass_app
def accept(
    app: App,
    run: str | None,
    checks: tuple[str, ...],
    reason: str | None,
    paths: tuple[str, ...],
    everything: bool,
    branch: str | None,
) -> int:
    """Publish the result of a run in spite of a check, once; or let what an undo took out pass again.

    CHECK is the name or the text of a check that holds the run, as the run shows it. With --rejected PATH, what undos keep out
    there may come in again with the next run; `andon status` lists it. Several paths are one commit.
    """
    places = (".",) if everything else paths
    if (run is None) == (not places) or (run is not None and not checks):
        raise click.UsageError("say either `run:N CHECK --reason TEXT`, `--rejected PATH` or `--all`")
    if run is not None:
        return _accept_result(app, run, checks, reason or "")
    return _accept_rejected(app, places, branch)


def _accept_result(app: App, run: str, checks: tuple[str, ...], reason: str) -> int:
    number = run.removeprefix("run:")
    if not number.isdigit():
        raise UsageError("usage.bad_argument", f"`{run}` is not a run", hint="write it as `run:41`")
    from andon.runs.goal import Listener

    with progress(app.console) as report:
        result = app.service.checks.accept(int(number), checks, reason, Listener(report))
    return finish(app, result, run_options(()), "publish.change")


def _accept_rejected(app: App, places: Sequence[str], branch: str | None) -> int:
    commit, lifted = app.service.undoing.accept_rejected(*places, branch=branch)
    app.console.show(
        lambda: AcceptedDocument(commit.id, [CauseDocument.about(c) for c in lifted]).to_json(),
        lambda: [
            f"accepted {names(sorted({c.path for c in lifted}))} again as {short(commit.id)}; `andon run` takes it"
        ],
    )
    return EXIT_DONE


def _schema_log(app: App, dataset: str | None, at: str | None, limit: int) -> None:
    if dataset is None:
        raise UsageError(
            "usage.bad_argument",
            "`--schema` needs a dataset",
            hint="`andon log DATASET --schema`; `andon ls` lists them",
        )
    changes = app.service.history.schema_log(dataset, at, limit)
    app.console.show(
        lambda: [c.to_json() for c in changes], lambda: schema_lines(changes, app.console.out, app.console.width)
    )


def _reverted(app: App, done: Reverted, word: str, rows: bool) -> list[str]:
    """What was taken back or brought again; with what is known of its rows, if no question told them."""
    changes = app.service.run_changes.of_commit(done.commit) if rows else None
    return reverted_lines(done, app.console.out, word, app.console.width, changes)


def _refuse(app: App, wanted: UndoWanted, branch: str | None) -> NoReturn:
    """Where nobody can be asked, what would be asked about is not done."""
    place = f" --branch {branch}" if branch else ""
    command = app.command(f"undo {short(wanted.target.id)}{place} --yes")
    assert wanted.question is not None  # else nothing is asked
    raise UsageError(
        "usage.confirmation_needed", wanted.question, where=short(wanted.target.id), hint=f"`{command}` does it"
    )


def _ask(app: App, wanted: UndoWanted) -> None:
    """Ask about an undo of somebody else's work, or of a refresh; whoever is asked sees what it changes."""
    ink = app.console.err
    what = f"{short(wanted.target.id)} ({wanted.target.message}; {plural(len(wanted.datasets), 'dataset')})"
    ink.line(f"takes back {what}: {names(wanted.datasets)}")
    for text in [*asked_lines(app.service.run_changes.undone(wanted.target), ink, app.console.width), ""]:
        ink.line(text)
    if not click.confirm(visible(f"{wanted.reason}; take it back?"), default=False, err=True):
        raise UsageError("usage.confirmation_needed", "not confirmed; nothing was done")


def _undo_older(app: App, target: Commit, branch: str | None, message: str | None, yes: bool) -> int:
    """Undo of what gives readers something they never saw: built aside and shown first, published when confirmed."""
    console = app.console
    reverting = app.service.reverting
    place = app.workspace.branch(branch)
    from andon.runs.goal import Listener

    with progress(console) as report:
        tried = reverting.attempt(target, branch, Listener(report))
    ink = console.err
    for text in plan_lines(tried.plan, console, False, ink=ink):
        ink.line(text)
    for text in [*asked_lines(tried.changes, ink, console.width), ""]:
        ink.line(text)
    if not yes and not click.confirm(f"take {short(target.id)} out of {place}?", default=False, err=True):
        raise UsageError("usage.confirmation_needed", "not confirmed; nothing was published")
    result = reverting.revert(target, branch, message)
    return finish(app, result, run_options(()), "publish.change")
