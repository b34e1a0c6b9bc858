"""Before and after a run: a change is confirmed, the end is shown, the exit status says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from andon.base.record import replace
from andon.cli.app import App
from andon.cli.text.plans import held_lines, plan_lines, run_lines
from andon.cli.text.progress import progress
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError
from andon.model.plan import Action, Plan
from andon.model.run import RunResult, TaskStatus
from andon.render.words import names

if TYPE_CHECKING:
    from andon.runs.goal import Listener, RunOptions

R = TypeVar("R")


def confirmed(
    app: App,
    yes: bool,
    options: RunOptions,
    run: Callable[[RunOptions, Listener], R],
    source: str | None = None,
    *,
    is_of_folder: bool = True,
) -> R:
    """What `run` gives; a change of main is confirmed by --yes, by asking with all that is known shown, or not at all.

    Args:
        source: the branch that is published.
        is_of_folder: whether it is what `andon plan` shows, too.

    Raises:
        UsageError: `usage.confirmation_needed`.
    """
    from andon.runs.goal import ANY_PLAN, Listener

    asked = 0
    with progress(app.console) as report:

        def agree(plan: Plan) -> None:
            nonlocal asked
            report.stop()  # the question stands alone
            if asked:
                app.console.note("what was agreed to is another plan by now:", "warn")
            asked += 1
            _ask(app, plan, source, is_of_folder)

        if yes:
            options = replace(options, agreed=ANY_PLAN)
        return run(options, Listener(report, agree=agree if app.console.can_ask else None))


def _ask(app: App, found: Plan, source: str | None, is_of_folder: bool) -> None:
    """Show a plan with all that is known of it, and ask."""
    console = app.console
    known = app.service.run_changes.ahead(found, source)
    for text in plan_lines(found, console, False, ink=console.err, known=known):
        console.err.line(text)
    later = [s.dataset for s in found.works if s.action is Action.BUILD and s.reason != "new"]
    if later:
        built = "it is" if len(later) == 1 else "they are"
        console.note(f"which rows of {names(later)} differ is known once {built} built")
    if not click.confirm(f"publish this to {found.branch}?", default=False, err=True):
        hint = f"`{app.command('plan' if source is None else f'plan {source}')}` shows it again"
        message = "not confirmed; nothing was done"
        raise UsageError("usage.confirmation_needed", message, hint=hint if is_of_folder else None)


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
            kept = sorted(t.dataset for t in result.tasks if t.status is not TaskStatus.OK) if result.published else []
            for text in next_steps(result.run, holding, app.command("").strip(), kept):
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
