"""Parquet files of one read whose types differ: what loses nothing is read, the rest is told with what leads on."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import duckdb  # noqa: TID253
import pyarrow as pa  # noqa: TID253
import pyarrow.parquet as pq  # noqa: TID253
import pytest

from kit.sources import load

#: The values of `n` in a first file and in another, their types, and the type of both.
ALIKE = [
    ("2::int", "2.5::double", "DOUBLE"), ("2.5::double", "2::bigint", "DOUBLE"), ("2::int", "3::bigint", "BIGINT"),
    ("null", "2::bigint", "BIGINT"), ("2::bigint", "null", "BIGINT"), ("null", "'x'", "VARCHAR"), 
    ("null::double", "date '2024-01-01'", "DATE"),
    ("1.5::decimal(9,2)", "1.525::decimal(18,3)", "DECIMAL(18,3)"), ("2::int", "1.50::decimal(9,2)", "DECIMAL(12,2)"),
    ("2::utinyint", "-1::tinyint", "SMALLINT"), ("1.5::float", "0.1::double", "DOUBLE"), 
    ("18446744073709551615::ubigint", "-1::bigint", "DECIMAL(20,0)"),
    ("null", "{'a': 1}", "STRUCT(a INTEGER)"), ("null", "[1]", "INTEGER[]"),
]  # fmt: skip
APART = [
    ("2::int", "'b'"), ("'a'", "2::int"), ("date '2024-01-01'", "timestamp '2024-01-01 10:00:00'"), ("[1]", "['a']"),
    ("timestamp '2024-01-01 10:00:00'", "timestamptz '2024-01-01 10:00:00'"), ("9007199254740993::bigint", "2.5::double"),
    ("0.1::decimal(9,2)", "0.1::double"), ("{'a': 1}", "{'a': 1, 'b': 2}"), ("true", "1::int"),
]  # fmt: skip
SQL = "from read_parquet('raw/*.parquet')"


@pytest.mark.parametrize(("a", "b", "kind"), ALIKE)
def test_what_loses_nothing_is_read(tmp_path: Path, a: str, b: str, kind: str) -> None:
    files = {"raw/a.parquet": _file(f"select 1 id, {a} n"), "raw/b.parquet": _file(f"select 2 id, {b} n")}
    outcome = load(SQL, files, tmp_path)
    assert outcome.columns == f"id INTEGER, n {kind}", outcome.error
    wanted = [duckdb.execute(f"select cast({v} as {kind})").fetchall()[0][0] for v in (a, b)]
    assert outcome.raw == [(1, wanted[0]), (2, wanted[1])]


@pytest.mark.parametrize(("a", "b"), APART)
def test_what_has_no_type_in_common_is_read_apart(tmp_path: Path, a: str, b: str) -> None:
    files = {"raw/a.parquet": _file(f"select 1 id, {a} n"), "raw/b.parquet": _file(f"select 2 id, {b} n")}
    before = load(SQL, {"raw/a.parquet": files["raw/a.parquet"]}, tmp_path)
    for contract in (None, before.contract):
        outcome = load(SQL, files, tmp_path, contract)
        assert outcome.error is not None
        line = re.findall(r"`(select [^`]*)`", outcome.error.hint or "")[0]
        after = load(line, files, tmp_path, contract)
        assert after.rows is not None, after.error
        assert [n for _, n in after.rows] != [None, None]
        assert len(after.rows) == 2


@pytest.mark.parametrize(
    ("a", "b", "kept"),
    [
        ("2::bigint", "3.0::double", True),
        ("2::bigint", "2.5::double", False),
        ("2::bigint", "'nan'::double", False),
        ("2::bigint", "'-0.0'::double", False),
        ("2::bigint", "1e300::double", False),
        ("2.5::double", "9007199254740992::bigint", True),
        ("2::int", "3::bigint", True),
        ("2::int", "3000000000::bigint", False),
        ("1.5::decimal(9,2)", "2.50::decimal(18,4)", True),
        ("1.5::decimal(9,2)", "2.525::decimal(18,4)", False),
    ],
)
def test_a_later_file_is_held_to_the_recorded_type(tmp_path: Path, a: str, b: str, kept: bool) -> None:
    first = {"raw/a.parquet": _file(f"select 1 id, {a} n")}
    files = {**first, "raw/b.parquet": _file(f"select 2 id, {b} n")}
    before = load(SQL, first, tmp_path)
    outcome = load(SQL, files, tmp_path, before.contract)
    if kept:
        assert outcome.columns == before.columns
        value = duckdb.execute(f"select {b}").fetchall()[0][0]
        assert outcome.raw is not None
        assert outcome.raw[1] == (2, value)
        return
    assert outcome.error is not None
    assert "andon source accept" in (outcome.error.hint or "")
    again = load(SQL, files, tmp_path)
    assert again.rows is not None, again.error


def test_a_column_without_values_is_typed_by_the_first_load_that_has_some(tmp_path: Path) -> None:
    first = {"raw/a.parquet": _table({"id": pa.array([1]), "n": pa.nulls(1)})}
    later = {**first, "raw/b.parquet": _table({"id": pa.array([2]), "n": pa.array(["x"])})}
    before = load(SQL, first, tmp_path)
    assert before.contract is not None
    assert before.contract["reads"][0]["empty"] == ["n"]
    outcome = load(SQL, later, tmp_path, before.contract)
    assert (outcome.columns, outcome.rows) == ("id BIGINT, n VARCHAR", [(1, None), (2, "x")])
    assert outcome.contract is not None
    assert "empty" not in outcome.contract["reads"][0]
    # From now on it has this type.
    third = {**later, "raw/c.parquet": _table({"id": pa.array([3]), "n": pa.array([5])})}
    stopped = load(SQL, third, tmp_path, outcome.contract)
    assert stopped.error is not None
    assert "expected VARCHAR" in stopped.error.message


def test_by_name_with_other_types_and_file_names(tmp_path: Path) -> None:
    files = {
        "raw/a.parquet": _file("select 1 id, 2::int n"),
        "raw/b.parquet": _file("select 2.5::double n, 'x' more, 2 id"),
        "raw/c.parquet": _file("select 3 id"),
    }
    outcome = load("from read_parquet('raw/*.parquet', union_by_name = true, filename = true)", files, tmp_path)
    assert outcome.rows == [
        (1, 2.0, None, "raw/a.parquet"),
        (2, 2.5, "x", "raw/b.parquet"),
        (3, None, None, "raw/c.parquet"),
    ], outcome.error


def test_nested_columns_have_values(tmp_path: Path) -> None:
    outcome = load(
        "from 'x.parquet'", {"x.parquet": _file("select {'a': 1} s, [2] l, map {'k': 3} m, 4 \"b, c\"")}, tmp_path
    )
    assert outcome.contract is not None
    assert "empty" not in outcome.contract["reads"][0]


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    outcome = load("from 'x.parquet'", {"x.parquet": b"id,n\n1,2\n"}, tmp_path)
    assert outcome.error is not None
    assert "it begins with `id,n`" in outcome.error.message


def _file(sql: str) -> bytes:
    return _table(duckdb.sql(sql).to_arrow_table())


def _table(table: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), stream)
    return stream.getvalue()
