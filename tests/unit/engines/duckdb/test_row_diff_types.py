"""In which type two columns are compared, how the file of differences names its columns, and what an engine's answer looks like."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from andon.engines.duckdb import row_diff
from andon.engines.duckdb.instance import Instance
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.engines.duckdb.row_diff_sql import common_type
from andon.model.check import Tolerance
from andon.model.row_diff import RowCounts
from andon.model.version import Column


@pytest.mark.parametrize(
    ("old", "new", "common"),
    [
        ("BIGINT", "BIGINT", "BIGINT"),
        ("INTEGER", "BIGINT", "BIGINT"),
        ("BIGINT", "UBIGINT", "DECIMAL(20,0)"),
        ("BIGINT", "HUGEINT", "HUGEINT"),
        ("HUGEINT", "DECIMAL(10,2)", "DOUBLE"),
        ("BIGINT", "DOUBLE", "DOUBLE"),
        ("BIGINT", "DECIMAL(10,2)", "DECIMAL(21,2)"),
        ("DECIMAL(10,2)", "DECIMAL(10,4)", "DECIMAL(12,4)"),
        ("DECIMAL(38,2)", "DECIMAL(38,20)", "DOUBLE"),
        ("DATE", "TIMESTAMP", "TIMESTAMP"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
        ("DATE", "BIGINT", "VARCHAR"),
        ("BLOB", "VARCHAR", "VARCHAR"),
        ("BIGINT[]", "INTEGER[]", "VARCHAR"),
        ("STRUCT(a BIGINT)", "STRUCT(a BIGINT, b BIGINT)", "VARCHAR"),
    ],
)
def test_the_type_in_which_both_are_compared(old: str, new: str, common: str):
    assert common_type(old, new) == common == common_type(new, old)


#: Values at the edge of each type: whatever is compared with whatever, no cast may fail.
_EDGES = {
    "BIGINT": "(9223372036854775807), (-9223372036854775808), (null)",
    "UBIGINT": "(18446744073709551615), (0)",
    "DOUBLE": "('nan'), ('-inf'), (1e308), (-0.0)",
    "DECIMAL(18,2)": "(9999999999999999.99)",
    "DECIMAL(38,0)": "(99999999999999999999999999999999999999)",
    "DECIMAL(38,37)": "(9.9999999999999999999999999999999999999)",
    "VARCHAR": "(''), ('not a number'), ('2024-13-45')",
    "BOOLEAN": "(true), (null)",
    "DATE": "('2024-02-29'), ('infinity'), ('0001-01-01')",
    "TIMESTAMP": "('2024-02-29 12:00:00.000001'), ('-infinity')",
    "TIMESTAMP WITH TIME ZONE": "('2024-02-29 12:00:00+02')",
    "TIME": "('23:59:59.999999')",
    "UUID": "('00000000-0000-0000-0000-000000000000')",
    "BLOB": "('\\x00\\xff'::blob)",
    "BIGINT[]": "([]), ([null]), (null)",
    "STRUCT(a BIGINT)": "({'a': 1}), (null)",
    "MAP(VARCHAR, BIGINT)": "(map {'a': 1})",
}


@pytest.fixture(scope="module")
def instance():
    instance = Instance()
    connection = instance.session().connection
    for i, (kind, values) in enumerate(_EDGES.items()):
        connection.execute(f"create or replace temp table edges (x {kind}); insert into edges values {values}")
        connection.execute(f"create temp table t{i} as select rowid + 1 as k, x from edges")
    yield instance
    instance.close()


def test_any_type_compares_with_any_other(instance, monkeypatch):
    monkeypatch.setattr(row_diff, "_FEW", 0)
    monkeypatch.setattr(row_diff, "_BITS", 4)
    for (i, old), (j, new) in itertools.combinations_with_replacement(enumerate(_EDGES), 2):
        key = (("k",), ("x",), ())[(i + j) % 3]
        sides = [
            DiffSide(f"temp.t{n}", (Column("k", "BIGINT", 1), Column("x", kind, 2)), 3)
            for n, kind in ((i, old), (j, new))
        ]
        found = compare(instance.session(), *sides, DiffQuestion("a.b", key))
        assert found.to_json()["rows"] is not None
        assert (found.rows == RowCounts()) if i == j else found.retyped


def test_columns_of_a_table_may_be_called_like_ours(instance, tmp_path):
    names = ("v0", "x", "x__old", "_change", "hit", "o0", 'a "b" {c}', "one")
    columns = tuple(Column(name, "BIGINT", i) for i, name in enumerate(names))
    listed = ", ".join('"' + n.replace('"', '""') + '" bigint' for n in names)
    connection = instance.session().connection
    connection.execute(f"create or replace temp table p ({listed}); create or replace temp table q ({listed})")
    connection.execute("insert into p values (1, 1, 1, 1, 1, 1, 1, 1); insert into q values (1, 2, 2, 2, 2, 2, 2, 2)")
    output = tmp_path / "rows.parquet"
    question = DiffQuestion("a.b", ("v0",), where="hit = 2 and one = 2 and v0 = 1", output=output)
    found = compare(instance.session(), DiffSide("temp.p", columns, 1), DiffSide("temp.q", columns, 1), question)
    assert (found.rows.changed, {c.name: c.sum for c in found.columns}) == (1, dict.fromkeys(names[1:], 1))
    (row,) = connection.execute(f"from read_parquet('{output}')").fetchall()
    assert row == ("changed", 1, *(1, 2) * 7)


def test_nothing_is_left_behind_when_it_fails(instance):
    columns = (Column("x", "VARCHAR", 1),)
    connection = instance.session().connection
    connection.execute(
        "create or replace temp table p as select 'no number' as x; create or replace temp table q as from p"
    )
    from andon.errors import UsageError

    with pytest.raises(UsageError, match="no number"):
        compare(
            instance.session(),
            DiffSide("temp.p", columns, 1),
            DiffSide("temp.q", columns, 1),
            DiffQuestion("a.b", (), where="x::int = 1"),
        )
    assert connection.execute("select count(*) from duckdb_tables() where table_name like 'andon_%'").fetchall() == [
        (0,)
    ]


def test_long_texts_are_cut_around_what_differs(instance):
    connection = instance.session().connection
    connection.execute(
        "create or replace temp table p as select 1 as k, repeat('x', 3000) || 'A' || repeat('y', 900) as x;"
        "create or replace temp table q as select 1 as k, repeat('x', 3000) || 'B' || repeat('y', 900) as x"
    )
    columns = (Column("k", "INTEGER", 1), Column("x", "VARCHAR", 2))
    sides = [DiffSide(f"temp.{name}", columns, 1) for name in "pq"]
    found = compare(instance.session(), *sides, DiffQuestion("a.b", ("k",)))
    (pair,) = found.columns[0].pairs
    (sample,) = found.samples
    assert (pair.old, pair.new) == (sample.old[1], sample.new[1])
    assert ("xA" in pair.old, "xB" in pair.new, len(pair.old)) == (True, True, 500)


def test_wide_tables_need_memory_for_their_rows_and_not_for_pairs_of_columns():
    instance = Instance()
    connection = instance.session().connection
    names = [f"c{i}" for i in range(500)]
    for table, change in (("p", 0), ("q", 1)):
        items = ", ".join(f"case when i % 10 = 0 then i + {change} else i end as {name}" for name in names)
        connection.execute(f"create temp table {table} as select i as k, {items} from range(2000) t(i)")
    connection.execute("set memory_limit = '200MB'")
    columns = tuple(Column(name, "BIGINT", i) for i, name in enumerate(("k", *names)))
    sides = [DiffSide(f"temp.{name}", columns, 2000) for name in "pq"]
    found = compare(instance.session(), *sides, DiffQuestion("a.b", ("k",)))
    assert (found.rows, len(found.columns), found.columns[0].sum) == (RowCounts(changed=200), 500, 200)
    instance.close()


def test_numbers_that_are_near_count_as_the_same(instance):
    connection = instance.session().connection
    connection.execute(
        "create or replace temp table p as select * from (values (1, 1.0::double, 5.00::decimal(9,2), 100, 'a'),"
        " (2, 0.1 + 0.2::double, 5.00, 100, 'a'), (3, 'nan', 5.00, 100, 'a'), (4, 'inf', 5, 100, 'a'), (5, null, 5, 100, 'a'))"
        " t(k, x, m, n, s);"
        "create or replace temp table q as select * from (values (1, 1.005::double, 5.02::decimal(9,2), 100, 'a'),"
        " (2, 0.3, 5.00, 100, 'b'), (3, 'nan', 5.01, 101, 'a'), (4, 1, 5, 100, 'a'), (5, 0, 5, 100, 'a')) t(k, x, m, n, s)"
    )
    kinds = {"k": "INTEGER", "x": "DOUBLE", "m": "DECIMAL(9,2)", "n": "INTEGER", "s": "VARCHAR"}
    columns = tuple(Column(name, kind, i) for i, (name, kind) in enumerate(kinds.items()))
    sides = [DiffSide(f"temp.{name}", columns, 5) for name in "pq"]

    def changed(tolerance, key=("k",)):
        found = compare(instance.session(), *sides, DiffQuestion("a.b", key, tolerance=tolerance))
        return {c.name: c.changed for c in found.columns}, found.rows.total, found.notes

    assert changed(None)[:2] == ({"x": 4, "m": 2, "n": 1, "s": 1}, 5)
    assert changed(Tolerance(Decimal("0.01")))[:2] == ({"x": 2, "m": 1, "n": 1, "s": 1}, 5)
    assert changed(Tolerance(Decimal("0.01"), relative=True))[:2] == ({"x": 2, "s": 1}, 3)
    assert "does not apply" in changed(Tolerance(Decimal("0.01")), ())[2][0]
