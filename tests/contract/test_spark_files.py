"""Files that Spark wrote are taken as they are: the same rows, types, ids and statistics as DuckDB's, whatever columns are called."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.engines.engine import Produced, Task
from andon.engines.relation import TableRelation
from andon.engines.spark import taking
from andon.engines.spark.footer import NotFlat, rename_columns, renamed
from kit import engines
from kit.empty_engine import empty_engine

VALUES = {
    "BOOLEAN": ("null", "true", "false"),
    "INTEGER": ("null", "0", "-2147483648", "2147483647"),
    "BIGINT": ("null", "0", "-9223372036854775808", "9223372036854775807"),
    "FLOAT": ("null", "0.5", "'nan'", "'-inf'"),
    "DOUBLE": ("null", "-0.0", "'nan'", "1e300"),
    "DECIMAL(4,1)": ("null", "999.9", "-0.1"),
    "DECIMAL(18,2)": ("null", "1.10", "-1234567890123456.78"),
    "DECIMAL(38,10)": ("null", "0.0000000001", "-1234567890123456789012345678.0123456789"),
    "VARCHAR": ("null", "''", "'it''s'", "'日本'", "repeat('long ', 60)", "repeat('😀', 40)"),
    "BLOB": ("null", r"'\x00\xFF'::blob", "'b'::blob"),
    "DATE": ("null", "'0001-01-01'", "'9999-12-31'", "'1969-12-31'"),
    "TIMESTAMP": ("null", "'1066-10-14 09:00:00.000001'", "'9999-12-31 23:59:59.999999'"),
    "TIMESTAMP WITH TIME ZONE": ("null", "'1900-01-01 00:00:00+00'", "'2262-04-12 00:00:00.5+00'"),
}
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8
)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Bench]:
    with engines.spark(tmp_path_factory.mktemp("spark")) as made, pytest.MonkeyPatch.context() as patched:
        patched.setattr(taking, "_FEW_BYTES", 0)
        patched.setattr(taking, "_SMALL_FILE", 0)
        yield made


def built(bench: engines.Bench, sql: str, source: TableRelation) -> tuple[Task, Produced, list[str]]:
    """What an engine makes of a query, where any number of files will do; and those."""
    task = bench.task(bench.recipe(sql, {"data.t": source}))
    places = [task.output]

    def further() -> str:
        places.append(f"{task.output}-{len(places)}.parquet")
        return places[-1]

    produced = bench.engine.run(replace(task, further=further))
    return task, produced, places


def ask(sql: str) -> list[tuple]:
    with empty_engine() as connection:
        return connection.execute("set timezone = 'UTC'").execute(sql).fetchall()


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[str], list[tuple[str, ...]]]:
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    names = draw(st.lists(NAMES, min_size=len(kinds), max_size=len(kinds), unique_by=str.lower))
    return (
        kinds,
        names,
        draw(st.lists(st.tuples(*(st.sampled_from(VALUES[kind]) for kind in kinds)), min_size=1, max_size=6)),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_what_is_taken_is_what_duckdb_would_have_written(
    bench: engines.Bench, tmp_path: Path, table: tuple[list[str], list[str], list[tuple[str, ...]]]
) -> None:
    kinds, names, rows = table
    source = str(tmp_path / f"{next(_numbers)}.parquet")
    lines = (
        ", ".join(f"cast({value} as {kind}) as v{at}" for at, (value, kind) in enumerate(zip(row, kinds, strict=True)))
        for row in rows
    )
    ask(f"copy ({' union all '.join(f'select {line}' for line in lines)}) to {literal(source)} (format parquet)")
    sql = f"select {', '.join(f'v{at} as {quote(name)}' for at, name in enumerate(names))} from data.t"
    _, produced, places = built(bench, sql, TableRelation((source,)))
    assert produced.files
    assert [file.output for file in produced.files] == places
    files = f"read_parquet([{', '.join(map(literal, places))}])"
    assert sorted(map(repr, ask(f"from {files}"))) == sorted(map(repr, ask(f"from read_parquet({literal(source)})")))
    described = [(name, kind) for name, kind, *_ in ask(f"describe from {files}")]
    assert described == [(c.name, c.type) for c in produced.columns] == list(zip(names, kinds, strict=True))
    for file in produced.files:
        inside = ask(f"select name, field_id from parquet_schema({literal(file.output)}) where num_children is null")
        assert inside == [(c.name, c.field_id) for c in produced.columns]
        assert ask(f"select count(*) from read_parquet({literal(file.output)})") == [(file.rows,)]
        again = tmp_path / f"{next(_numbers)}.parquet"
        (told,) = ask(
            f"copy (from read_parquet({literal(file.output)})) to {literal(str(again))} (format parquet, return_stats)"
        )
        for column in produced.columns:
            stats, theirs = file.stats[quote(column.name)], told[4].get(quote(column.name), {})
            assert stats.nulls == int(theirs.get("null_count", 0))
            if stats.minimum is not None:
                assert (stats.minimum, stats.maximum) == (theirs.get("min"), theirs.get("max"))
            elif column.type not in ("FLOAT", "DOUBLE", "BLOB", "VARCHAR"):
                assert "min" not in theirs


def test_a_footer_is_said_anew_and_nothing_else_of_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    ask(
        f"copy (select range as c0, 'w' || range as c1 from range(300_000)) to '{file}'"
        " (format parquet, row_group_size 10_000, kv_metadata {'noted': 'by whoever wrote it'})"
    )
    before, rows = file.read_bytes(), ask(f"select sum(c0), count(distinct c1) from '{file}'")
    rename_columns(file, ["a", 'b "c'], [7, 40_000])
    after = file.read_bytes()
    length = int.from_bytes(before[-8:-4], "little")
    assert after[: len(before) - 8 - length] == before[: -8 - length]
    assert ask(f'select sum(a), count(distinct "b ""c") from \'{file}\'') == rows
    rename_columns(file, ["c0", "c1"], [1, 2])
    plain = tmp_path / "b.parquet"
    ask(
        f"copy (select range as c0, 'w' || range as c1 from range(300_000)) to '{plain}' (format parquet, row_group_size 10_000)"
    )
    for of, but in (("parquet_metadata", "file_name, key_value_metadata"), ("parquet_schema", "file_name, field_id")):
        assert ask(f"select * exclude ({but}) from {of}('{file}')") == ask(
            f"select * exclude ({but}) from {of}('{plain}')"
        )


def test_what_has_no_flat_columns_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    ask(f"copy (select [1, 2] as c0) to '{file}' (format parquet)")
    before = file.read_bytes()
    with pytest.raises(NotFlat):
        rename_columns(file, ["a"], [1])
    assert file.read_bytes() == before
    file.write_bytes(b"no such file at all")
    with pytest.raises(NotFlat):
        rename_columns(file, ["a"], [1])
    with pytest.raises(NotFlat):
        renamed(b"\0", ["a"], [1])
