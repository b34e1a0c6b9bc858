"""`andon plan`, `andon run`, `andon refresh`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from andon.base.record import replace
from andon.cli.app import App, Command, pass_app
from andon.cli.options import (
    branch_option,
    decision_options,
    exclude_option,
    folder_options,
    json_option,
    message_option,
    publish_options,
    run_options,
    select_argument,
    selection_options,
    yes_option,
)
from andon.cli.run_end import confirmed, finish
from andon.cli.text.due import due_lines
from andon.cli.text.plans import plan_lines
from andon.cli.text.progress import progress
from andon.model.plan import Plan

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions


@click.command(
    cls=Command,
    examples=[
        "andon plan",
        "andon plan marts.revenue_by_month+",
        "andon plan new-segments   # a branch: its publish",
        "andon plan --due",
    ],
)
@selection_options
@folder_options
@decision_options
@click.option("--all", "everything", is_flag=True, help="List what is unchanged too.")
@click.option(
    "--due", is_flag=True, help="What a refresh is due for by now, by what `refresh:` promises; `--now` looks ahead."
)
@json_option
@pass_app
def plan(app: App, /, select: tuple[str, ...], everything: bool, due: bool, **options: Any) -> None:
    """What a run would do, dataset by dataset, and why. Nothing is built.

    SELECT is a dataset (`shop.orders`), with `+` what it reads or what reads it (`+marts.x`, `marts.x+`, `2+marts.x`), a schema
    (`marts.*`), `tag:NAME` or `state:changed`. The name of a branch plans its publish into main.
    """
    chosen = run_options(select, **options)
    if due:
        promised = app.service.promises.due(chosen)
        app.console.show(promised.to_json, lambda: due_lines(promised, app.console))
        return
    found, source = _plan(app, chosen)

    def lines() -> list[str]:
        known = app.service.run_changes.ahead(found, source) if found.moves else None
        return plan_lines(found, app.console, everything, known=known)

    app.console.show(found.to_json, lines)


@click.command(
    cls=Command,
    examples=["andon run", "andon run +marts.revenue_by_month --branch try", "andon run --yes --json | jq .commit"],
)
@selection_options
@folder_options
@decision_options
@publish_options
@yes_option
@pass_app
def run(app: App, /, select: tuple[str, ...], yes: bool, **options: Any) -> int:
    """Build what changed and publish it, for the whole lake in one step.

    What was built before, on any branch, is reused. A change of main's code is asked about first; without a terminal it needs
    --yes. The result is also a commit of its own, `run:N`, that can be queried when it was not published.
    """
    chosen, runs = run_options(select, **options), app.service.runs
    result = confirmed(app, yes, chosen, runs.run)
    return finish(app, result, chosen, "publish.change")


@click.command(cls=Command, examples=["andon refresh", "andon refresh shop.* --now 2026-11-01"])
@selection_options
@decision_options
@publish_options
@pass_app
def refresh(app: App, /, select: tuple[str, ...], **options: Any) -> int:
    """Build the branch's own code on today's inputs and publish what is healthy. Never asks: no code is changed."""
    from andon.runs.goal import Listener

    chosen = run_options(select, **options)
    with progress(app.console) as report:
        result = app.service.runs.refresh(chosen, Listener(report))
    return finish(app, result, chosen, "publish.refresh")


@click.command(cls=Command, examples=["andon optimize", "andon optimize shop.* --json"])
@select_argument
@exclude_option
@branch_option
@message_option
@json_option
@pass_app
def optimize(app: App, /, select: tuple[str, ...], **options: Any) -> int:
    """Put small files of published tables together. No row changes, and nothing that reads them is built again.

    Tables that grow do that by themselves when they stand on many small files.
    """
    from andon.runs.goal import Listener

    chosen = run_options(select, **options)
    with progress(app.console) as report:
        result = app.service.runs.optimize(chosen, Listener(report))
    return finish(app, result, chosen, "publish.refresh")


def _plan(app: App, options: RunOptions) -> tuple[Plan, str | None]:
    """The plan, and the branch that it publishes."""
    if len(options.select) == 1:
        ref = app.workspace.lake.refs.find(options.select[0])
        if ref is not None and ref.kind == "branch":
            return app.service.branches.plan_publish(ref.name, options=replace(options, select=())), ref.name
    return app.service.runs.plan(options), None
