"""The reference page of the command line is the one that the commands make."""

from __future__ import annotations

import os
from pathlib import Path

from andon.cli.commands import COMMANDS
from andon.cli.reference import markdown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"


def test_page_is_up_to_date() -> None:
    if os.environ.get("GOLDEN") == "update":
        PAGE.write_text(markdown(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == markdown(), "python -m andon.cli.reference > docs/reference/cli.md"


def test_every_command_has_a_heading() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert all(f"## andon {entry.name}" in lines for entry in COMMANDS)
