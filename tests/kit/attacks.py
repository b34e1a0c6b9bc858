"""What somebody may try who may ask questions, and files that tell whether it worked."""

from __future__ import annotations

import os
import re
from pathlib import Path

LISTED = Path(__file__).parents[1] / "cases" / "attacks" / "questions.txt"
SECRET = "canary7f3a"
_TIMES = re.compile(r"⟦(\d+)\*(.*?)⟧")
_ESCAPED = re.compile(r"\\(n|0|u[0-9a-f]{4})")


def attacks(*kinds: str) -> list[tuple[str, str]]:
    """The attacks of these kinds, as they are listed: title and text."""
    found, title, wanted = [], "", False
    for line in LISTED.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            kind, _, title = line.removeprefix("## ").partition(": ")
            wanted = kind in kinds
        elif wanted and line and not line.startswith("#"):
            found.append((title, line))
    return found


def written_out(text: str) -> str:
    """A listed text as it is asked."""
    text = _TIMES.sub(lambda match: match[2] * int(match[1]), text)
    return _ESCAPED.sub(lambda m: {"n": "\n", "0": "\0"}.get(m[1]) or chr(int(m[1][1:], 16)), text)


class Canary:
    """Files that nobody may read, and whether somebody did.

    Args:
        other: a data file of the lake that is not asked for.
    """

    def __init__(self, folder: Path, other: str = "") -> None:
        import duckdb

        folder.mkdir()
        self.folder = folder
        self._other = other
        self.csv, self.json, self.parquet = (folder / f"canary.{kind}" for kind in ("csv", "json", "parquet"))
        self.csv.write_text(f"a,b\n{SECRET},1\n")
        self.json.write_text(f'{{"a": "{SECRET}", "b": 1}}\n')
        duckdb.sql(f"copy (select '{SECRET}' as a, 1 as b) to '{self.parquet}'")
        self.files = (self.csv, self.json, self.parquet)

    def fill(self, text: str) -> str:
        """A listed text, written out, with the names of these files."""
        named = {
            "{f}": str(self.csv),
            "{F}": str(self.csv).upper(),
            "{leaf}": self.folder.name,
            "{j}": str(self.json),
            "{p}": str(self.parquet),
            "{d}": str(self.folder),
            "{o}": self._other,
        }
        text = written_out(text)
        for mark, name in named.items():
            text = text.replace(mark, name)
        return text

    def forget(self) -> None:
        """From here on reads are told."""
        for file in self.files:
            os.utime(file, ns=(0, file.stat().st_mtime_ns))

    @property
    def is_read(self) -> bool:
        """Whether the system saw a read of a file since `forget`; reading moves the time of access forward from 0."""
        return any(file.stat().st_atime_ns for file in self.files)

    @property
    def is_written(self) -> bool:
        """Whether something was written beside the files."""
        return bool([path for path in self.folder.iterdir() if path not in self.files])

    def tells_reads(self) -> bool:
        """Whether this file system keeps times of access."""
        self.forget()
        self.csv.read_bytes()
        return self.is_read
