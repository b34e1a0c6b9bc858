"""A row diff against a naive comparison in Python: counts agree, and what it writes, applied to the old rows, gives the new ones."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.engines.duckdb import row_diff
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.model.version import Column

#: type -> values as SQL; each text stands for one value, but where two texts are the same value.
VALUES = {
    "BIGINT": ("null", "0", "1", "-1", "9223372036854775807", "-9223372036854775808"),
    "DOUBLE": ("null", "'nan'", "0.0", "-0.0", "1.5", "'inf'", "'-inf'", "1e308"),
    "VARCHAR": ("null", "''", "'a'", "'NULL'", "'it''s'", "'[a, b]'"),
    "DECIMAL(18,2)": ("null", "0", "1.10", "-9999999999999999.99"),
    "DECIMAL(38,2)": (
        "null",
        "0",
        "999999999999999999999999999999999999.99",
        "-999999999999999999999999999999999999.99",
    ),
    "BOOLEAN": ("null", "true", "false"),
    "TIMESTAMP": ("null", "'2024-01-01'", "'0001-01-01'", "'infinity'"),
    "BIGINT[]": ("null", "[]", "[null]", "[1]", "[1, 2]"),
    "VARCHAR[]": ("null", "[]", "['a, b']", "['a', 'b']", "['NULL']", "[null]"),
    "STRUCT(a BIGINT, b DOUBLE)": ("null", "{'a': null, 'b': null}", "{'a': 1, 'b': 'nan'}", "{'a': 1, 'b': -0.0}"),
    "MAP(VARCHAR, BIGINT)": ("null", "map {}", "map {'a': 1}", "map {'a': null}"),
}
_numbers = itertools.count()
_SAME = {"-0.0": "0.0"}


@pytest.fixture(scope="module")
def instance():
    instance = Instance()
    yield instance
    instance.close()


@st.composite
def tables(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    row = st.tuples(*(st.sampled_from(VALUES[kind]) for kind in kinds))
    old = draw(st.lists(row, max_size=8))
    kept = [r for r in old if draw(st.booleans())]
    new = draw(st.permutations(kept + draw(st.lists(row, max_size=5))))
    return kinds, old, new, draw(st.integers(0, min(2, len(kinds)))), draw(st.booleans())


def naive(old: list[tuple[str, ...]], new: list[tuple[str, ...]], keys: int) -> tuple[int, int, int]:
    """Added, removed, changed: equal rows cancel, of the rest what has one and the same key once on either side is changed."""

    def plain(row: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_SAME.get(v, v).replace("-0.0", "0.0") for v in row)

    before, after = Counter(map(plain, old)), Counter(map(plain, new))
    gone, come = before - after, after - before
    changed = 0
    if keys:
        by = [Counter(r[:keys] for r in c.elements()) for c in (gone, come)]
        changed = sum(1 for k, n in by[0].items() if n == 1 and by[1][k] == 1 and "null" not in k)
    return come.total() - changed, gone.total() - changed, changed


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_counts_are_those_of_a_naive_comparison_and_the_differences_lead_from_old_to_new(
    instance, tmp_path, monkeypatch, case
):
    kinds, old, new, keys, in_buckets = case
    monkeypatch.setattr(row_diff, "_FEW", 0 if in_buckets else 1_000)
    monkeypatch.setattr(row_diff, "_BITS", 6)
    monkeypatch.setattr(row_diff, "_MOST", 2 if in_buckets else row_diff._MOST)
    session = instance.session()
    columns = tuple(Column(f"c{i}", kind, i + 1) for i, kind in enumerate(kinds))
    sides = [_side(session, name, columns, rows) for name, rows in (("old", old), ("new", new))]
    path = tmp_path / f"{next(_numbers)}.parquet"  # the engine never looks at a file anew
    found = compare(session, *sides, DiffQuestion("t.t", tuple(c.name for c in columns[:keys]), output=path, samples=3))
    assert (found.rows.added, found.rows.removed, found.rows.changed) == naive(old, new, keys)
    _applied(session, columns, keys, path)
    left = session.connection.execute("select count(*) from duckdb_tables() where table_name like 'andon_%'").fetchall()
    assert left == [(0,)]
    assert all(0 < column.changed <= found.rows.changed for column in found.columns)


def _side(session, name, columns, rows) -> DiffSide:
    session.connection.execute(
        f"create or replace temp table {name} ({', '.join(f'{c.name} {c.type}' for c in columns)})"
    )
    if rows:
        lines = [f"({', '.join(row)})" for row in rows]
        session.connection.execute(f"insert into {name} values {', '.join(lines)}")
    return DiffSide(f"temp.{name}", columns, len(rows))


def _applied(session, columns, keys: int, path: Path) -> None:
    """The old rows, less what was removed or stood there before, and with what was added or stands there now, are the new ones."""

    def row(side: str) -> str:
        return ", ".join(c.name if i < keys or not keys else f"{c.name}__{side}" for i, c in enumerate(columns))

    names = ", ".join(c.name for c in columns)
    file = f"read_parquet('{path}')"
    applied = (
        f"select {names}, 1 as s from old"
        f" union all select {row('old')}, -1 from {file} where _change <> 'added'"
        f" union all select {row('new')}, 1 from {file} where _change <> 'removed'"
        f" union all select {names}, -1 from new"
    )
    wrong = session.connection.execute(f"select {names}, sum(s) from ({applied}) group by {names} having sum(s) <> 0")
    assert wrong.fetchall() == []
