"""`andon incidents`, `andon incident …`, and the cord: `andon hold`, `andon release`, `andon complain`."""

from __future__ import annotations

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import branch_option, json_option
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError
from andon.service.incident_documents import IncidentInfo

note_option = click.option("--note", metavar="TEXT", help="What there is to say of it.")


@click.command(cls=Command, examples=["andon incidents", "andon incidents --all --json"])
@click.option("--all", "with_closed", is_flag=True, help="With those that are over.")
@branch_option
@json_option
@pass_app
def incidents(app: App, with_closed: bool, branch: str | None) -> None:
    """What is wrong and not right again: one incident for each cause, most people and insights at risk first.

    An incident ends by itself when what readers see is right again, and is the same one when it comes back.
    """
    from andon.cli.text.incidents import incident_lines

    found = app.service.incidents.list(branch, with_closed=with_closed)
    app.console.show(lambda: [to_json(each) for each in found], lambda: incident_lines(found, app.console))
    trouble = app.service.messages.trouble() if app.workspace.notify.channels else None
    if trouble is not None and not app.console.as_json:
        app.console.note(trouble, "warn")


@click.group(
    cls=Noun, examples=["andon incident show 3", "andon incident take 3", "andon incident snooze 3 --until 2h"]
)
def incident() -> None:
    """One incident: what it is, what changed, whom it reaches; and what people do about it."""


@incident.command("show", cls=Command, examples=["andon incident show 3", "andon incident show 3 --json"])
@click.argument("number", type=int)
@json_option
@pass_app
def show(app: App, number: int) -> None:
    """All that is known of an incident: what changed since the last good version, which rows fail, whom it reaches, what was done."""
    from andon.cli.text.incidents import page_lines

    page = app.service.incidents.show(number)
    app.console.show(page.to_json, lambda: page_lines(page, app.console))


@incident.command("take", cls=Command, examples=["andon incident take 3", "andon incident take 3 --for ben"])
@click.argument("number", type=int)
@click.option("--for", "owner", metavar="PERSON", help="Who takes care of it; you without.")
@json_option
@pass_app
def take(app: App, number: int, owner: str | None) -> None:
    """Take care of an incident, or give it to somebody."""
    found = app.service.incidents.take(number, owner)
    _say(app, found)
    if not app.console.as_json:
        app.console.note(f"{found.owner} takes care of it")


@incident.command(
    "fix",
    cls=Command,
    examples=[
        "andon incident fix 3 reload",
        "andon incident fix 3 backfill --param most=3",
        'andon incident fix 3 --note "asked the shop for May again"',
    ],
)
@click.argument("number", type=int)
@click.argument("action", required=False)
@click.option("--param", "params", multiple=True, metavar="KEY=VALUE", help="What the action is told.")
@click.option("--note", metavar="TEXT", help="What was done by hand.")
@json_option
@pass_app
def fix(app: App, number: int, action: str | None, params: tuple[str, ...], note: str | None) -> int:
    """Do something about an incident, or record what was done by hand.

    An action is a kind (retry, reload, undo, …) or the name of a playbook: `andon playbooks --incident 3` lists what fits. It is verified,
    or undone: status 1 where it did not help. What was done by hand ends the incident when what readers see is right.
    """
    if (action is None) == (note is None) or (params and action is None):
        raise UsageError(
            "usage.bad_argument",
            "name an action, or say with `--note` what was done by hand: one of both",
            hint=f"`andon playbooks --incident {number}` lists what fits",
        )
    if action is None:
        _say(app, app.service.incidents.fix(number, note or ""))
        return EXIT_DONE
    from andon.model.action import ActionDocument

    found = ActionDocument.about(app.service.actions.fix(number, action, _pairs(params)))
    app.console.show(
        found.to_json, lambda: [f"{found.action} of {found.dataset or 'all'}: {found.outcome}, {found.why}"]
    )
    return EXIT_FAILED if found.outcome.is_failure else EXIT_DONE


