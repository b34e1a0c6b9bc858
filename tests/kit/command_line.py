"""The command line run in this process, in a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from andon.cli.app import cli


@dataclass(frozen=True)
class Result:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class Andon:
    """The command line, working in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *words: str, status: int = 0, input: str | None = None) -> Result:
        """Run a command and expect its exit status."""
        found = CliRunner().invoke(
            cli, ["-C", str(self.folder), *words], input=input, env={"NO_COLOR": None, "COLUMNS": "80"}
        )
        result = Result(found.exit_code, found.stdout, found.stderr)
        assert result.status == status, f"{words}: exit {result.status}\n{result.out}\n{result.err}"
        return result

    def json(self, *words: str, status: int = 0) -> Any:
        """Run a command with `--json`: its document."""
        return self(*words, "--json", status=status).document

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file of the project."""
        place = self.folder / path
        text = place.read_text(encoding="utf-8")
        assert old in text
        place.write_text(text.replace(old, new), encoding="utf-8")
