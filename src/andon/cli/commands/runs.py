"""`andon plan`, `andon run`, `andon refresh`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from andon.cli.app import App, Command, branch_option, json_option, pass_app
from andon.cli.output import Console, table
from andon.cli.text.checks import failed_lines, next_steps
from andon.cli.text.plans import held_lines, plan_document, plan_lines, run_lines
from andon.cli.text.progress import progress
from andon.cli.text.verdicts import change_rows
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError
from andon.model.plan import Plan
from andon.model.run import RunResult, Status

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions
    from andon.service.runs import Shown

POLICIES = ("all-or-nothing", "healthy", "none")


class Moment(click.ParamType):  # type: ignore[type-arg] # generic only in newer versions of click
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
        click.option("--now", type=Moment(), metavar="TIME", envvar="ANDON_NOW", help="The clock that the run sees."),
        click.option("--no-proofs", is_flag=True, help="Build also what is proved to come out the same."),
        click.option("--force", is_flag=True, help="Build what is selected even where its result is known."),
        click.option("--exclude", multiple=True, metavar="SELECT", help="Leave these out; may be given again."),
        branch_option,
        click.argument("select", nargs=-1, metavar="[SELECT]..."),
    ):
        function = option(function)
    return function


def folder_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--drop`, for what reads the folder."""
    return click.option("--drop", is_flag=True, help="Drop from the lake what this folder lacks.")(function)


def publish_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--publish --message --json`."""
    for option in (
        json_option,
        click.option("--message", "-m", metavar="TEXT", help="Of the commit."),
        click.option("--publish", "policy", type=click.Choice(POLICIES), help="What is published if something fails."),
    ):
        function = option(function)
    return function


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--yes`, for what may ask."""
    return click.option("--yes", "-y", is_flag=True, help="Don't ask.")(function)


@click.command(
    cls=Command,
    examples=["andon plan", "andon plan marts.revenue_by_month+", "andon plan new-segments   # a branch: its publish"],
)
@selection_options
@folder_options
@click.option("--all", "everything", is_flag=True, help="List what is unchanged too.")
@json_option
@pass_app
def plan(app: App, /, select: tuple[str, ...], everything: bool, **options: Any) -> None:
    """What a run would do, dataset by dataset, and why. Nothing is built.

    SELECT is a dataset (`shop.orders`), with `+` what it reads or what reads it (`+marts.x`, `marts.x+`, `2+marts.x`), a schema
    (`marts.*`), `tag:NAME` or `state:changed`. The name of a branch plans its publish into main.
    """
    chosen = run_options(select, **options)
    found = _plan(app, chosen)
    seconds = sum(s.seconds or 0.0 for s in found.works)
    app.console.show(lambda: plan_document(found), lambda: plan_lines(found, app.console, everything, seconds))


@click.command(
    cls=Command,
    examples=["andon run", "andon run +marts.revenue_by_month --branch try", "andon run --yes --json | jq .commit"],
)
@selection_options
@folder_options
@publish_options
@yes_option
@pass_app
def run(app: App, /, select: tuple[str, ...], yes: bool, **options: Any) -> int:
    """Build what changed and publish it, for the whole lake in one step.

    What was built before, on any branch, is reused. A change of main's code is asked about first; without a terminal it needs
    --yes. The result is also a commit of its own, `run:N`, that can be queried when it was not published.
    """
    from andon.runs.goal import Line

    chosen = run_options(select, **options)
    with progress(app.console) as report:
        result = confirmed(app.console, yes, chosen, lambda options: app.service.runs.run(options, Line(report)))
    return finish(app, result, chosen, "publish.change")


@click.command(cls=Command, examples=["andon refresh", "andon refresh shop.* --now 2026-11-01"])
@selection_options
@publish_options
@pass_app
def refresh(app: App, /, select: tuple[str, ...], **options: Any) -> int:
    """Build the branch's own code on today's inputs and publish what is healthy. Never asks: no code is changed."""
    from andon.runs.goal import Line

    chosen = run_options(select, **options)
    with progress(app.console) as report:
        result = app.service.runs.refresh(chosen, Line(report))
    return finish(app, result, chosen, "publish.refresh")


def run_options(
    select: tuple[str, ...],
    *,
    branch: str | None = None,
    exclude: tuple[str, ...] = (),
    policy: str | None = None,
    force: bool = False,
    now: datetime | None = None,
    drop: bool = False,
    message: str | None = None,
    no_proofs: bool = False,
) -> RunOptions:
    """The service's options from the command's."""
    from andon.runs.goal import RunOptions

    return RunOptions(select, exclude, branch, policy, force, now, drop, message, not no_proofs)


def confirmed(console: Console, yes: bool, options: RunOptions, run: Callable[[RunOptions], RunResult]) -> RunResult:
    """What `run` gives; a change of main is confirmed by --yes, by asking with the plan shown, or not at all.

    Raises:
        UsageError: `usage.confirmation_needed`.
    """
    from andon.runs.goal import ANY_PLAN, PlanUnconfirmed

    if yes:
        return run(replace(options, agreed=ANY_PLAN))
    while True:
        try:
            return run(options)
        except PlanUnconfirmed as error:
            if not console.can_ask:
                raise
            options = replace(options, agreed=_asked(console, error.plan))


def _asked(console: Console, found: Plan) -> str:
    """The digest of a plan that a person was shown and agreed to."""
    for text in plan_lines(found, console, False, 0.0, ink=console.err):
        console.err.line(text)
    if not click.confirm(f"publish this to {found.branch}?", default=False, err=True):
        raise UsageError(
            "usage.confirmation_needed", "not confirmed; nothing was done", hint="`andon plan` shows it again"
        )
    return found.digest


def finish(app: App, result: RunResult, options: RunOptions, setting: str) -> int:
    """Show how a run ended; its exit status."""
    console = app.console
    console.show(
        result.to_json,
        lambda: [
            *run_lines(result, console.out, console.width),
            *change_lines(app.service.runs.changes(result), console),
        ],
    )
    failing = result.failed_checks
    if failing:
        for text in ["", *failed_lines(failing, console.err, console.width)]:
            console.err.line(text)
        holding = [c for c in failing if c.holds]
        if holding and result.run is not None:
            for text in next_steps(result.run, holding, app.command("").strip()):
                console.err.line(text)
    if any(t.status is Status.FAILED for t in result.tasks):
        for text in held_lines(result, app.console.err):
            app.console.err.line(text)
    policy = options.publish or str(app.workspace.settings.get(setting))
    failed = any(t.status in (Status.FAILED, Status.HELD) for t in result.tasks)
    return EXIT_FAILED if failed or (not result.published and policy != "none") else EXIT_DONE


def change_lines(shown: Shown, console: Console) -> list[str]:
    """What a change changed for readers: verdict and rows, by dataset."""
    rows = change_rows(shown.rows, dict(shown.verdicts), dict(shown.totals))
    if not rows:
        return []
    title = console.out.paint(f"changed since {shown.base[:8]}", "dim")
    return ["", title, *table(rows, console.out, width=console.width, indent="  ", whole=[0])]


def _plan(app: App, options: RunOptions) -> Plan:
    if len(options.select) == 1:
        ref = app.workspace.lake.refs.find(options.select[0])
        if ref is not None and ref.kind == "branch":
            return app.service.branches.plan_publish(ref.name, options=_without_selection(options))
    return app.service.runs.plan(options)


def _without_selection(options: RunOptions) -> RunOptions:
    return replace(options, select=())
