"""`andon actions`, `andon playbooks`, `andon freeze`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from andon.base.document import UNSET, to_json
from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option
from andon.cli.output import Cell
from andon.cli.table import table
from andon.errors import UsageError
from andon.render.words import moment

if TYPE_CHECKING:
    from andon.model.action import ActionDocument
    from andon.service.actions import FreezeDocument, PlaybookDocument

_COLOURS = {"verified": "good", "undone": "bad", "failed": "bad", "refused": "bad"}


@click.command(cls=Command, examples=["andon actions", "andon actions --incident 3 --json"])
@click.option("--incident", type=int, metavar="NUMBER", help="Only what was done about it.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="So many of the newest.")
@json_option
@pass_app
def actions(app: App, incident: int | None, limit: int) -> None:
    """What was done about what is wrong, newest first: by whom, and what came of it."""
    found = app.service.actions.newest(limit, incident)
    rows = [_action_row(each) for each in found]
    app.console.show(
        lambda: [to_json(each) for each in found],
        lambda: table(rows, app.console.out, width=app.console.width, whole=[0]) if rows else ["nothing was done"],
    )


@click.command(cls=Command, examples=["andon playbooks", "andon playbooks --incident 3"])
@click.option("--incident", type=int, metavar="NUMBER", help="Only what answers it, and whether it acts.")
@branch_option
@json_option
@pass_app
def playbooks(app: App, incident: int | None, branch: str | None) -> None:
    """What answers incidents: `playbooks.yml`, then what is built in; how far it is trusted, how often it acted, and was right."""
    found = app.service.actions.playbooks(branch, incident)
    rows = [_playbook_row(each) for each in found.playbooks]
    app.console.show(
        found.to_json,
        lambda: table(rows, app.console.out, width=app.console.width, whole=[0]) if rows else ["nothing answers it"],
    )
    if found.frozen is not None and not app.console.as_json:
        app.console.note(
            f"all automatic action is stopped by {found.frozen.who}: {found.frozen.why or 'no reason given'}"
        )


@click.command(cls=Command, examples=['andon freeze --why "the warehouse moves"', "andon freeze --off"])
@click.option("--why", metavar="TEXT", help="For those who wonder.")
@click.option("--off", is_flag=True, help="Let automatic action go on.")
@json_option
@pass_app
def freeze(app: App, why: str | None, off: bool) -> None:
    """Stop all automatic corrective action at once; what is on its way publishes nothing any more.

    Schedules go on, and what people do.
    """
    if off and why is not None:
        raise UsageError("usage.bad_argument", "`--off` takes no reason", hint="`andon freeze --off`")
    found = app.service.actions.thaw() if off else app.service.actions.freeze(why or "")
    app.console.show(found.to_json, lambda: [_freeze_line(found)])
    if found.frozen is not None and not app.console.as_json:
        app.console.note(f"`{app.command('freeze --off')}` lets it go on")


def _action_row(action: ActionDocument) -> Sequence[Cell]:
    return (
        (f"incident {action.incident}", "accent"),
        moment(action.at),
        f"{action.action} of {action.dataset or 'all'}",
        action.actor,
        (str(action.outcome), _COLOURS.get(str(action.outcome), "dim")),
        (action.why, "dim"),
    )


def _playbook_row(playbook: PlaybookDocument) -> Sequence[Cell]:
    answer = playbook.answer
    if answer is not UNSET:
        said = "acts" if answer.acts else f"acts from {moment(answer.due)} on" if answer.due else answer.why
    else:
        said = f"acted {playbook.fired}, right {playbook.fixed}, needless {playbook.needless}" if playbook.fired else ""
    return ((playbook.name, "accent"), str(playbook.do), str(playbook.level), (said, "dim"))


def _freeze_line(found: FreezeDocument) -> str:
    if found.frozen is None:
        return "automatic action goes on"
    why = f": {found.frozen.why}" if found.frozen.why else ""
    return f"all automatic action is stopped by {found.frozen.who}{why}"
