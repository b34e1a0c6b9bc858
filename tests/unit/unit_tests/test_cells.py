"""Values written in unit tests: which fit a column's type, and as what they arrive there."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from andon.model.types import parse_type
from andon.model.unit_tests import Cell, CellKind
from andon.unit_tests.cells import cell_sql, inferred_type

TEXT, NUMBER, FLAG, NULL, JSON, BARE = CellKind


@pytest.fixture(scope="module")
def ask() -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")

    def value(how: CellKind, text: str, kind: str) -> Any:
        sql = cell_sql(Cell(how, text, 1, 1), parse_type(kind))
        return "misfit" if sql is None else connection.execute(f"select try({sql})").fetchall()[0][0]

    return value


@pytest.mark.parametrize(
    ("how", "text", "kind", "value"),
    [
        (NULL, "", "DATE", None),
        (NUMBER, "5", "INTEGER", 5),
        (NUMBER, "5.0", "INTEGER", 5),
        (NUMBER, "5.5", "INTEGER", "misfit"),
        (NUMBER, "1e3", "INTEGER", "misfit"),
        (NUMBER, "3000000000", "INTEGER", "misfit"),
        (TEXT, "5", "INTEGER", 5),
        (BARE, "5", "BIGINT", 5),
        (BARE, "1_000", "BIGINT", "misfit"),
        (FLAG, "true", "INTEGER", "misfit"),
        (NUMBER, "10.005", "DECIMAL(18,2)", "misfit"),
        (NUMBER, "10.50", "DECIMAL(18,2)", Decimal("10.50")),
        (NUMBER, "10.500", "DECIMAL(18,2)", Decimal("10.50")),
        (NUMBER, "12345", "DECIMAL(4,0)", "misfit"),
        (NUMBER, "0.1", "DOUBLE", 0.1),
        (BARE, "inf", "DOUBLE", float("inf")),
        (TEXT, "a", "DOUBLE", "misfit"),
        (NUMBER, "007", "VARCHAR", "007"),
        (TEXT, " a'b ", "VARCHAR", " a'b "),
        (FLAG, "true", "VARCHAR", "true"),
        (FLAG, "false", "BOOLEAN", False),
        (BARE, "True", "BOOLEAN", True),
        (NUMBER, "1", "BOOLEAN", "misfit"),
        (TEXT, "2026-07-01", "DATE", date(2026, 7, 1)),
        (TEXT, "2026-02-30", "DATE", None),
        (TEXT, "2026-07-01 10:00", "DATE", "misfit"),
        (NUMBER, "2026", "DATE", "misfit"),
        (TEXT, "2026-07-01", "TIMESTAMP", datetime.fromisoformat("2026-07-01")),
        (TEXT, "2026-07-01T10:00:00.5", "TIMESTAMP", datetime.fromisoformat("2026-07-01T10:00:00.500000")),
        (TEXT, "2026-07-01T10:00+02", "TIMESTAMP", "misfit"),
        (TEXT, "2026-07-01T10:00+02", "TIMESTAMP WITH TIME ZONE", datetime.fromisoformat("2026-07-01T08:00+00:00")),
        (TEXT, "2026-07-01 10:00Z", "TIMESTAMP WITH TIME ZONE", datetime.fromisoformat("2026-07-01T10:00+00:00")),
        (TEXT, "2026-07-01", "TIMESTAMP WITH TIME ZONE", datetime.fromisoformat("2026-07-01T00:00+00:00")),
        (TEXT, "2026-07-01 10:00", "TIMESTAMP", datetime.fromisoformat("2026-07-01T10:00")),
        (TEXT, "9:30", "TIME", time(9, 30)),
        (JSON, "[1, 2]", "INTEGER[]", [1, 2]),
        (JSON, "[1, 2.5]", "INTEGER[]", "misfit"),
        (JSON, '["2026-02-30"]', "DATE[]", None),
        (JSON, "[1.25, null]", "DECIMAL(18,2)[]", [Decimal("1.25"), None]),
        (TEXT, '{"a": 1, "b": ["x"]}', "STRUCT(a INTEGER, b VARCHAR[])", {"a": 1, "b": ["x"]}),
        (JSON, '{"a": 1}', "STRUCT(a INTEGER, b VARCHAR[])", {"a": 1, "b": None}),
        (JSON, '{"c": 1}', "STRUCT(a INTEGER)", "misfit"),
        (JSON, '{"k": 1}', "MAP(VARCHAR, INTEGER)", {"k": 1}),
        (JSON, "[1]", "STRUCT(a INTEGER)", "misfit"),
        (NUMBER, "1", "INTEGER[]", "misfit"),
        (JSON, "[1]", "DOUBLE", "misfit"),
    ],
)
def test_values(ask: Any, how: CellKind, text: str, kind: str, value: Any) -> None:
    assert ask(how, text, kind) == value


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([], "INTEGER"),
        ([(NULL, "")], "INTEGER"),
        ([(NUMBER, "1"), (NUMBER, "3000000000")], "BIGINT"),
        ([(NUMBER, "1"), (NUMBER, "10.00")], "DOUBLE"),
        ([(BARE, "1"), (NULL, "")], "INTEGER"),
        ([(TEXT, "1")], "VARCHAR"),
        ([(TEXT, "2026-07-01")], "DATE"),
        ([(TEXT, "2026-07-01"), (TEXT, "2026-07-01 10:00")], "TIMESTAMP"),
        ([(FLAG, "true")], "BOOLEAN"),
        ([(NUMBER, "1"), (TEXT, "a")], "VARCHAR"),
    ],
)
def test_types_of_columns_of_which_nothing_is_known(cells: list[tuple[CellKind, str]], kind: str) -> None:
    assert inferred_type(Cell(how, text, 1, 1) for how, text in cells) == kind
