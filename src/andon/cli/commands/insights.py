"""`andon insights`, `andon insight …`: what data serves, what it is worth, whether it is still true."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.document import UNSET, to_json
from andon.cli.app import App, Command, Noun, pass_app
from andon.cli.options import at_option, branch_option, json_option, message_option
from andon.errors import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from andon.service.insight_documents import InsightSaved

_KINDS = ("insight", "question", "decision", "action", "report", "dashboard")
_PERIODS = ("day", "week", "month", "quarter", "year")
_BASES = ("measured", "estimated", "none")


@click.command(cls=Command, examples=["andon insights", "andon insights --json"])
@at_option
@json_option
@pass_app
def insights(app: App, /, at: str | None) -> int:
    """Questions, decisions and actions that data serves: what each is worth, how fresh its data are, and its weakest link."""
    return _listed(app, at)


@click.group(
    cls=Noun,
    examples=[
        'andon insight add best_month --question "Which month was the best?" --query "from marts.months order by revenue desc"',
        "andon insight check",
    ],
)
def insight() -> None:
    """What data serves: make an insight of a query, ask whether it is still true, note what came of it."""


@insight.command("list", cls=Command, examples=["andon insight list", "andon insight list --at main~3"])
@at_option
@json_option
@pass_app
def list_insights(app: App, /, at: str | None) -> int:
    """All insights; `andon insights` does the same."""
    return _listed(app, at)


def _listed(app: App, at: str | None) -> int:
    from andon.cli.text.insights import insight_lines

    found, now = app.service.insights.list(at), app.workspace.clock()
    app.console.show(lambda: [to_json(each) for each in found], lambda: insight_lines(found, now, app.console))
    return EXIT_DONE


@insight.command("show", cls=Command, examples=["andon insight show best_month"])
@click.argument("name")
@at_option
@json_option
@pass_app
def show(app: App, /, name: str, at: str | None) -> int:
    """All of an insight: question, answer, what it rests on, its value and outcomes, what is known against it."""
    from andon.cli.text.insights import page_lines

    page, now = app.service.insights.show(name, at), app.workspace.clock()
    app.console.show(page.to_json, lambda: page_lines(page, now, app.console))
    app.tell(page.notes)
    return EXIT_DONE


@insight.command(
    "add",
    cls=Command,
    examples=[
        'andon insight add best_month --question "Which month was the best?" --query "from marts.months limit 1"',
        "andon insight add retention -q 'Who stays?' --query retention --owner ana --value 5000 --currency USD --per year",
        "andon insight add weekly --kind report -q 'The Monday report' --uses marts.revenue,marts.orders",
    ],
)
@click.argument("name")
@click.option("-q", "--question", required=True, metavar="TEXT", help="The question, decision or action in one line.")
@click.option("--kind", type=click.Choice(_KINDS), default="question", show_default=True, help="What it is.")
@click.option("--answer", metavar="TEXT", help="The answer in one line.")
@click.option("--query", metavar="SQL", help="What answers it: SQL, or the name of a saved query.")
@click.option("-f", "--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Read the SQL from a file.")
@click.option("--uses", metavar="NAMES", help="Datasets, columns or saved queries that serve it: `marts.a,marts.b`.")
@click.option("--owner", metavar="NAME", help="Who asks, decides or acts.")
@click.option("--value", "amount", metavar="AMOUNT", help="What it is worth.")
@click.option("--currency", metavar="CODE", help="In which money, such as `USD`.")
@click.option("--per", type=click.Choice(_PERIODS), help="For which time; without it, once.")
@click.option("--basis", type=click.Choice(_BASES), help="How that is known; with an amount `estimated`.")
@click.option("--words", metavar="TEXT", help="What it is worth, in words.")
@click.option("--review-by", metavar="DAY", help="Until when its value counts unless somebody looks again.")
@click.option("--decision", metavar="TEXT", help="What is decided, and how often.")
@branch_option
@message_option
@json_option
@pass_app
def add(
    app: App,
    /,
    name: str,
    query: str | None,
    file: Path | None,
    uses: str | None,
    per: str | None,
    branch: str | None,
    message: str | None,
    **said: Any,
) -> int:
    """Make an insight: its query is asked, the answer pinned and kept, its file written and published.

    The file is `insights/NAME.md`, on top of what the branch has and in the folder, too; one that is there is not overwritten. No dataset
    is another one for it. With --branch it goes there.
    """
    from andon.cli.sql_text import sql_text
    from andon.runs.goal import RunOptions
    from andon.service.insight_changes import NewInsight

    text = sql_text(query, file) if query is not None or file is not None else None
    names = tuple(each.strip() for each in uses.split(",") if each.strip()) if uses is not None else ()
    wanted = NewInsight(name, query=text, uses=names, per=per or "once", **said)
    return _end(app, app.service.insight_changes.add(wanted, RunOptions(branch=branch, message=message)))


@insight.command("check", cls=Command, examples=["andon insight check", "andon insight check best_month --accept"])
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--accept", is_flag=True, help="Pin the answers that moved as they are now.")
@at_option
@json_option
@pass_app
def check(app: App, /, names: tuple[str, ...], accept: bool, at: str | None) -> int:
    """Ask insights again of today's data: still true, or which numbers moved, and through which dataset.

    Exit status 1 where one moved, or can't be asked any more. --accept pins what it is now.
    """
    from andon.cli.text.insights import check_lines
    from andon.errors import UsageError
    from andon.runs.goal import RunOptions

    if accept and at is not None:
        raise UsageError("usage.bad_argument", "an older answer can't be pinned", where="--at", hint="leave out --at")
    found = app.service.insight_checks.check(names, at)
    app.console.show(lambda: [to_json(each) for each in found], lambda: check_lines(found, app.console))
    app.tell([note for each in found if each.notes is not UNSET for note in each.notes])
    moved = [each.name for each in found if each.state == "moved"]
    if accept and moved:
        saved = app.service.insight_changes.pin(moved, RunOptions())
        app.console.note(f"pinned anew: {', '.join(saved.names)}", "good")
        return EXIT_FAILED if not saved.published or any(each.state == "failed" for each in found) else EXIT_DONE
    return EXIT_FAILED if any(each.state in ("moved", "failed") for each in found) else EXIT_DONE


@insight.command("pin", cls=Command, examples=["andon insight pin best_month"])
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@branch_option
@message_option
@json_option
@pass_app
def pin(app: App, /, names: tuple[str, ...], branch: str | None, message: str | None) -> int:
    """Pin the answers that insights have now: what `check` compares with from now on."""
    from andon.runs.goal import RunOptions

    return _end(app, app.service.insight_changes.pin(names, RunOptions(branch=branch, message=message)))


@insight.command(
    "outcome",
    cls=Command,
    examples=[
        'andon insight outcome retention "We called the 40 that left; 11 came back"',
        'andon insight outcome retention "Four renewed" --value 1200 --currency USD --basis measured --on 2026-10-01',
    ],
)
@click.argument("name")
@click.argument("what")
@click.option("--on", metavar="DAY", help="When it happened; today without.")
@click.option("--value", "amount", metavar="AMOUNT", help="The value that was realised, once.")
@click.option("--currency", metavar="CODE", help="In which money, such as `USD`.")
@click.option("--basis", type=click.Choice(_BASES), help="How that is known; with an amount `estimated`.")
@branch_option
@message_option
@json_option
@pass_app
def outcome(app: App, /, branch: str | None, message: str | None, **said: Any) -> int:
    """Note what came of an insight, as the last of its outcomes; all else in its file stays as it is."""
    from andon.runs.goal import RunOptions
    from andon.service.insight_changes import NewOutcome

    wanted = NewOutcome(**said)
    return _end(app, app.service.insight_changes.outcome(wanted, RunOptions(branch=branch, message=message)))


def _end(app: App, found: InsightSaved) -> int:
    """How it ended, and where it is."""
    from andon.cli.text.insights import saved_lines

    app.console.show(found.to_json, lambda: saved_lines(found, app.console))
    if app.console.as_json:
        return EXIT_DONE if found.published else EXIT_FAILED
    if not found.published:
        app.console.note("it is not published: the folder and the branch are as they were", "warn")
        return EXIT_FAILED
    where = "" if found.branch == app.workspace.branch() else f" on {found.branch}"
    app.console.note(f"written{where}: {', '.join(found.files)}", "good")
    app.tell(found.notes)
    if found.rows is not None and not found.kept:
        app.console.note("the answer itself is not kept beside it: only its hash is", "dim")
    return EXIT_DONE
