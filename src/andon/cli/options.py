"""Options that commands share, and what they say to the service."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from andon.cli.app import App
from andon.settings.table import POLICIES

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions

Function = TypeVar("Function", bound=Callable[..., Any])

#: A term of a selection: what stands before a path, the path, what stands after it.
_TERM_PARTS = re.compile(r"(!?(?:\d*\+)?(?:path:)?)(.*?)((?:\+\d*)?)", re.DOTALL)
_PATH_ENDINGS = (".sql", ".py")


class MomentType(click.ParamType):  # type: ignore[type-arg] # generic only in newer versions of click
    """A moment as ISO text; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware moment."""
        from andon.base.clock import from_text

        try:
            return from_text(value)
        except ValueError:
            self.fail(f"`{value}` is not a time: write `2026-11-01` or `2026-11-01T06:00`", param, ctx)


def selection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`[SELECT]… --exclude --branch --force --now`."""
    for option in (
        click.option(
            "--now", type=MomentType(), metavar="TIME", envvar="ANDON_NOW", help="The clock that the run sees."
        ),
        click.option("--no-proofs", is_flag=True, help="Build also what is proved to come out the same."),
        click.option(
            "--full",
            is_flag=True,
            help="Make tables that grow and loads whole, of what is selected, and keep none of their rows.",
        ),
        click.option("--force", is_flag=True, help="Build what is selected even where its result is known."),
        exclude_option,
        branch_option,
        select_argument,
    ):
        function = option(function)
    return function


def select_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """`[SELECT]…`: terms of a selection."""
    return click.argument("select", nargs=-1, metavar="[SELECT]...", callback=_project_paths)(function)


def exclude_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--exclude`: terms that are taken away."""
    help_text = "Leave these out; may be given again."
    return click.option("--exclude", multiple=True, metavar="SELECT", help=help_text, callback=_project_paths)(function)


def _project_paths(ctx: click.Context, _: click.Parameter, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Terms in which paths, typed from where the person stands, are those of the project."""
    app = ctx.find_object(App)
    if app is None or not any("/" in term or term.endswith(_PATH_ENDINGS) for term in terms):
        return terms
    return tuple(_project_path(term, app.workspace.root) for term in terms)


def _project_path(term: str, root: Path) -> str:
    before, core, after = _TERM_PARTS.fullmatch(term).groups()  # type: ignore[union-attr] # fits any text
    place = Path(core).resolve()
    if not ("/" in core or core.endswith(_PATH_ENDINGS)) or not place.exists() or not place.is_relative_to(root):
        return term
    return f"{before}{place.relative_to(root).as_posix()}{after}"


def folder_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--drop --forward`, for what reads the folder."""
    for option in (
        click.option(
            "--forward",
            is_flag=True,
            help="Where the definition of a table that grows changed, keep its rows as they were made.",
        ),
        click.option("--drop", is_flag=True, help="Drop from the lake what this folder lacks."),
    ):
        function = option(function)
    return function


def decision_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--mine --theirs`, for what merges."""
    for option in (
        click.option(
            "--theirs",
            multiple=True,
            metavar="PATH",
            help="Where both sides changed PATH (a file, a folder, or `.`), what is published stays; may be given again.",
        ),
        click.option(
            "--mine",
            multiple=True,
            metavar="PATH",
            help="Where both sides changed PATH, the folder's (or the branch's) takes its place; may be given again.",
        ),
    ):
        function = option(function)
    return function


def publish_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--publish --message --json`."""
    for option in (
        json_option,
        message_option,
        click.option("--publish", "policy", type=click.Choice(POLICIES), help="What is published if something fails."),
    ):
        function = option(function)
    return function


def message_option(function: Function) -> Function:
    """`--message`: what the commit says of itself."""
    return click.option("--message", "-m", metavar="TEXT", help="Of the commit.")(function)


def publish_flag(function: Function) -> Function:
    """`--publish`, for what is shown first and published on a word."""
    help_text = "Publish it without asking."
    return click.option("--publish", "--yes", "-y", "publish", is_flag=True, help=help_text)(function)


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--yes`, for what may ask."""
    return click.option("--yes", "-y", is_flag=True, help="Don't ask.")(function)


def run_options(
    select: tuple[str, ...],
    *,
    branch: str | None = None,
    exclude: tuple[str, ...] = (),
    policy: str | None = None,
    force: bool = False,
    now: datetime | None = None,
    drop: bool = False,
    mine: tuple[str, ...] = (),
    theirs: tuple[str, ...] = (),
    message: str | None = None,
    no_proofs: bool = False,
    full: bool = False,
    forward: bool = False,
) -> RunOptions:
    """The service's options from the command's."""
    from andon.runs.goal import RunOptions

    return RunOptions(
        select=select,
        exclude=exclude,
        branch=branch,
        publish=policy,
        force=force,
        now=now,
        drop=drop,
        mine=mine,
        theirs=theirs,
        message=message,
        proofs=not no_proofs,
        full=full,
        forward=forward,
    )


def json_option(function: Function) -> Function:
    """`--json`: one document on stdout."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        app = ctx.find_object(App)
        if value and app is not None:
            app.console.as_json = True

    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=remember,
        help="One JSON document on stdout.",
    )(function)


def branch_option(function: Function) -> Function:
    """`--branch`: another branch than the folder's."""
    return click.option(
        "--branch",
        metavar="BRANCH",
        envvar="ANDON_BRANCH",
        callback=_named,
        help="Another branch than the folder's.",
    )(function)


def _named(context: click.Context, option: click.Parameter, branch: str | None) -> str | None:
    if branch == "":  # a variable that a script did not set would publish to the folder's branch
        raise click.BadParameter("it is empty; leave it out for the folder's branch", context, option)
    return branch


def at_option(function: Function) -> Function:
    """`--at`: the commit that is looked at."""
    return click.option("--at", metavar="REF", help="Another commit than the branch's newest.")(function)
