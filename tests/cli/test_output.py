"""The console: tables, colours, encodings, values."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from andon.cli.output import Ink, display_width, error_lines
from andon.cli.table import table
from andon.errors import Problem, ProjectError, UsageError
from andon.render.values import as_json_text, cell_text, is_number


def ink(color: bool | None = False, encoding: str = "utf-8", **environ: str) -> Ink:
    return Ink(io.TextIOWrapper(io.BytesIO(), encoding=encoding), color, environ)


def written(pen: Ink) -> bytes:
    stream = pen.stream
    stream.flush()
    found = stream.buffer.getvalue()  # type: ignore[attr-defined]
    assert isinstance(found, bytes)
    return found


def test_table_is_aligned() -> None:
    lines = table([("a", "1"), ("long name", "1,000")], ink(), headers=("name", "rows"), right=[1])
    assert lines == ["name        rows", "a              1", "long name  1,000"]


def test_table_counts_wide_characters_and_breaks() -> None:
    lines = table([("日本", "x"), ("a\nb", "y")], ink())
    assert lines == ["日本  x", "a⏎b   y"]
    assert display_width("日本") == 4


def test_table_gives_way_to_a_narrow_terminal() -> None:
    line, note = table([("short", "x" * 200, "end")], ink(), width=40)
    assert len(line) == 40
    assert "…" in line
    assert line.endswith("end")
    assert note == "… cut: column 2 (up to 200 characters)"


def test_names_are_never_cut_and_descriptions_give_way_first() -> None:
    name, rows = "marts.revenue_by_month_and_customer", ("1,234,567", "an owner of theirs", "what it says " * 3)
    options: dict[str, Any] = {
        "whole": [0, 1],
        "first": [3],
        "drop": [2, 3],
        "names": ["dataset", "rows", "owner", "about"],
    }
    lines = table([(name, *rows)], ink(), width=85, **options)
    assert len(lines[0]) == 85
    assert lines[0].startswith(f"{name}  1,234,567  an owner of theirs  what")
    narrow = table([(name, *rows)], ink(), width=56, **options)
    assert narrow == [f"{name}  1,234,567", "… not shown: owner, about"], narrow
    assert table([(name, *rows)], ink(), width=20, **options)[0] == narrow[0]


def test_painted_cells_stay_aligned() -> None:
    lines = table([(("a", "accent"), "x"), (("bcd", ""), "y")], ink(color=True))
    assert [ink(color=True).shown(line) for line in lines] == ["\x1b[36ma\x1b[0m    x", "bcd  y"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_no_color_is_honoured() -> None:
    def painted(color: bool | None = None, **environ: str) -> str:
        pen = Ink(Terminal(), color, environ)
        return pen.shown(pen.paint("x", "accent"))

    assert painted() == "\x1b[36mx\x1b[0m"
    assert painted(NO_COLOR="1") == "x"
    assert painted(TERM="dumb") == "x"
    assert painted(color=False) == "x"
    assert Ink(io.StringIO(), None, {}).paint("x", "accent") == "x"


def test_symbols_fall_back_to_ascii() -> None:
    pen = ink(encoding="ascii")
    pen.line("✓ a → b · café")
    assert written(pen) == b"+ a > b - caf\\xe9\n"


def test_one_problem_is_not_said_twice() -> None:
    problem = Problem("x", "no such thing", "query", 1, 8, "look there", "1 | select\n  |        ^")
    error = UsageError("usage.query_failed", "no such thing", where="query:1:8", hint="look there", problems=(problem,))
    assert error_lines(error.to_json(), ink()) == [
        "error: no such thing  [usage.query_failed]",
        "  at query:1:8",
        "    1 | select",
        "      |        ^",
        "  hint: look there",
    ]


def test_all_problems_are_listed() -> None:
    error = ProjectError.of(
        [Problem("project.bad_sql", "b", "b.sql", 2, 1, "h"), Problem("project.bad_yaml", "a", "a.sql", 1)]
    )
    assert error_lines(error.to_json(), ink()) == [
        "error: 2 problems in 2 files  [project.invalid]",
        "",
        "  a.sql:1  a",
        "",
        "  b.sql:2:1  b",
        "    hint: h",
    ]


@pytest.mark.parametrize(
    ("value", "cell", "document"),
    [
        (None, "NULL", "null"),
        (True, "true", "true"),
        (2**80, str(2**80), str(2**80)),
        (0.1 + 0.2, "0.3", "0.30000000000000004"),
        (float("nan"), "nan", '"nan"'),
        (Decimal("1234567890123456789.10"), "1234567890123456789.10", "1234567890123456789.10"),
        ("ä\n", "ä\n", '"ä\\n"'),
        (date(2026, 1, 2), "2026-01-02", '"2026-01-02"'),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04:00", '"2026-01-02T03:04:00"'),  # noqa: DTZ001 - as TIMESTAMP comes
        (datetime(2026, 1, 2), "2026-01-02", '"2026-01-02T00:00:00"'),  # noqa: DTZ001 - the same
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00", '"2026-01-02T00:00:00+00:00"'),
        (b"\x00\xff", "\\x00ff", '"\\\\x00ff"'),
        ([1, None], "[1, NULL]", "[1, null]"),
        ({"a": Decimal("1.0")}, "{a: 1.0}", '{"a": 1.0}'),
    ],
)
def test_values(value: Any, cell: str, document: str) -> None:
    assert cell_text(value) == cell
    assert as_json_text(value) == document
    json.loads(document)


@pytest.mark.parametrize(
    ("kind", "right"), [("DECIMAL(10,2)", True), ("BIGINT", True), ("BIGINT[]", False), ("DATE", False)]
)
def test_numbers_stand_to_the_right(kind: str, right: bool) -> None:
    assert is_number(kind) is right