def _pairs(params: tuple[str, ...]) -> dict[str, str]:
    parted = [each.partition("=") for each in params]
    wrong = next((name for name, sign, _ in parted if not name or not sign), None)
    if wrong is not None:
        raise UsageError("usage.bad_argument", f"`{wrong}` is no `KEY=VALUE`", where="--param", hint="`--param most=3`")
    return {name: value for name, _, value in parted}


@incident.command(
    "close",
    cls=Command,
    examples=['andon incident close 3 --expected --note "a sale"', "andon incident close 3 --not-a-problem"],
)
@click.argument("number", type=int)
@click.option("--expected", is_flag=True, help="The data are right.")
@click.option("--not-a-problem", "is_no_problem", is_flag=True, help="Noticing it was wrong.")
@note_option
@json_option
@pass_app
def close(app: App, number: int, expected: bool, is_no_problem: bool, note: str | None) -> None:
    """Close an incident because you say so. What it is about stays closed until it was right once; then it counts anew.

    Without a verdict only a complaint is closed: all else ends by itself when what readers see is right again.
    """
    if expected and is_no_problem:
        raise click.UsageError("`--expected` or `--not-a-problem`: one of them")
    verdict = "expected" if expected else "no-problem" if is_no_problem else None
    _say(app, app.service.incidents.close(number, verdict, note))


@incident.command("reopen", cls=Command, examples=["andon incident reopen 3"])
@click.argument("number", type=int)
@note_option
@json_option
@pass_app
def reopen(app: App, number: int, note: str | None) -> None:
    """Open an incident again that somebody closed while it stood."""
    _say(app, app.service.incidents.reopen(number, note))


@incident.command(
    "snooze", cls=Command, examples=["andon incident snooze 3 --until 2h", "andon incident snooze 3 --off"]
)
@click.argument("number", type=int)
@click.option("--until", metavar="TIME", help="`2h`, `3d`, or a moment: `2026-12-01T06:00`.")
@click.option("--off", "is_off", is_flag=True, help="Hear of it again from now on.")
@note_option
@json_option
@pass_app
def snooze(app: App, number: int, until: str | None, is_off: bool, note: str | None) -> None:
    """Hear nothing of an incident for a while; that ends by itself."""
    if (until is None) != is_off:
        raise click.UsageError("say until when: `--until 2h`; or `--off`")
    _say(app, app.service.incidents.snooze(number, until, note))


@click.command(cls=Command, examples=['andon hold marts.totals "totals look wrong"'])
@click.argument("dataset")
@click.argument("reason")
@branch_option
@json_option
@pass_app
def hold(app: App, dataset: str, reason: str, branch: str | None) -> None:
    """Pull the cord: from now on no run publishes this dataset, nor what is made of it. Readers keep what they see, and are told.

    It opens an incident. `andon release` lets the dataset go on. An undo is not held.
    """
    found = app.service.cords.hold(dataset, reason, branch)
    app.console.show(found.to_json, lambda: [f"{found.dataset} and what reads it are held on {found.branch}"])
    if not app.console.as_json:
        app.console.note(f"`{app.command(f'release {found.dataset}')}` lets it go on")


@click.command(cls=Command, examples=['andon release marts.totals --note "May is right now"'])
@click.argument("dataset")
@note_option
@branch_option
@json_option
@pass_app
def release(app: App, dataset: str, note: str | None, branch: str | None) -> None:
    """Let a dataset go on that somebody holds: the next run publishes what is new of it."""
    from andon.render.words import moment

    found = app.service.cords.release(dataset, note, branch)
    app.console.show(
        found.to_json, lambda: [f"{found.dataset} goes on: {found.who} held it since {moment(found.pulled)}"]
    )


@click.command(cls=Command, examples=['andon complain marts.totals "June is missing"'])
@click.argument("dataset")
@click.argument("text")
@branch_option
@json_option
@pass_app
def complain(app: App, dataset: str, text: str, branch: str | None) -> None:
    """Say that something looks wrong with a dataset. It opens an incident and holds nothing; readers are told."""
    _say(app, app.service.cords.complain(dataset, text, branch))


def _say(app: App, found: IncidentInfo) -> None:
    from andon.cli.text.incidents import incident_line

    app.console.show(found.to_json, lambda: [incident_line(found)])
