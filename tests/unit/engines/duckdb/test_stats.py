"""Statistics of a write, from the real engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from andon.engines.duckdb import extensions
from andon.engines.duckdb.stats import parse_return_stats
from andon.errors import MachineError
from andon.model.version import ColumnStats


def written(query: str, path: Path, options: str = "") -> dict[str, ColumnStats]:
    import duckdb

    with duckdb.connect() as connection:
        row = connection.execute(f"copy ({query}) to '{path}' (format parquet, return_stats {options})").fetchone()
    assert row is not None
    return parse_return_stats(row[4])


def test_statistics_by_leaf_column(tmp_path: Path) -> None:
    stats = written(
        "select * from (values (1, {'a': 'x'}, [1.5], map {'k': 1}), (null, null, null, null)) t(\"i d\", s, l, m)",
        tmp_path / "x.parquet",
    )
    assert sorted(stats) == ['"i d"', '"l"."element"', '"m"."key"', '"m"."value"', '"s"."a"']
    found = stats['"i d"']
    assert (found.nulls, found.values, found.minimum, found.maximum, found.has_nan) == (1, 2, "1", "1", None)
    assert found.size is not None
    assert found.size > 0


def test_no_rows_have_no_bounds(tmp_path: Path) -> None:
    stats = written("select 1 as a where false", tmp_path / "x.parquet")
    assert stats == {'"a"': ColumnStats(nulls=0, values=0, size=0)}


def test_the_engine_forgets_a_nan_before_its_last_row_group(tmp_path: Path) -> None:
    """Why bounds above floats are never used; if this fails, the engine was corrected and they can be."""
    query = "select case when i = 0 then 'nan'::double else i end as d from range(6000) t(i)"
    stats = written(query, tmp_path / "x.parquet", ", row_group_size 2048")
    assert stats['"d"'].has_nan is False


def test_extensions_load_from_their_wheels() -> None:
    import duckdb

    with duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    ) as connection:
        extensions.load(connection, "iceberg")
        extensions.load(connection, "iceberg")
        loaded = connection.execute("select extension_name from duckdb_extensions() where loaded").fetchall()
    assert {("avro",), ("iceberg",)} <= set(loaded)


def test_a_missing_extension_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MachineError) as caught:
        extensions.extension_path("no_such_one")
    assert caught.value.code == "machine.missing"
    monkeypatch.setitem(sys.modules, "duckdb_extension_avro", None)
    monkeypatch.setitem(sys.modules, "duckdb_extension_postgres_scanner", None)
    for name, extra in (("avro", "iceberg"), ("postgres_scanner", "postgres")):
        with pytest.raises(MachineError) as caught:
            extensions.extension_path(name)
        assert caught.value.hint == f"pip install 'andon[{extra}]'"


def test_an_extension_for_another_engine_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    monkeypatch.setattr(duckdb, "__version__", "0.0.1")
    with pytest.raises(MachineError, match=r"no extension for DuckDB 0\.0\.1"):
        extensions.extension_path("avro")
