"""`andon edit`: another text for a file, where it is published, without a folder of that branch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, pass_app
from andon.cli.options import branch_option, json_option, message_option, publish_flag
from andon.cli.run_end import confirmed, finish
from andon.cli.sql_text import sql_text
from andon.errors import EXIT_DONE, EXIT_FAILED, EXIT_WRONG, UsageError

if TYPE_CHECKING:
    from andon.service.editing import Edited, ToEdit


@click.command(
    cls=Command,
    examples=[
        "andon edit marts.revenue_by_month --branch try",
        "andon edit sources/shop/orders.yml --branch try",
        "andon edit marts.revenue_by_month --show > revenue.sql",
        "andon edit marts.revenue_by_month -f revenue.sql --look",
    ],
)
@click.argument("target", metavar="DATASET|FILE")
@click.option(
    "-f",
    "--file",
    "file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="The new text; `-` reads it from stdin.",
)
@click.option("--seen", metavar="REF", help="What was looked at: nothing is done if another text was published since.")
@click.option("--show", "shows", is_flag=True, help="Print the text, and change nothing.")
@click.option("--look", "looks", is_flag=True, help="Tell only what is wrong with it and what saving it would come to.")
@branch_option
@message_option
@publish_flag
@json_option
@pass_app
def edit(
    app: App,
    /,
    target: str,
    file: Path | None,
    seen: str | None,
    shows: bool,
    looks: bool,
    branch: str | None,
    message: str | None,
    publish: bool,
) -> int:
    """Edit a file of the project as a branch has it: a dataset by its name, or any file of code by its path.

    The text goes on top of what the branch has, built by a run there; the folder follows if it works on that branch. Without -f your
    editor opens, as $VISUAL or $EDITOR says. A branch that is not there begins at main.
    """
    from andon.runs.goal import RunOptions
    from andon.service.editing import ToEdit

    console, editing = app.console, app.service.editing
    place = branch if branch is not None and app.workspace.lake.refs.find(branch) is not None else None
    before = editing.open(target, seen or place)
    if shows:
        if console.as_json or console.width is not None:
            console.show(lambda: to_json(before), before.text.splitlines)
        else:
            console.out.write(before.text)  # into a file, to the letter
        return EXIT_DONE
    text = _text(app, file, before.text, before.file)
    if text is None:
        console.note("nothing was changed")
        return EXIT_DONE
    wanted = ToEdit(target, text, seen or before.commit)
    options = RunOptions(branch=branch, message=message)
    if looks:
        return _show(app, editing.look(wanted, options))
    return _save(app, wanted, options, publish)


def _text(app: App, file: Path | None, before: str, path: str) -> str | None:
    """The new text; None where somebody left their editor without changing it."""
    if file is not None:
        return sql_text("-" if str(file) == "-" else None, None if str(file) == "-" else file, "andon edit … -f FILE")
    if not app.console.can_ask:
        raise UsageError("usage.bad_argument", "there is no text", where=path, hint="`-f FILE`, or `-f -` for stdin")
    return click.edit(before, extension="." + path.rpartition(".")[2], require_save=True)


def _save(app: App, wanted: ToEdit, options: Any, publish: bool) -> int:
    editing, console = app.service.editing, app.console
    found = confirmed(
        app, publish, options, lambda its, listener: editing.save(wanted, its, listener), is_of_folder=False
    )
    assert found.run is not None  # it was saved, or could not be
    if console.as_json:
        console.json(found.to_json())
        return EXIT_DONE if found.published else EXIT_FAILED
    status = finish(app, found.run, options, "publish.change")
    if not found.published:
        console.note(f"`{found.file}` is not saved: {found.branch} is as it was")
        return EXIT_FAILED
    if found.branch == app.workspace.branch() and not found.behind:
        console.note(f"written: {found.file}", "good")
    elif found.branch != app.workspace.branch():
        console.note(f"{found.file} is on {found.branch}; `{app.command(f'publish {found.branch}')}` publishes it")
    return status


def _show(app: App, found: Edited) -> int:
    """What is wrong, or what it would come to."""
    from andon.cli.text.plans import plan_lines

    console = app.console
    wrong = (*found.problems, *found.breaks)

    def lines() -> list[str]:
        said = [f"{p.where}: {p.message}" + (f"\n  hint: {p.hint}" if p.hint else "") for p in wrong]
        said += [f"somebody published another text of it: {found.newer[:8]}"] if found.newer else []
        return said if found.plan is None else [*said, *plan_lines(found.plan, console, False)]

    console.show(found.to_json, lines)
    return EXIT_WRONG if wrong else EXIT_DONE
