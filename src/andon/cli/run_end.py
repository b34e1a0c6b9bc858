"""Before and after a run: a change is confirmed, the end is shown, the exit status says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from andon.base.record import replace
from andon.cli.app import App
from andon.cli.text.plans import held_lines, plan_lines, run_lines
from andon.cli.text.progress import progress
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError
from andon.model.event import Reporter
from andon.model.plan import Action, Plan
from andon.model.run import RunResult, TaskStatus
from andon.render.words import names

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions


def confirmed(
    app: App,
    yes: bool,
    options: RunOptions,
    plan: Callable[[RunOptions], Plan],
    run: Callable[[RunOptions, Reporter], RunResult],
) -> RunResult:
    """What `run` gives; a change of main is confirmed by --yes, by asking with all that is known shown, or not at all.

    The question stands alone: no live view runs beside it, also where a branch that moved meanwhile makes it another plan.

    Args:
        plan: the same plan, for somebody who looks at it: with verdicts and times.

    Raises:
        UsageError: `usage.confirmation_needed`.
    """
    from andon.runs.goal import ANY_PLAN, PlanUnconfirmed

    console = app.console
    if yes:
        options = replace(options, agreed=ANY_PLAN)
    while True:
        try:
            with progress(console) as report:
                return run(options, report)
        except PlanUnconfirmed:
            if not console.can_ask:
                raise
        # planned again, and what is shown is what is agreed to: should the folder differ by then, the digest does too
        if options.agreed is not None:
            console.note("what was agreed to is another plan by now:", "warn")
        options = replace(options, agreed=_asked(app, plan(options)))


def _asked(app: App, found: Plan) -> str:
    """The digest of a plan that a person was shown and agreed to."""
    console = app.console
    known = app.service.run_changes.ahead(found)
    for text in plan_lines(found, console, False, ink=console.err, known=known):
        console.err.line(text)
    later = [s.dataset for s in found.works if s.action is Action.BUILD and s.reason != "new"]
    if later:
        console.note(
            f"which rows of {names(later)} differ is known once {'it is' if len(later) == 1 else 'they are'} built"
        )
    if not click.confirm(f"publish this to {found.branch}?", default=False, err=True):
        raise UsageError(
            "usage.confirmation_needed", "not confirmed; nothing was done", hint="`andon plan` shows it again"
        )
    return found.digest


def finish(app: App, result: RunResult, options: RunOptions, setting: str) -> int:
    """Show how a run ended; its exit status."""
    console = app.console
    console.show(result.to_json, lambda: [*run_lines(result, console.out, console.width), *_changes(app, result)])
    failing = result.failed_checks
    if failing:
        from andon.cli.text.checks import failed_lines, next_steps

        for text in ["", *failed_lines(failing, console.err, console.width)]:
            console.err.line(text)
        holding = [c for c in failing if c.holds]
        if holding and result.run is not None:
            for text in next_steps(result.run, holding, app.command("").strip()):
                console.err.line(text)
    if any(t.status is TaskStatus.FAILED for t in result.tasks):
        for text in held_lines(result, app.console.err):
            app.console.err.line(text)
    policy = options.publish or str(app.workspace.settings.get(setting))
    failed = any(t.status in (TaskStatus.FAILED, TaskStatus.HELD) for t in result.tasks)
    return EXIT_FAILED if failed or (not result.published and policy != "none") else EXIT_DONE


def _changes(app: App, result: RunResult) -> list[str]:
    """What the run changed for readers; nothing is loaded for it where there can be nothing."""
    if not result.changes_readers:
        return []
    from andon.cli.text.run_changes import change_lines

    return change_lines(app.service.run_changes.of(result), app.console)
