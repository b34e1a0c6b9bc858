"""`andon letters`: what you are told of what is yours."""

from __future__ import annotations

import click

from andon.base.document import to_json
from andon.cli.app import App, Command, pass_app
from andon.cli.options import json_option
from andon.errors import EXIT_DONE, UsageError


@click.command(cls=Command, examples=["andon letters", "andon letters --seen", "andon letters --seen 3 4"])
@click.argument("numbers", nargs=-1, type=int, metavar="[NUMBER]...")
@click.option("--all", "with_all", is_flag=True, help="What you know, and what is over, too.")
@click.option("--seen", is_flag=True, help="Say that you know them: those that are named, or all.")
@json_option
@pass_app
def letters(app: App, numbers: tuple[int, ...], with_all: bool, seen: bool) -> int:
    """What you are told because it is yours: requests asked of you, answers, your datasets that others change."""
    from andon.cli.text.letters import letter_lines

    desk = app.service.letters
    if (numbers and not seen) or (seen and with_all):
        wrong = "numbers say which letters you know" if numbers else "`--seen` and `--all` do not go together"
        raise UsageError("usage.bad_argument", wrong, hint="`andon letters --seen 3`, or `andon letters --all`")
    if seen:
        done = desk.see(numbers)
        app.console.show(done.to_json, lambda: [f"{done.seen} known now, {done.left} left"])
        return EXIT_DONE
    found = desk.list(all=with_all)
    app.console.show(lambda: [to_json(each) for each in found], lambda: letter_lines(found, app.console))
    return EXIT_DONE
