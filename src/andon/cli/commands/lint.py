"""`andon lint`."""

from __future__ import annotations

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, pass_app
from andon.cli.options import exclude_option, json_option, select_argument


@click.command(cls=Command, examples=["andon lint", "andon lint marts.revenue", "andon lint state:changed --all"])
@select_argument
@exclude_option
@click.option("--all", "silenced", is_flag=True, help="Also what `-- exact: REASON` silences, with its reason.")
@json_option
@pass_app
def lint(app: App, select: tuple[str, ...], exclude: tuple[str, ...], silenced: bool) -> None:
    """Places of the folder's code by which two runs over the same inputs may differ, each with the form that is exact.

    Values that hang on the order in which rows come, ties, samples and chance, sums of floating-point numbers where several threads work
    on them; in Python generators without a seed, clocks that go on, other processes, folders as they are listed, a network.
    `-- exact: REASON` (in Python `# exact: REASON`) on the line, or alone on the line above, silences them. They are hints: the exit
    status is 0.
    """
    found = app.service.linting.lint(select, exclude, silenced=silenced)
    from andon.cli.text.lint import lint_lines

    app.console.show(lambda: to_json(found), lambda: lint_lines(found, app.console.out))
