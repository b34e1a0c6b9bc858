"""Every command and every option of it stands on the reference page of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from andon.cli.app import cli

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def commands(command: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield f"{path} {name}", found
        if isinstance(found, click.Group):
            yield from commands(found, f"{path} {name}")


def sections() -> dict[str, str]:
    """`{title: text}` of the page."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_and_option_is_on_the_page() -> None:
    found = sections()
    missing = []
    for path, command in commands(cli, "andon"):
        if path not in found:
            missing.append(path)
            continue
        options = [o for p in command.params if isinstance(p, click.Option) for o in p.opts if o.startswith("--")]
        missing += [f"{path} {option}" for option in options if option not in found[path]]
    assert missing == []


def test_the_page_names_no_command_that_is_gone() -> None:
    known = {path for path, _ in commands(cli, "andon")}
    assert [title for title in sections() if title.startswith("andon ") and title not in known] == []
