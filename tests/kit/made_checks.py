"""Tables, files and lines of checks that are made up, for laws about how checks are run."""

from __future__ import annotations

import hashlib
import math
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from andon.base.names import literal, quote
from andon.checks.compile.check import Catalog, Plan, compile_check
from andon.checks.execute.planned import Target
from andon.checks.judge import Judgement
from andon.checks.language.parse import parse_check
from andon.engines.duckdb.stats import parse_return_stats
from andon.errors import Problem
from andon.model.check import Check, CheckStatus
from andon.model.version import DataFile
from andon.sql.bind import Binder

COLUMNS = [
    ("a", "INTEGER"),
    ("b", "BIGINT"),
    ("x", "DOUBLE"),
    ("m", "DECIMAL(9,2)"),
    ("s", "VARCHAR"),
    ("t", "TIMESTAMP"),
    ("z", "TIMESTAMP WITH TIME ZONE"),
    ("d", "DATE"),
    ('odd "n.ame', "INTEGER"),
    ("file_Index", "BOOLEAN"),
]
small = st.integers(-3, 3)
LONG = "long " * 60
rows = st.lists(
    st.tuples(
        st.none() | small,
        st.none() | small,
        st.none() | st.sampled_from(["nan", "inf", "-inf", "0.1", "-2", "1e300"]),
        st.none() | st.sampled_from(["0.01", "-1.50", "2"]),
        st.none() | st.sampled_from(["x", "new", "", "a@b.co", "1", "2026-01-01", "ü", "😀", LONG, LONG + "!"]),
        st.none()
        | st.sampled_from(["2026-01-01 00:00:00", "2026-11-22 11:00:00.5", "infinity", "0044-03-15 (BC) 00:00:00"]),
        st.none()
        | st.sampled_from(["2026-01-01 00:30:00+01", "2026-11-22 11:00:00+00", "2026-11-22 12:00:00.000001+00"]),
        st.none() | st.sampled_from(["2026-01-01", "2026-11-22", "infinity", "0001-01-01 (BC)", "12000-01-01"]),
        st.none() | small,
        st.none() | st.booleans(),
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
            "key a, b",
            "unique s",
            "key x",
            "unique m, t",
            "key b",
            'unique "odd ""n.ame"',
            'not null "odd ""n.ame", z',
            "not null file_Index",
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
            "z 2026-01-01..",
            "z ..2025-12-31",
            "d 2026-01-01..2026-11-22",
            "t '2026-01-01 00:00:00'..'2026-11-22 11:00:00.5'",
            "d in 2026-01-01",
            "s in x",
            "s not in x",
            "m 0.01..",
            "m -1.5..2",
            "b -3..3",
            "m > 0.005",
            "b < 4",
            '"odd ""n.ame" in 1, 2',
            "s -> o.t",
            "b -> o.t.a",
            "x -> o.t",
            "(s, x) -> o.t (s, x)",
            "d -> o.t.d",
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
        "max_age 26h by z",
        "max_age 2d by d",
        "count(*) > 3",
        "count(*) 1..4",
        "watch rows",
        "max(b) < 3",
        "sum(m) > 0.5",
        "count(s) 1..4",
        "sum(a + 1) >= 3",
        "min(d) 2026-01-01..",
        "avg(m) > 0",
        "rows >= 90% of published",
        "sum(a) 80%..120% of published",
        "lost keys = 0",
        "changed rows < 5%",
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
MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
Row = tuple[Any, ...]


def item_of(line: str) -> tuple[Check, Plan] | None:
    check = parse_check(line, dataset="s.d", columns=COLUMNS, key=["a"])
    if not isinstance(check, Check):
        return None
    plan = compile_check(check, CATALOG, BINDER)
    return None if isinstance(plan, Problem) else (check, plan)


def items_of(written: list[str]) -> list[tuple[Check, Plan]]:
    return [item for item in map(item_of, written) if item is not None]


class World:
    """An engine with the tables `s.d`, `o.t` and `p.d`, and files of them with what their writes told."""

    def __init__(self) -> None:
        import duckdb

        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("set timezone = 'UTC'")
        listed = ", ".join(f"{quote(column)} {kind}" for column, kind in COLUMNS)
        for name in NAMES:
            self.connection.execute(f"create schema {name.split('.')[0]}; create table {name} ({listed})")
        self.folder = tempfile.TemporaryDirectory()
        self.files = 0

    def fill(self, name: str, rows: list[Row]) -> None:
        self.connection.execute(f"delete from {name}")
        if rows:
            listed = ", ".join(
                "(" + ", ".join("null" if value is None else literal(str(value)) for value in row) + ")" for row in rows
            )
            self.connection.execute(f"insert into {name} values {listed}")

    def write(self, name: str) -> tuple[DataFile, str]:
        self.files += 1
        path = f"{self.folder.name}/{self.files}.parquet"
        told = self.connection.execute(f"copy {name} to '{path}' (format parquet, return_stats)").fetchall()[0]
        sha = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return DataFile(path, int(told[2]), sha, int(told[1]), parse_return_stats(told[4])), path

    def table(self, name: str, parts: list[list[Row]]) -> Target:
        files = []
        for part in parts:
            self.fill(name, part)
            files.append(self.write(name))
        self.fill(name, [row for part in parts for row in part])
        listed = ", ".join(literal(path) for _, path in files)
        return Target(
            f"read_parquet([{listed}])", COLUMNS, tuple(file for file, _ in files), tuple(path for _, path in files)
        )


NAMES = ("s.d", "o.t", "p.d")
WORLD: list[World] = []


def world() -> World:
    if not WORLD:
        WORLD.append(World())
    return WORLD[0]


def comparable(verdict: Judgement) -> Any:
    """NaN is equal to itself here; of an error only that there is one counts."""
    if verdict.status is CheckStatus.ERROR:
        return "error"
    values = (verdict.value, verdict.limit)
    plain = ["nan" if isinstance(value, float) and math.isnan(value) else value for value in values]
    return (verdict.status, verdict.bad, verdict.total, *plain, verdict.reason)
