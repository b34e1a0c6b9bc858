"""`andon branch …`, `andon publish`, `andon tag`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from andon.base.text import plural
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import decision_options, json_option, publish_options, run_options, yes_option
from andon.cli.output import Cell
from andon.cli.run_end import confirmed, finish
from andon.cli.table import table
from andon.errors import UsageError
from andon.render.words import moment, names, short
from andon.service.documents import BranchDropped, BranchMade, BranchSwitched, TagDocument


@click.group(cls=Noun, examples=["andon branch create try", "andon branch switch try", "andon branch list"])
def branch() -> None:
    """Work aside: a branch is the whole lake and its code under another name. Nothing is copied."""


@branch.command("list", cls=Command, examples=["andon branch list", "andon branch list --json"])
@json_option
@pass_app
def list_branches(app: App) -> None:
    """All branches: head, age, and how many datasets differ from main. `*` marks the folder's."""
    found = app.service.branches.list()
    out = app.console.out
    rows: list[Sequence[Cell]] = [
        (
            ("*" if b.current else " ", "accent"),
            (b.name, "bold" if b.current else ""),
            (short(b.commit), "accent"),
            (moment(b.updated), "dim"),
            (b.author, "dim"),
            f"{plural(b.differs, 'dataset')} differ{'s' if b.differs == 1 else ''}" if b.differs else "",
            (b.message, "dim"),
        )
        for b in found
    ]
    app.console.show(
        lambda: [b.to_json() for b in found],
        lambda: table(
            rows,
            out,
            width=app.console.width,
            whole=[0, 1, 2, 3, 5],
            wrap=[4, 6],
            first=[6],
            drop=[4, 6],
            names=["", "branch", "head", "moved at", "author", "differs", "message"],
            rest="`--json` has all",
        ),
    )


@branch.command(
    "create", cls=Command, examples=["andon branch create try", "andon branch create audit --at main@2026-11-01"]
)
@click.argument("name")
@click.option("--at", metavar="REF", default="main", show_default=True, help="Where it begins.")
@json_option
@pass_app
def create(app: App, name: str, at: str) -> None:
    """Make a branch. The folder stays on its own: `andon run --branch NAME` or `andon branch switch NAME` work on it."""
    ref = app.service.branches.create(name, at)
    app.console.show(
        BranchMade(ref.name, ref.commit, at).to_json,
        lambda: [f"branch {ref.name} at {app.console.out.paint(short(ref.commit), 'accent')}"],
    )


@branch.command("drop", cls=Command, examples=["andon branch drop try"])
@click.argument("name")
@yes_option
@json_option
@pass_app
def drop(app: App, name: str, yes: bool) -> None:
    """Remove a branch. Work on it that was not published is asked about; without a terminal that needs --yes."""
    seen = None if yes else app.workspace.lake.refs.find(name)
    work = () if seen is None else app.service.branches.unpublished(name)
    if work:
        what = f"{name} has work that was not published: {names(work)}"
        if not app.console.can_ask:
            raise UsageError(
                "usage.confirmation_needed",
                what,
                where=name,
                hint=f"`{app.command(f'publish {name}')}` publishes it, `{app.command(f'branch drop {name} --yes')}` drops it",
            )
        app.console.err.line(what)
        if not click.confirm(f"drop {name}?", default=False, err=True):
            raise UsageError("usage.confirmation_needed", "not confirmed; nothing was done")
    ref = app.service.branches.drop(name, seen.commit if seen is not None else None)
    app.console.show(
        BranchDropped(ref.name, ref.commit, True).to_json,
        lambda: [f"dropped {ref.name}; it was {short(ref.commit)}"],
    )


@branch.command("switch", cls=Command, examples=["andon branch switch try", "andon branch switch --create try"])
@click.argument("name")
@click.option("--create", "-c", is_flag=True, help="Make it if it is not there.")
@json_option
@pass_app
def switch(app: App, name: str, create: bool) -> None:
    """Work on another branch: its files come into the folder. Refused when edits would be lost."""
    already = app.workspace.branch() == name
    ref, paths = app.service.branches.switch(name, create)
    changed = f"; {plural(len(paths), 'file')} changed here: {names(paths)}" if paths else ""
    word = "already on" if already else "on"
    if already:
        changed = "; nothing was done (`andon pull` brings what is newer there)"
    app.console.show(
        BranchSwitched(ref.name, ref.commit, list(paths)).to_json,
        lambda: [f"{word} {ref.name} at {app.console.out.paint(short(ref.commit), 'accent')}{changed}"],
    )


@click.command(cls=Command, examples=["andon publish try", "andon publish try --yes -m 'New segments'"])
@click.argument("name", metavar="BRANCH")
@click.option("--into", default="main", show_default=True, help="The branch that takes it.")
@decision_options
@publish_options
@yes_option
@pass_app
def publish(app: App, /, name: str, into: str, yes: bool, **options: Any) -> int:
    """Publish a branch into main: its code is merged, what is not known yet is built, and main moves in one step.

    What the branch built is not built again. A file that both changed is a conflict (exit 3) until --mine or --theirs decides.
    """
    asked, branches = run_options((), **options), app.service.branches
    result = confirmed(
        app,
        yes,
        asked,
        lambda chosen, listener: branches.publish(name, into, chosen, listener),
        name,
    )
    return finish(app, result, asked, "publish.change")


@click.command(
    cls=Command, examples=["andon tag", "andon tag month-end-may", "andon tag audit main~3", "andon tag audit --delete"]
)
@click.argument("name", required=False)
@click.argument("ref", required=False)
@click.option("--delete", "-d", is_flag=True, help="Remove the tag.")
@json_option
@pass_app
def tag(app: App, name: str | None, ref: str | None, delete: bool) -> None:
    """Name a commit for good: the branch's newest, or REF. Without a name: list all tags."""
    branches, out = app.service.branches, app.console.out
    if name is None:
        if delete:
            raise UsageError("usage.bad_argument", "`--delete` needs the name of a tag", hint="`andon tag` lists them")
        tags = branches.tags()
        rows: list[Sequence[Cell]] = [(t.name, (short(t.commit), "accent"), (moment(t.updated), "dim")) for t in tags]
        app.console.show(
            lambda: [TagDocument(t.name, t.commit, t.updated).to_json() for t in tags],
            lambda: table(rows, out) or ["no tags"],
        )
        return
    found = branches.untag(name) if delete else branches.tag(name, ref)
    word = "removed tag" if delete else "tag"
    app.console.show(
        TagDocument(found.name, found.commit, deleted=delete).to_json,
        lambda: [f"{word} {found.name} at {out.paint(short(found.commit), 'accent')}"],
    )
