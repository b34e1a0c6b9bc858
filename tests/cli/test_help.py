"""Help: the overview, an example for every command, and that the overview costs next to nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest
from click.testing import CliRunner

from andon.cli.app import App, Command, Noun, cli
from andon.cli.overview import COMMANDS, overview


def commands(command: click.Command | None = None, path: str = "") -> Iterator[tuple[str, click.Command]]:
    root = command or cli
    assert isinstance(root, click.Group)
    ctx = click.Context(root)
    for name in root.list_commands(ctx):
        found = root.get_command(ctx, name)
        assert found is not None
        yield f"{path} {name}".strip(), found
        if isinstance(found, click.Group):
            yield from commands(found, f"{path} {name}".strip())


ALL = dict(commands())


def test_overview_is_golden(golden: Callable[[str, str], None]) -> None:
    golden("help", overview())


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_both_ways_to_the_overview_say_the_same(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli, arguments).stdout == overview()


def test_overview_fits_a_narrow_terminal() -> None:
    assert max(len(line) for line in overview().splitlines()) <= 80


@pytest.mark.parametrize("path", ALL)
def test_every_help_has_an_example_of_that_command(path: str) -> None:
    found = CliRunner().invoke(cli, [*path.split(), "--help"])
    assert found.exit_code == 0
    assert found.stderr == ""
    assert "\nExample" in found.stdout
    assert f"andon {path}" in found.stdout.partition("\nExample")[2]


@pytest.mark.parametrize("path", [p for p, c in ALL.items() if not isinstance(c, click.Group)])
def test_every_command_has_json(path: str) -> None:
    assert "--json" in {option for p in ALL[path].params for option in p.opts}


def test_every_command_can_show_examples() -> None:
    assert all(isinstance(c, Command | Noun) for c in ALL.values())


def test_table_names_what_the_modules_hold() -> None:
    for entry in COMMANDS:
        assert ALL[entry.name].name == entry.name


def test_examples_parse() -> None:
    """Every example of a command is one that its own parser takes."""
    import shlex

    for path, command in ALL.items():
        for example in getattr(command, "examples", ()):
            typed = shlex.split(example.partition("#")[0].partition("|")[0].partition("&&")[0].partition(">")[0])
            words = typed[typed.index("andon") + 1 :]
            if words[: len(path.split())] != path.split() or isinstance(command, click.Group):
                continue
            rest = [w for w in words[len(path.split()) :] if not w.endswith(".sql") or "/" in w]
            rest = [w for w in rest if w != "-f"]
            command.make_context(path, rest, obj=App(None, _console()))


def _console() -> object:
    from andon.cli.output import Console

    return Console()


def test_overview_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['andon', '--help']\n"
        "from andon.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'duckdb', 'rich', 'yaml', 'pyarrow', 'fastavro', 'click', 'sqlite3'} & set(sys.modules)\n"
        "sys.stderr.write(','.join(sorted(heavy)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == overview()
    assert found.stderr == ""


def test_parser_loads_nothing_heavy() -> None:
    code = (
        "import sys, andon.cli.app\n"
        "heavy = {'duckdb', 'rich', 'yaml', 'pyarrow', 'fastavro', 'sqlite3'} & set(sys.modules)\n"
        "sys.stderr.write(','.join(sorted(heavy)))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stderr == ""


def test_shells_can_complete() -> None:
    command = [sys.executable, "-c", "import sys; sys.argv = ['andon']; from andon.cli.main import main; main()"]
    found = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "_ANDON_COMPLETE": "zsh_source"})
    assert "#compdef andon" in found.stdout
