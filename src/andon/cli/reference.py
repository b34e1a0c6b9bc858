"""The reference page of the command line, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from andon.cli.app import cli
from andon.cli.commands import COMMANDS, GLOBAL_OPTIONS

_INTRODUCTION = """\
# Command line

Made from the commands by `python -m andon.cli.reference`; a test compares the two.

`andon [OPTIONS] COMMAND [ARGS]…`. Data goes to stdout, everything else to stderr. With `--json` stdout holds exactly one JSON
document, also for an error: `{"error": {"code", "message", "where", "hint", "problems"}}`. Codes are listed in [errors](errors.md).

| exit | means |
| --- | --- |
| 0 | done |
| 1 | a dataset failed, or the publish was held |
| 2 | the project or the command is wrong |
| 3 | conflict with another publish, or a stale folder |
| 4 | the machine: disk, database, network |
| 130 | stopped with Ctrl-C outside of a run |

| option of every command | |
| --- | --- |
"""


def markdown() -> str:
    """The page."""
    lines = [_INTRODUCTION + "\n".join(f"| `{option}` | {text} |" for option, text in GLOBAL_OPTIONS), ""]
    ctx = click.Context(cli, info_name="andon")
    for entry in COMMANDS:
        command = cli.get_command(ctx, entry.name)
        assert command is not None  # the table is tested
        lines += _section(command, ctx, entry.name, "##")
    return "\n".join(lines)


def _section(command: click.Command, parent: click.Context, name: str, level: str) -> Iterator[str]:
    ctx = click.Context(command, info_name=name, parent=parent, max_content_width=100, terminal_width=100)
    yield f"{level} {ctx.command_path}"
    yield ""
    yield "\n\n".join(part.replace("\n", " ") for part in cleandoc(command.help or "").split("\n\n"))
    yield ""
    if not isinstance(command, click.Group):
        yield f"`{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}`"
        yield ""
        options = [p.get_help_record(ctx) for p in command.params if isinstance(p, click.Option)]
        found = [record for record in options if record is not None]
        if found:
            yield from ("| option | |", "| --- | --- |")
            yield from (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in found)
            yield ""
    yield "```"
    yield from getattr(command, "examples", ())
    yield from ("```", "")
    if isinstance(command, click.Group):
        for below in command.list_commands(ctx):
            child = command.get_command(ctx, below)
            assert child is not None  # it was listed
            yield from _section(child, ctx, below, level + "#")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    click.echo(markdown(), nl=False)
