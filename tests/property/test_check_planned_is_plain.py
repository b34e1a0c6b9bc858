"""Planned execution gives exactly what one naive query for each check gives, over tables and lines that are made up."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.checks.compile import Catalog, Plan, compile_check
from andon.checks.judge import Measured
from andon.checks.parse import parse_check
from andon.checks.plain import Relations, measure
from andon.checks.plan import SCAN, can_fuse, measure_all
from andon.errors import Problem
from andon.model.check import Check
from andon.sql.bind import Binder

COLUMNS = [
    ("a", "INTEGER"),
    ("b", "INTEGER"),
    ("x", "DOUBLE"),
    ("m", "DECIMAL(9,2)"),
    ("s", "VARCHAR"),
    ("t", "TIMESTAMP"),
]
small = st.integers(-3, 3)
rows = st.lists(
    st.tuples(
        st.none() | small,
        st.none() | small,
        st.none() | st.sampled_from(["nan", "inf", "-inf", "0.1", "-2", "1e300"]),
        st.none() | st.sampled_from(["0.01", "-1.50", "2"]),
        st.none() | st.sampled_from(["x", "new", "", "a@b.co", "1", "2026-01-01"]),
        st.none() | st.sampled_from(["2026-01-01 00:00", "2026-11-22 11:00", "infinity"]),
    ),
    max_size=8,
)
VALUES = st.sampled_from(["a", "b", "x", "m", "a + b", "abs(x)", "x / a", "coalesce(a, 0)", "a % 2", "m * 2"])
NUMBERS = st.sampled_from(["0", "1", "-2", "0.1", "2.5", "50%", "a", "b", "x", "m"])
atoms = st.builds(
    lambda left, operator, right: f"{left} {operator} {right}",
    VALUES,
    st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "is distinct from"]),
    NUMBERS,
) | st.sampled_from(
    [
        "s = 'x'",
        "s is null",
        "a is not null",
        "x between 0 and 5",
        "a in (1, 2)",
        "x not in (0, 1)",
        "isnan(x)",
        "s::int > 0",
    ]
)
conditions = st.recursive(
    atoms,
    lambda inner: (
        st.builds(lambda one, word, other: f"({one}) {word} ({other})", inner, st.sampled_from(["and", "or"]), inner)
        | inner.map(lambda one: f"not ({one})")
    ),
    max_leaves=3,
)
forms = (
    conditions.map(lambda c: c if not c.startswith("isnan") else f"not {c}")
    | st.builds(lambda v, r: f"{v} {r}", VALUES, st.sampled_from(["0..2", "-1..", "..0.1", "in 0, 1, 2.5", "not in 1"]))
    | st.builds(lambda v, w, n: f"{v} = {w} +- {n}", VALUES, VALUES, st.sampled_from(["0", "0.5", "10%"]))
    | st.sampled_from(
        [
            "not null a",
            "not null a, s",
            "key a",
            "unique a, b",
            "s in x, new",
            "s is email",
            "s is luhn",
            "s matches '[a-z]+'",
        ]
    )
    | st.sampled_from(
        [
            "a -> o.t.b",
            "(a, b) -> o.t (a, b)",
            "t 2026-01-01..2026-11-22",
            "x > avg(a) over ()",
            "a in (select b from o.t)",
        ]
    )
)
totals = st.sampled_from(
    [
        "rows 1..5",
        "rows > 3",
        "sum(a) > 0",
        "sum(x) = sum(m) +- 10%",
        "avg(x) 0..1",
        "share(s is null) < 50%",
        "distinct(s) 1..3",
        "max(a) <= 2 * median(b)",
        "sum(a) = sum(o.t.a)",
        "min(t) >= '2026-01-01'",
        "max_age 26h by t",
        "watch sum(a)",
    ]
)
lines = st.builds(
    lambda form, where, allow: form + where + allow,
    forms,
    st.just("") | conditions.map(lambda c: f" where {c}"),
    st.sampled_from(["", " allow 10%", " allow 2 rows"]),
) | st.builds(lambda form, where: form + where, totals, st.just("") | atoms.map(lambda c: f" where {c}"))

CATALOG = Catalog({"s.d": COLUMNS, "o.t": COLUMNS}, {"s.d": ["a"]}, {})
BINDER = Binder()


def plan_of(line: str) -> Plan | None:
    check = parse_check(line, dataset="s.d", columns=COLUMNS, key=["a"])
    if not isinstance(check, Check):
        return None
    plan = compile_check(check, CATALOG, BINDER)
    return None if isinstance(plan, Problem) else plan


def comparable(measured: Measured) -> Any:
    """NaN is equal to itself here; of an error only that there is one counts."""
    if measured.error is not None:
        return "error"
    values = (measured.value, measured.limit)
    plain = ["nan" if isinstance(value, float) and math.isnan(value) else value for value in values]
    return (measured.bad, measured.total, *plain, measured.holds, measured.is_infinite, measured.skipped)


@settings(max_examples=60, deadline=None)
@given(rows, rows, st.lists(lines, min_size=1, max_size=6))
def test_planned_is_plain(own: list[tuple[Any, ...]], other: list[tuple[Any, ...]], written: list[str]) -> None:
    import duckdb

    plans = [plan for plan in map(plan_of, written) if plan is not None]
    connection = duckdb.connect(config={"threads": 1})
    for name, values in (("s.d", own), ("o.t", other)):
        schema = name.split(".")[0]
        listed = ", ".join(f"{column} {kind}" for column, kind in COLUMNS)
        connection.execute(f"create schema {schema}; create table {name} ({listed})")
        if values:
            connection.executemany(f"insert into {name} values (?, ?, ?, ?, ?, ?)", values)
    relations = Relations("s.d", {})
    planned = measure_all(plans, relations, connection, row_number="rowid")
    for plan, found in zip(plans, planned, strict=True):
        alone = measure(plan, relations, connection)
        assert comparable(found.measured) == comparable(alone), plan
        if found.how == SCAN:
            assert can_fuse(plan)
            if found.measured.bad is not None:
                assert len(found.rows) == min(found.measured.bad, 20)
    connection.close()


def test_most_lines_are_read_and_fused() -> None:
    written = ["a > 0", "x 0..1 where b > 0", "not null a", "sum(a) > 0", "max_age 26h by t", "s is email", "key a"]
    plans = [plan_of(line) for line in written]
    assert all(plan is not None for plan in plans)
    assert [plan is not None and can_fuse(plan) for plan in plans] == [True] * 6 + [False]
