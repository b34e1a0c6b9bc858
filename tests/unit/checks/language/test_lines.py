"""Runs `tests/cases/checks/lines.txt`: a line (`> `, or `column > ` for a column's own), and what it means (`= `).

`ANDON_UPDATE=1` writes the meanings anew; review reads the difference.
"""

from __future__ import annotations

import os
import re

import pytest

from andon.checks.language.expression import AGGREGATES
from andon.checks.language.parse import key_check, parse_check, parse_lines
from andon.errors import CODES, Problem
from andon.model.check import Check
from andon.model.dataset import CheckLine
from andon.model.quarantine import sets_aside
from andon.sql.names import words
from andon.sql.parse import engine
from kit.checks import CASES, COLUMNS, read, shown

FILE = CASES / "lines.txt"
_CASE = re.compile(r"^(?:\[(?P<column>[^\]\n]+)\] )?> (?P<line>.*)\n= (?P<means>.*)$", re.M)

if os.environ.get("ANDON_UPDATE"):
    FILE.write_text(
        _CASE.sub(
            lambda m: m[0][: m.start("means") - m.start()] + shown(read(m["line"], m["column"])), FILE.read_text()
        )
    )

ALL = [(m["line"], m["column"], m["means"]) for m in _CASE.finditer(FILE.read_text())]


@pytest.mark.parametrize(("line", "column", "means"), ALL, ids=[f"{c or ''}{line}"[:60] for line, c, _ in ALL])
def test_line_means(line: str, column: str | None, means: str):
    found = read(line, column)
    assert shown(found) == means
    if isinstance(found, Problem):
        assert found.code in CODES
        assert found.hint
        assert (found.file, found.line) == ("f.sql", 1)


def test_every_case_was_read():
    assert FILE.read_text().count("\n= ") == len(ALL) > 150


def test_the_place_counts_from_the_column_of_the_text():
    found = parse_check("a > 0 -- x", dataset="s.d", columns=None, key=None, file="f", line=7, column=11)
    assert isinstance(found, Problem)
    assert (found.line, found.column) == (7, 17)


def test_the_aggregates_are_those_of_the_engine():
    rows = engine().execute("select distinct function_name from duckdb_functions() where function_type = 'aggregate'")
    windows = words(
        """cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number"""
    )
    assert {row[0] for row in rows.fetchall()} - AGGREGATES - windows == set()


def test_the_identity_is_the_meaning():
    def of(line: str) -> str:
        found = read(line)
        assert isinstance(found, Check)
        return found.id

    assert of("a 0..5") == of('named: a 0..5 warn "why"')
    assert of("a  >  0   and b > 0") == of("a > 0 and b > 0  # the same")
    assert of("status = 'x  y'") != of("status = 'x y'")
    assert of("a 0..5") != of("a 0..6")
    assert of("a 0..5") != of("a 0..5 allow 1%")
    assert of("a 0..5 allow 1%") == of("a 0..5 allow 1.0%")
    assert of("a 0..5") != of("a 0..5 where b > 0")


def test_lines_of_a_dataset():
    lines = [
        CheckLine("total: sum(a) > 0", "f.sql", 3),
        CheckLine("total: sum(b) > 0", "f.sql", 4),
        CheckLine("0..", "f.sql", 5, 9, "a"),
        CheckLine("key id", "f.sql", 6),
        CheckLine("nonsense", "f.sql", 7, 3),
    ]
    checks, problems = parse_lines(lines, dataset="marts.d", columns=COLUMNS, key=["id"])
    assert [c.label for c in checks] == ["key id", "total", "a 0.."]
    assert checks[0] == key_check("marts.d", ["id"])
    assert [(p.line, p.column) for p in problems] == [(4, 1), (7, 3)]
    assert "named `total`" in problems[0].message


def test_without_columns_names_of_three_parts_are_other_datasets():
    known, unknown = (
        parse_check("sum(shop.customers.id) > 3", dataset="marts.d", columns=columns, key=None)
        for columns in (COLUMNS, None)
    )
    assert isinstance(known, Check)
    assert isinstance(unknown, Check)
    assert known.others == ()
    assert unknown.others == ("shop.customers",)


@pytest.mark.parametrize(
    "line",
    [
        "a > 0 quarantine 1%",
        'a > 0 quarantine 1_0 rows info "quarantine 1% is much"',
        "a > 0 QUARANTINE 5 %  # as agreed",
        "a > 0 where status <> 'quarantine 1 row' quarantine 1 row",
        "a = 'x quarantine 1%'",
        "quarantine > 1",
        'a > 0 "quarantine 5% of it"',
        "a > 0  -- quarantine 1%",
        *[line for line, column, _ in ALL if column is None],
    ],
)
def test_lines_that_set_rows_aside_are_told_by_their_words_alone(line: str):
    found = read(line, None)
    if not isinstance(found, Problem):
        assert sets_aside(line) == (found.quarantine is not None)
