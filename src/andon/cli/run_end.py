"""Before and after a run: a change is confirmed, the end is shown, the exit status says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from andon.cli.app import App
from andon.cli.output import Console, table
from andon.cli.text.checks import failed_lines, next_steps
from andon.cli.text.plans import held_lines, plan_lines, run_lines
from andon.cli.text.verdicts import change_rows
from andon.errors import EXIT_DONE, EXIT_FAILED
from andon.model.plan import Plan
from andon.model.run import RunResult, Status
from andon.render.words import short

if TYPE_CHECKING:
    from andon.runs.goal import Confirm, RunOptions
    from andon.runs.planning.outlook import Shown


def confirming(console: Console, yes: bool) -> Confirm | None:
    """How a change of main is confirmed: by --yes, by asking with the plan shown, or not at all."""
    if yes:
        return lambda _: True
    if not console.can_ask:
        return None

    def ask(found: Plan) -> bool:
        for text in plan_lines(found, console, False, 0.0, ink=console.err):
            console.err.line(text)
        return click.confirm(f"publish this to {found.branch}?", default=False, err=True)

    return ask


def finish(app: App, result: RunResult, options: RunOptions, setting: str) -> int:
    """Show how a run ended; its exit status."""
    console = app.console
    console.show(
        result.to_json,
        lambda: [
            *run_lines(result, console.out, console.width),
            *change_lines(app.workspace.outlook.of_run(result), console),
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
    title = console.out.paint(f"changed since {short(shown.base)}", "dim")
    return ["", title, *table(rows, console.out, width=console.width, indent="  ", whole=[0])]
