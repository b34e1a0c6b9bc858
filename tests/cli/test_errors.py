"""Errors: text on stderr, a document with --json, the exit status; whatever happens."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from andon.cli.app import App, _guarded, cli
from andon.errors import AndonError, ConflictError, DatasetError, MachineError, Problem, ProjectError, UsageError
from kit.command_line import Andon


def run(*words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(cli, list(words))
    return found.exit_code, found.stdout, found.stderr


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["puls"], "there is no command `puls`", "did you mean `pull`?"),
        (["xyzzy"], "there is no command `xyzzy`", "`andon --help` lists all commands"),
        (["run", "--frce"], "--frce", "`andon run --help` shows how it is used"),
        (["diff"], "missing argument", "`andon diff --help` shows how it is used"),
        (["branch", "create"], "missing argument", "`andon branch create --help` shows how it is used"),
        (["branch"], "`andon branch` needs a command", "`andon branch --help` shows how it is used"),
        (["run", "--publish", "some"], "some", "`andon run --help` shows how it is used"),
        (["run", "--now", "teatime"], "`teatime` is not a time", "`andon run --help` shows how it is used"),
        (["-C", "/nowhere/at/all", "ls"], "/nowhere/at/all", "`andon --help` shows how it is used"),
    ],
)
def test_wrong_usage_is_exit_2_in_both_shapes(words: list[str], message: str, hint: str) -> None:
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert message.lower() in err.lower()
    assert hint in err
    assert "[usage.bad_argument]" in err
    status, out, err = run(*words, "--json")
    assert status == 2
    document = json.loads(out)
    assert document["error"]["code"] == "usage.bad_argument"
    assert set(document["error"]) >= {"code", "message", "where", "hint", "problems"}
    assert err != ""


def test_no_project_says_what_to_do(tmp_path: Path) -> None:
    status, out, err = run("-C", str(tmp_path), "status", "--json")
    assert status == 2
    assert json.loads(out)["error"]["code"] == "usage.no_project"
    assert "hint:" in err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DatasetError("build.failed", "x"), 1),
        (UsageError("usage.exists", "x"), 2),
        (ProjectError.of([Problem("project.bad_sql", "x", "a.sql", 1, 2)]), 2),
        (ConflictError("lake.ref_moved", "x"), 3),
        (MachineError("machine.disk", "x"), 4),
    ],
)
def test_exit_status_is_the_errors(error: AndonError, status: int) -> None:
    def fail() -> None:
        raise error

    assert _guarded([], fail) == status


def test_unexpected_exception_is_a_defect_without_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oops")

    assert _guarded(["run", "--json"], fail) == 4
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"]["code"] == "internal.error"
    assert "ZeroDivisionError: oops" in captured.err
    assert "Traceback" not in captured.err
    assert _guarded(["--debug", "run"], fail) == 4
    assert "Traceback" in capsys.readouterr().err


def test_error_of_the_disk_is_the_machines(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device", "/lake/data")

    assert _guarded([], fail) == 4
    assert "machine.disk" in capsys.readouterr().err


def test_ctrl_c_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise click.Abort

    assert _guarded([], fail) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_json_after_two_dashes_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise UsageError("usage.exists", "x")

    _guarded(["query", "--", "--json"], fail)
    assert capsys.readouterr().out == ""


def test_hints_repeat_the_folder() -> None:
    from andon.cli.output import Console

    assert App(Path("my shop"), Console()).command("undo --yes") == "andon -C 'my shop' undo --yes"
    assert App(None, Console()).command("undo") == "andon undo"


def test_reader_that_left_is_no_error(tmp_path: Path) -> None:
    """`andon … | head -1`: the command goes on to its own end."""
    code = "from andon.cli.app import cli; cli.main(['doctor'])"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert b"BrokenPipe" not in err
    assert process.wait() in (0, 4)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["due", "--branch", "nope"], "lake.ref_not_found", "known: main"),
        (["tick", "--branch", "nope"], "lake.ref_not_found", "known: main"),
        (["why", "shop.orders", "--branch", "nope"], "lake.ref_not_found", "known: main"),
        (["pause", "shop.orders", "--branch", "run:1"], "usage.bad_argument", "`andon branch list` lists them"),
        (["incidents", "--branch", "nope"], "lake.ref_not_found", "known: main"),
        (
            ["why", "shop.orders", "--at", "2099-01-01"],
            "usage.bad_argument",
            "`andon due --at 2099-01-01T00:00` looks ahead",
        ),
        (["resume"], "usage.bad_argument", "`andon resume shop.orders`, or `andon resume --all`"),
        (["quarantine", "show", "shop.orders"], "usage.bad_argument", "`andon quarantine list`"),
        (["contract", "import", "nope.yml"], "usage.bad_argument", "path"),
    ],
)
def test_what_is_not_there_is_said_and_the_hint_can_be_followed(
    built: Andon, words: list[str], code: str, hint: str
) -> None:
    error = built.json(*words, status=2)["error"]
    assert error["code"] == code
    assert hint in error["hint"]
