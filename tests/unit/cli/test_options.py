"""Options that commands share, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import pytest
from click.testing import CliRunner

from andon.cli.app import App
from andon.cli.interruptible import apart
from andon.cli.options import (
    at_option,
    branch_option,
    folder_options,
    json_option,
    publish_options,
    run_options,
    selection_options,
    yes_option,
)
from andon.cli.output import Console
from andon.errors import UsageError


def parsed(
    decorate: Any, *words: str, env: dict[str, str] | None = None, status: int = 0
) -> tuple[dict[str, Any], str]:
    """What a command with these options gets, and what was printed."""
    got: dict[str, Any] = {}

    @click.command()
    @decorate
    def command(**options: Any) -> None:
        got.update(options)

    clean = {"ANDON_NOW": None, "ANDON_BRANCH": None}
    done = CliRunner().invoke(command, list(words), obj=App(None, Console()), env={**clean, **(env or {})})
    assert done.exit_code == status, done.output
    return got, done.output


def test_a_selection() -> None:
    got, _ = parsed(
        selection_options, "a.b+", "tag:x", "--exclude", "a.c", "--exclude", "a.d", "--force", "--no-proofs"
    )
    assert got["select"] == ("a.b+", "tag:x")
    assert got["exclude"] == ("a.c", "a.d")
    assert (got["force"], got["no_proofs"], got["branch"], got["now"]) == (True, True, None, None)


def test_the_clock_is_a_moment_in_utc_unless_it_says_otherwise() -> None:
    got, _ = parsed(selection_options, "--now", "2026-11-01")
    assert got["now"] == datetime(2026, 11, 1, tzinfo=UTC)
    got, _ = parsed(selection_options, env={"ANDON_NOW": "2026-11-01T06:00+02:00", "ANDON_BRANCH": "try"})
    assert got["now"] == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert got["branch"] == "try"
    _, text = parsed(selection_options, "--now", "tomorrow", status=2)
    assert "`tomorrow` is not a time" in text


def test_what_is_published_is_one_of_the_policies() -> None:
    got, _ = parsed(publish_options, "--publish", "healthy", "-m", "why")
    assert got == {"policy": "healthy", "message": "why"}
    _, text = parsed(publish_options, "--publish", "all", status=2)
    assert "all-or-nothing" in text


@pytest.mark.parametrize(
    ("decorate", "words", "got"),
    [
        (folder_options, ["--drop", "--forward"], {"drop": True, "forward": True}),
        (yes_option, ["-y"], {"yes": True}),
        (branch_option, ["--branch", "try"], {"branch": "try"}),
        (at_option, ["--at", "main~1"], {"at": "main~1"}),
        (at_option, [], {"at": None}),
    ],
)
def test_single_options(decorate: Any, words: list[str], got: dict[str, Any]) -> None:
    assert parsed(decorate, *words)[0] == got


def test_json_is_told_to_the_console_and_not_to_the_command() -> None:
    app = App(None, Console())

    @click.command()
    @json_option
    def command() -> None:
        pass

    assert CliRunner().invoke(command, [], obj=app).exit_code == 0
    assert not app.console.as_json
    assert CliRunner().invoke(command, ["--json"], obj=app).exit_code == 0
    assert app.console.as_json


def test_the_options_of_a_run() -> None:
    plain = run_options(("a.b",))
    assert (plain.select, plain.exclude, plain.branch, plain.publish) == (("a.b",), (), None, None)
    assert (plain.force, plain.now, plain.drop, plain.message, plain.proofs) == (False, None, False, None, True)
    full = run_options(
        (), exclude=("x.y",), branch="try", policy="none", force=True, drop=True, message="m", no_proofs=True
    )
    assert (full.exclude, full.branch, full.publish) == (("x.y",), "try", "none")
    assert (full.force, full.drop, full.message, full.proofs) == (True, True, "m", False)


def test_work_apart_gives_what_it_gives() -> None:
    def refused() -> None:
        raise UsageError("usage.bad_argument", "no")

    assert apart(lambda: 41 + 1) == 42
    with pytest.raises(UsageError, match="no"):
        apart(refused)
