"""`andon save`: a query becomes a dataset, without opening an editor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.record import replace
from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option, message_option, publish_flag
from andon.cli.run_end import confirmed, finish
from andon.cli.sql_text import sql_text
from andon.cli.text.progress import progress
from andon.errors import EXIT_DONE, EXIT_FAILED, UsageError

if TYPE_CHECKING:
    from andon.model.run import RunResult
    from andon.runs.goal import RunOptions
    from andon.service.proposed_checks import ProposedCheck
    from andon.service.saved_texts import ToSave
    from andon.service.saving import Saved

_MANY = ("all", "safe", "none")


@click.command(
    cls=Command,
    examples=[
        'andon save marts.top_customers "select customer, sum(amount) as total from shop.orders group by customer"',
        "andon save marts.top_customers -f top.sql --owner ana --checks safe --publish",
        'andon save marts.top_customers "from shop.orders" --replace --branch try',
        "andon save marts.top_customers --replace --refresh 6h",
        "andon save monthly 'from marts.revenue_by_month where month = $month' --param month=date",
    ],
)
@click.argument("name")
@click.argument("sql", required=False)
@click.option("-f", "--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Read the SQL from a file.")
@click.option("--owner", metavar="NAME", help="Who answers questions about it.")
@click.option("--description", metavar="TEXT", help="What one row is, and what the dataset is for.")
@click.option("--materialize", metavar="HOW", help="`table`, `view`, `incremental` or `history`. [default: table]")
@click.option("--refresh", metavar="RULE", help="How new it has to be: `6h`, `0 6 * * *`, `every: 1d`.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A word to select it by; may be given again.")
@click.option("--key", metavar="COLUMNS", help="Identity of a row: `order_id`, `order_id, line`.")
@click.option(
    "--param",
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=TYPE",
    help="A parameter of a saved query; NAME=TYPE=VALUE gives it a default.",
)
@click.option(
    "--check", "checks", multiple=True, metavar="CHECK", help="A proposed check by number or id, or a line of your own."
)
@click.option("--checks", "many", type=click.Choice(_MANY), help="Which of the proposed checks it gets.")
@click.option(
    "--replace", "replaces", is_flag=True, help="Change a dataset that is there; without SQL its query stays."
)
@branch_option
@message_option
@publish_flag
@json_option
@pass_app
def save(
    app: App,
    /,
    name: str,
    sql: str | None,
    file: Path | None,
    checks: tuple[str, ...],
    many: str | None,
    branch: str | None,
    message: str | None,
    publish: bool,
    **said: Any,
) -> int:
    """Save a query as a dataset: its file, its columns and checks that its values speak for, built aside, published on a word.

    A NAME without a schema saves the query itself, with its `$parameters`: `andon query NAME --param month=2026-10` asks it.

    The file goes on top of what is published, whatever else lies in the folder, and is written there, too. Without --publish and
    without a terminal to ask at, it is only shown what would be; --branch publishes it aside.
    """
    from andon.lake.refs import MAIN
    from andon.runs.goal import Listener, RunOptions

    wanted = _wanted(name, sql, file, **said)
    options = RunOptions(branch=branch, message=message)
    saving, console = app.service.saving, app.console
    wants_none = many == "none" and not checks
    if publish and wants_none:
        found = saving.look(wanted, options)
    else:
        with progress(console) as report:  # it may take as long as any run
            found = saving.propose(wanted, options, Listener(report))
    if not console.as_json:
        _show(app, found)
    if found.run is not None and _stopped(found.run):
        return _failed(app, found, found.run)
    chosen = _chosen(app, found.proposed, checks, many)
    wanted = replace(wanted, checks=chosen)
    if not publish and not console.can_ask and found.branch == MAIN:
        found = saving.propose(wanted, options) if chosen else found
        console.show(found.to_json, lambda: ())
        words = f"`{app.command('save')} … --publish` publishes it, `--branch NAME` does so aside"
        console.note(f"nothing is published yet: {words}")
        return EXIT_DONE
    saved = confirmed(
        app, publish, options, lambda its, listener: saving.save(wanted, its, listener), is_of_folder=False
    )
    return _end(app, replace(saved, proposed=found.proposed), options)


def _wanted(
    name: str,
    sql: str | None,
    file: Path | None,
    *,
    key: str | None,
    tags: tuple[str, ...],
    parameters: tuple[str, ...],
    **said: Any,
) -> ToSave:
    from andon.service.saved_texts import ToSave

    text = sql_text(sql, file) if sql is not None or file is not None or not said["replaces"] else None
    parts = tuple(part.strip() for part in key.split(",")) if key else None
    return ToSave(name, text, tags=tags or None, key=parts, parameters=parameters or None, **said)


def _show(app: App, found: Saved) -> None:
    from andon.cli.text.saved import proposed_lines, saved_lines

    ink, width = app.console.out, app.console.width
    for line in [*saved_lines(found, ink, width), *proposed_lines(found.proposed, ink, width), ""]:
        ink.line(line)
    failing = found.run.failed_checks if found.run is not None else ()
    if failing:
        from andon.cli.text.checks import failed_lines

        for line in [*failed_lines(failing, ink, width), ""]:
            ink.line(line)


def _chosen(
    app: App, proposed: tuple[ProposedCheck, ...], checks: tuple[str, ...], many: str | None
) -> tuple[str, ...]:
    """Ids and lines of the checks that are wanted: as options say, or as somebody answers."""
    found = [_by_number(check, proposed) for check in checks]
    if many in ("all", "safe"):
        found += [one.id for one in proposed if many == "all" or one.is_safe]
    if proposed and not checks and many is None and app.console.can_ask:
        answer = click.prompt("add which? numbers, all, safe or none", default="safe", err=True)
        words = answer.replace(",", " ").split()
        if answer in _MANY:
            return _chosen(app, proposed, (), answer)
        found += [_by_number(word, proposed) for word in words]
    return tuple(dict.fromkeys(found))


def _by_number(check: str, proposed: tuple[ProposedCheck, ...]) -> str:
    if not check.isdigit() or len(check) > 3:
        return check
    if not 1 <= int(check) <= len(proposed):
        hint = f"there are {len(proposed)}" if proposed else "none is proposed"
        raise UsageError("usage.bad_argument", f"there is no proposed check {check}", where=check, hint=hint)
    return proposed[int(check) - 1].id


def _stopped(run: RunResult) -> bool:
    from andon.model.run import TaskStatus

    return any(task.status is TaskStatus.FAILED for task in run.tasks)


def _failed(app: App, found: Saved, run: RunResult) -> int:
    """Why it could not be built, not even aside."""
    from andon.cli.text.plans import held_lines

    console = app.console
    if console.as_json:
        console.json(found.to_json())
        return EXIT_FAILED
    for line in held_lines(run, console.err):
        console.err.line(line)
    return _not_saved(app, found)


def _not_saved(app: App, found: Saved) -> int:
    app.console.note(f"`{found.name}` is not saved: the folder and {found.branch} are as they were")
    return EXIT_FAILED


def _end(app: App, found: Saved, options: RunOptions) -> int:
    """How it ended, and where it is now."""
    console = app.console
    assert found.run is not None
    if console.as_json:
        console.json(found.to_json())
        return EXIT_DONE if found.published else EXIT_FAILED
    status = finish(app, found.run, options, "publish.change")
    if not found.published:
        return _not_saved(app, found)
    here = app.workspace.branch()
    if not found.behind:
        console.note(f"written: {found.file}", "good")
    elif found.branch == here:
        console.note(f"{found.file} is on {here}, and not in this folder: `{app.command('pull')}` brings it")
    else:
        way = f"`{app.command(f'publish {found.branch}')}` publishes it"
        console.note(f"{found.file} is on {found.branch}; {way}")
    question = f"query {found.name}" if found.kind == "query" else f'query "from {found.name} limit 10"'
    at, branch = ("", "") if found.branch == here else (f" --at {found.branch}", f" --branch {found.branch}")
    console.note(f"`{app.command(question + at)}` asks it; `{app.command('undo' + branch)}` takes it back")
    return status
