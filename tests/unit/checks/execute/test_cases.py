"""Runs `tests/cases/checks/meaning_*.txt`: data, lines, and how each comes out when it is run plainly.

A file has blocks: `=== name`, then `columns: a INTEGER, …`, `rows: (1, …), …`, and if wanted `key: a`, `declared: a INTEGER, …`,
`published columns: …`, `published: rows`, `other s.d: columns | rows`, `now: instant`; then `> line` and `= outcome`.
`ANDON_UPDATE=1` writes the outcomes anew; review reads the difference.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from andon.base.names import quote_name
from andon.checks.compile.check import Catalog, compile_check
from andon.checks.execute.plain import PlainRelations, measure
from andon.checks.execute.planned import CheckQuestion, Target, execute
from andon.checks.judge import Judgement, judge
from andon.checks.language.parse import parse_check
from andon.engines.duckdb.stats import parse_return_stats
from andon.errors import Problem
from andon.model.version import DataFile
from andon.sql.bind import Binder
from andon.sql.clock import shadow_macros
from kit.checks import CASES

if TYPE_CHECKING:
    import duckdb

_LINE = re.compile(r"^> (?P<line>.*)\n= ?(?P<outcome>.*)$", re.M)
FOLDER = tempfile.TemporaryDirectory()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Block:
    """Data, and lines with their outcomes."""

    name: str
    settings: dict[str, str] = field(default_factory=dict)
    cases: list[tuple[str, str]] = field(default_factory=list)


def blocks_of(text: str) -> list[Block]:
    found = []
    for part in re.split(r"^=== ", text, flags=re.M)[1:]:
        name, _, body = part.partition("\n")
        block = Block(name.strip())
        head = body.split("\n> ")[0] if "\n> " in body else body
        for line in head.splitlines():
            key, _, value = line.partition(": ")
            if value:
                block.settings[key] = value
        block.cases = [(m["line"], m["outcome"]) for m in _LINE.finditer(body)]
        found.append(block)
    return found


def make_table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: str) -> list[tuple[str, str]]:
    connection.execute(f"create schema if not exists {name.split('.')[0]}; create table {quote_name(name)} ({columns})")
    if rows.strip():
        connection.execute(f"insert into {quote_name(name)} values {rows}")
    return [(row[0], row[1]) for row in connection.execute(f"describe {quote_name(name)}").fetchall()]


class World:
    """The tables of a block in an engine, and a way to run lines."""

    def __init__(self, block: Block) -> None:
        import duckdb

        settings = block.settings
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set timezone = 'UTC'")
        self.columns = make_table(self.connection, "marts.d", settings["columns"], settings.get("rows", ""))
        self.published: list[tuple[str, str]] | None = None
        if "published" in settings or "published columns" in settings:
            there = settings.get("published columns", settings["columns"])
            self.published = make_table(self.connection, "old.d", there, settings.get("published", ""))
        known = {"marts.d": self.columns}
        for key, value in settings.items():
            if key.startswith("other "):
                columns, _, rows = value.partition("|")
                known[key[6:]] = make_table(self.connection, key[6:], columns, rows)
        self.key = [name.strip() for name in settings.get("key", "").split(",") if name.strip()]
        self.keys = {"marts.d": self.key}
        for key, value in settings.items():
            if key.startswith("key of "):
                self.keys[key[7:]] = [value]
        self.declared = [
            (name, kind or None)
            for name, _, kind in (part.strip().partition(" ") for part in settings.get("declared", "").split(";"))
            if name
        ]
        self.moment = datetime.fromisoformat(settings["now"]) if "now" in settings else NOW
        for macro in shadow_macros(self.moment):
            self.connection.execute(macro)
        self.catalog = Catalog(known, self.keys, {"plate": "[A-Z]{2}-[0-9]+"})
        self.binder = Binder()
        self.file: Target | None = None

    def run(self, line: str) -> str:
        check = parse_check(line, dataset="marts.d", columns=self.columns, key=self.key, patterns=("plate",))
        if isinstance(check, Problem):
            return f"unreadable: {check.message}"
        plan = compile_check(check, self.catalog, self.binder)
        if isinstance(plan, Problem):
            assert plan.hint
            return f"refused: {plan.message}"
        old = None if self.published is None else "old.d"
        relations = PlainRelations('"marts"."d"', {}, old, self.columns, self.declared, self.published)
        told = outcome(judge(check, measure(plan, relations, self.connection), self.moment))
        published = None if self.published is None else Target("old.d", self.published)
        for target in self.targets():
            question = CheckQuestion([(check, plan)], target, {}, published, declared=self.declared)
            planned = execute(question, self.connection, self.moment)[0]
            assert outcome(planned.verdict) == told, planned
        return told

    def targets(self) -> list[Target]:
        """The dataset as what it is, and as a file with what its write told, if that has the same types."""
        view = Target('"marts"."d"', self.columns)
        if self.file is None:
            path = Path(FOLDER.name) / f"{id(self)}.parquet"
            copy = f"copy marts.d to '{path}' (format parquet, return_stats)"
            row = self.connection.execute(copy).fetchall()[0]
            file = DataFile(path.name, int(row[2]), "", int(row[1]), parse_return_stats(row[4]))
            self.file = Target(f"read_parquet(['{path}'])", self.columns, (file,), (str(path),))
        there = self.connection.execute(f"describe from {self.file.relation}").fetchall()
        same = [(row[0], row[1]) for row in there] == self.columns
        return [view, self.file] if same else [view]


def outcome(verdict: Judgement) -> str:
    parts = [str(verdict.status)]
    if verdict.bad is not None:
        parts.append(f"bad {verdict.bad} of {verdict.total}")
    if verdict.value is not None:
        parts.append(f"value {verdict.value}")
    if verdict.limit is not None:
        parts.append(f"limit {verdict.limit}")
    if verdict.reason:
        parts.append(f"({verdict.reason})")
    return " ".join(parts)


FILES = sorted(CASES.glob("meaning_*.txt"))
WORLDS: dict[tuple[Path, str], World] = {}


def run(path: Path, block: Block, line: str) -> str:
    found = WORLDS.get((path, block.name))
    if found is None:
        found = WORLDS[(path, block.name)] = World(block)
    return found.run(line)


def update(path: Path) -> None:
    parts = re.split(r"(?m)^(?==== )", path.read_text())
    for index, part in enumerate(parts):
        for block in blocks_of(part):
            made = _LINE.sub(lambda m, b=block: f"> {m['line']}\n= {run(path, b, m['line'])}", part)
            parts[index] = made
    path.write_text("".join(parts))


if os.environ.get("ANDON_UPDATE"):
    for one in FILES:
        update(one)

ALL = [
    pytest.param(path, block, line, told, id=f"{block.name}: {line}"[:70])
    for path in FILES
    for block in blocks_of(path.read_text())
    for line, told in block.cases
]


@pytest.mark.parametrize(("path", "block", "line", "told"), ALL)
def test_outcome(path: Path, block: Block, line: str, told: str):
    assert run(path, block, line) == told


def test_there_are_enough_cases_and_all_are_read():
    assert sum(path.read_text().count("\n> ") for path in FILES) == len(ALL) >= 120
