"""What a hint or a page tells somebody to type is a command that is there, with options that it takes."""

import importlib
import re
from pathlib import Path

import click
import pytest

from andon.cli.overview import COMMANDS

_ROOT = Path(__file__).parents[2]
_ENDINGS = {".py", ".md", ".html", ".js"}
_TYPED = re.compile(r"(?:`|^\$ (?:\w+=\S+ )*|<code>)andon ([a-z]+)((?: [^`<|\n]*)?)", re.MULTILINE)
_WORD, _OPTION = re.compile(r"[a-z]+"), re.compile(r"--[a-z][a-z-]*")
_OF_ALL = {"--help", "--json"}
_ENTRIES = {entry.name: entry for entry in COMMANDS}


def _command(name: str) -> click.Command:
    entry = _ENTRIES[name]
    found = getattr(importlib.import_module(f"andon.cli.commands.{entry.module}"), entry.attribute)
    assert isinstance(found, click.Command)
    return found


def wrong_in(text: str) -> list[str]:
    """The commands in a text that nobody can type."""
    found = []
    for typed in _TYPED.finditer(text):
        if typed[1] not in _ENTRIES:
            found.append(typed[0])
            continue
        command, words = _command(typed[1]), typed[2].split()
        if isinstance(command, click.Group):
            if not words or not _WORD.fullmatch(words[0]):
                continue
            if words[0] not in command.commands:
                if not command.invoke_without_command:
                    found.append(typed[0])
                continue
            command = command.commands[words.pop(0)]
        taken = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | _OF_ALL
        found += [typed[0] for word in words if (option := _OPTION.match(word)) and option[0] not in taken]
    return found


@pytest.mark.parametrize("part", ["src", "docs", "README.md", "CONTRIBUTING.md"])
def test_commands_that_are_named_are_there(part: str) -> None:
    place = _ROOT / part
    files = [place] if place.is_file() else [each for each in place.rglob("*") if each.suffix in _ENDINGS]
    wrong = {
        str(file.relative_to(_ROOT)): found for file in files if (found := wrong_in(file.read_text(encoding="utf-8")))
    }
    assert not wrong


@pytest.mark.parametrize(
    "text", ["`andon config list`", "`andon branch publish x`", "$ andon run --ye", "`andon plann`"]
)
def test_one_that_is_not_is_seen(text: str) -> None:
    assert wrong_in(text)
