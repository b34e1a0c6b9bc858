"""What steers a terminal is shown, not obeyed: from data, names, messages, authors, descriptions and errors, by every command."""

from __future__ import annotations

import io
import json

import pytest

from andon.cli.output import Ink, error_lines
from andon.cli.table import table
from andon.errors import UsageError
from kit.command_line import Andon

STEER = "\x1b[31mX\x1b]0;t\x07\x9b2J\u202egnp\u2066\r\x08"
NAME = f"n{STEER}\nerror: all is well"
QUOTED = '"' + NAME + '"'

SQL = f"""/*---
description: "{json.dumps(STEER)[1:-1]} describes"
owner: "{json.dumps(STEER)[1:-1]}"
tags: ["{json.dumps(STEER)[1:-1]}"]
caveats: ["{json.dumps(STEER)[1:-1]}"]
columns:
  amount: "{json.dumps(STEER)[1:-1]}"
checks: |
  unique id  "\u202egnp\u2066"
  amount > 5
---*/
select i as id, i as amount, 'v' || i || chr(27) || '[2J' || chr(10) || chr(8238) as {QUOTED} from range(9) t(i)
"""

COMMANDS = [
    "plan",
    "run --yes",
    "status",
    "ls",
    "show odd.names",
    "log",
    "log --schema odd.names",
    "check",
    "check odd.names",
    "check --suggest odd.names",
    "profile odd.names",
    "lineage odd.names",
    "lineage odd.names --format mermaid",
    "lineage odd.names --format dot",
    "impact odd.names",
    "diff main~1 main",
    "diff main~1 main --rows odd.names",
    "diff main~1 main --rows odd.names --format markdown",
    "branch",
    "tag",
    "doctor",
    "config show",
    "undo",
    "redo",
]


def steers(text: str) -> list[str]:
    return [c for c in text if (ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066\u2028"]


@pytest.fixture
def odd(andon: Andon, monkeypatch: pytest.MonkeyPatch) -> Andon:
    monkeypatch.setenv("ANDON_AUTHOR", f"eve{STEER}")
    andon("run", "--yes")
    andon.write("datasets/odd/names.sql", SQL)
    andon("run", "--yes", "--message", f"m{STEER}\nerror: all is well", status=1)
    andon("accept", "run:2", "amount > 5", "--reason", f"r{STEER}")
    return andon


def test_no_command_lets_a_text_steer_the_terminal(odd: Andon) -> None:
    shown = 0
    for command in COMMANDS:
        words = command.split()
        found = _run(odd, words)
        assert not steers(found.out + found.err), command
        assert "\nerror: all is well" not in found.out + found.err, command
        shown += "x1b" in found.out + found.err
    assert shown > 8  # else nothing was tried


def test_errors_and_queries_are_shown_alike(odd: Andon) -> None:
    for words in (
        ["query", f"select 1 as {QUOTED}"],
        ["query", "from odd.names"],
        ["query", f"select {QUOTED}"],
        ["query", f"select error('{STEER}')"],
        ["query", f"from odd.{QUOTED}"],
        ["show", NAME],
        ["plan", NAME],
        ["log", "--branch", NAME],
        ["tag", NAME],
    ):
        found = _run(odd, words)
        assert not steers(found.out + found.err), words
        assert "\nerror: all is well" not in found.out + found.err, words


def test_documents_and_files_hold_the_data_as_it_is(odd: Andon) -> None:
    rows = odd.json("query", "from odd.names limit 1")["rows"]
    assert rows[0][2] == "v0\x1b[2J\n\u202e"
    found = odd("query", "from odd.names limit 1", "--format", "csv")
    assert "\x1b[2J\n\u202e" in found.out
    assert odd.json("log")[0]["author"] == f"eve{STEER}"


def _run(andon: Andon, words: list[str]):
    from click.testing import CliRunner

    from andon.cli.app import cli
    from kit.command_line import Result

    found = CliRunner().invoke(cli, ["-C", str(andon.folder), *words], env={"NO_COLOR": None, "COLUMNS": "80"})
    assert not isinstance(found.exception, Exception) or isinstance(found.exception, SystemExit), (
        words,
        found.exception,
    )
    return Result(found.exit_code, found.stdout, found.stderr)


def test_only_our_own_colours_reach_a_terminal() -> None:
    stream = io.StringIO()
    pen = Ink(stream, True, {})
    pen.line(pen.paint("a\x1b[31m", "accent") + "\x1b[2J")
    for line in table([(("b\x1b[0m\n", "bad"), "c\x9b")], pen):
        pen.line(line)
    assert stream.getvalue() == "\x1b[36ma\\x1b[31m\x1b[0m\\x1b[2J\n\x1b[31mb\\x1b[0m⏎\x1b[0m  c\\x9b\n"


def test_what_an_error_says_on_more_lines_is_set_in() -> None:
    pen = Ink(io.StringIO(), False, {})
    error = UsageError("usage.bad_argument", "no such thing:\nhint: type `rm -r /`\x1b", hint="h")
    assert error_lines(error.to_json(), pen) == [
        "error: no such thing:",
        "    hint: type `rm -r /`\\x1b  [usage.bad_argument]",
        "  hint: h",
    ]
