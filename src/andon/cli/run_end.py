"""Before and after a run: a change is confirmed, the end is shown, the exit status says it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from andon.base.record import replace
from andon.cli.app import App
from andon.cli.output import Console, table
from andon.cli.text.checks import failed_lines, next_steps
from andon.cli.text.plans import held_lines, plan_lines, run_lines
from andon.cli.text.verdicts import change_rows, other_rows
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError
from andon.model.plan import Plan
from andon.model.run import RunResult, TaskStatus
from andon.render.words import short

if TYPE_CHECKING:
    from andon.runs.goal import RunOptions
    from andon.service.run_changes import Shown

#: Datasets that a summary names, if rows of fewer were compared.
_LISTED = 12


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
            *change_lines(app.service.run_changes.of(result), console),
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
    if any(t.status is TaskStatus.FAILED for t in result.tasks):
        for text in held_lines(result, app.console.err):
            app.console.err.line(text)
    policy = options.publish or str(app.workspace.settings.get(setting))
    failed = any(t.status in (TaskStatus.FAILED, TaskStatus.HELD) for t in result.tasks)
    return EXIT_FAILED if failed or (not result.published and policy != "none") else EXIT_DONE


def change_lines(shown: Shown, console: Console) -> list[str]:
    """What a change changed for readers, by dataset: verdict and rows, or what is known of those that were not compared."""
    pen = console.out
    rows = [
        *change_rows(shown.rows, shown.verdicts, shown.totals),
        *other_rows(shown.others, shown.verdicts, _LISTED - len(shown.rows)),
    ]
    if not rows:
        return []
    title = pen.paint(f"changed since {short(shown.base)}", "dim")
    listed = sorted(rows, key=lambda row: row[0])
    lines = ["", title, *table(listed, pen, width=console.width, indent="  ", whole=[0])]
    if shown.others:
        more = len(shown.rows) + len(shown.others) - len(rows)
        command = f"`andon diff --rows NAME {short(shown.base)} {short(shown.commit)}` compares rows"
        lines.append(pen.paint(f"  {f'… {more:,} more; ' if more else ''}{command}", "dim"))
    return lines
