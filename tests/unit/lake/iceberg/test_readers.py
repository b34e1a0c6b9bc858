"""Derived metadata read by DuckDB and by pyiceberg: both see exactly what the lake itself reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from andon.errors import DatasetError, MachineError
from andon.lake.iceberg.location import absolute_in
from andon.lake.iceberg.metadata import derive, fits
from andon.model.version import Column, Version

EVERYTHING = """
    select
      i % 2 = 0 as b, i::integer as i, i * 10_000_000_000 as l, i::float / 3 as f, i / 7 as d, (i / 4)::decimal(4,1) as d4,
      (i / 4)::decimal(9,3) as d9, (i / 4)::decimal(18,5) as d18, (i * 10000000000000000000)::decimal(38,0) as d38,
      ('0.' || repeat('9', 37) || i)::decimal(38,38) as d3838, 'Größe ' || i || repeat('😀', i) as s,
      ('\\x00\\xFF' || i)::blob as y, (md5(i::varchar))::uuid as u,
      date '1969-12-30' + i::integer as dt, time '23:59:50.000001' + to_seconds(i) as t,
      timestamp '1969-12-31 23:59:57.5' + to_seconds(i) as ts, timestamptz '1969-12-31 23:59:57.5+00' + to_days(i) as tz,
      {'a': i, 'b c': [i, null], 'n': {'x.y': i::decimal(38,2), 'q"q': 'v' || i}} as st,
      [[i::varchar], [], null] as li, [{'k': i, 'v': date '2026-01-01'}] as ls,
      map {'k' || i: i, 'other': null} as m, map {i: {'deep': [map {'x': i}]}} as mm
    from range(6) t(i)
"""

ODD_VALUES = {
    "numbers": """select * from (values ('nan'::double, 'inf'::float), ('inf', '-inf'), ('-inf', 'nan'), (null, null),
        (-0.0, '-0.0'), (0.0, 0.0), (5e-324, 1e-45), (1.7976931348623157e308, 3.4028235e38)) t(d, f)""",
    "integers": """select * from (values (2147483647, 9223372036854775807, repeat('9', 38)::decimal(38,0)),
        (-2147483648, -9223372036854775807 - 1, ('-' || repeat('9', 38))::decimal(38,0)), (null, null, null)) t(i, l, d)""",
    "times": """select * from (values
        (date '0044-03-15 (BC)', timestamp '0044-03-15 (BC) 01:02:03', timestamptz '0044-03-15 (BC) 01:02:03+00', time '00:00:00'),
        (date '12345-01-01', timestamp '12345-01-01', timestamptz '12345-01-01 00:00:00+00', time '23:59:59.999999'),
        (null, null, null, null)) t(d, ts, tz, t)""",
    "nothing at all": "select null::varchar as s, null::decimal(38,2) as d, null::integer[] as l, null::uuid as u from range(3)",
    "empty nested": "select * from (values ([]::varchar[], map {}::map(varchar, integer), {'a': null}), (null, null, null)) t(l, m, s)",
    "texts": """select * from (values (''), (chr(0)), ('a' || chr(0)), (repeat('é', 300)), (repeat(chr(1114111), 20)),
        ('''"\\'), (chr(10)), (repeat(chr(55295), 20)), (null)) t(s)""",
}


def test_every_type(bench: Any) -> None:
    version = bench.version(EVERYTHING)
    metadata = bench.derive(version)
    stored = bench.parquet(version)
    seen = bench.iceberg_scan(metadata)
    assert bench.columns(seen) == bench.columns(stored) == [(c.name, c.type) for c in version.columns]
    assert bench.rows(seen) == bench.rows(stored)
    arrow = bench.pyiceberg(metadata)
    assert bench.columns(arrow) == bench.columns(stored)
    assert bench.rows(arrow) == bench.rows(stored)


@pytest.mark.parametrize("name", ODD_VALUES)
def test_odd_values(bench: Any, name: str) -> None:
    version = bench.version(ODD_VALUES[name])
    metadata = bench.derive(version)
    expected = bench.rows(bench.parquet(version))
    assert bench.rows(bench.iceberg_scan(metadata)) == expected
    assert bench.rows(bench.pyiceberg(metadata)) == expected


def test_infinite_dates(bench: Any) -> None:
    """Only DuckDB knows them: pyiceberg sees the numbers that stand for them, which Arrow can't turn into dates."""
    version = bench.version(
        "select * from (values (date 'infinity', timestamp '-infinity', timestamptz 'infinity'),"
        " ('-infinity', 'infinity', null)) t(d, ts, tz)"
    )
    metadata = bench.derive(version)
    assert bench.rows(bench.iceberg_scan(metadata)) == bench.rows(bench.parquet(version))


def test_odd_column_names(bench: Any) -> None:
    names = [
        "A b",
        'quo"te',
        "it's",
        "dot.ted",
        "größe 😀",
        "select",
        "UPPER",
        "a,b",
        "{x: 1}",
        "$1",
        "#",
        "%20",
        " lead",
        "-",
        "1",
    ]
    items = ", ".join(f'{i} as "{name.replace(chr(34), chr(34) * 2)}"' for i, name in enumerate(names))
    inner = ", ".join("'" + name.replace("'", "''") + f"': {i}" for i, name in enumerate(names))
    version = bench.version(f"select {items}, {{{inner}}} as nested")
    metadata = bench.derive(version)
    stored = bench.parquet(version)
    for seen in (bench.iceberg_scan(metadata), bench.pyiceberg(metadata)):
        assert bench.columns(seen) == bench.columns(stored)
        assert bench.rows(seen) == bench.rows(stored)


def test_no_rows(bench: Any) -> None:
    version = bench.version(f"{EVERYTHING} limit 0")
    metadata = bench.derive(version)
    for seen in (bench.iceberg_scan(metadata), bench.pyiceberg(metadata)):
        assert bench.columns(seen) == bench.columns(bench.parquet(version))
        assert bench.rows(seen) == []


def test_several_files_of_which_one_is_empty(bench: Any) -> None:
    version = bench.version("select 1 as a, 'x' as s", "select 2 as a, 'y' as s", "select 3 as a, 'z' as s limit 0")
    metadata = bench.derive(version)
    assert bench.rows(bench.iceberg_scan(metadata)) == [("1", "x"), ("2", "y")]
    assert bench.rows(bench.pyiceberg(metadata)) == [("1", "x"), ("2", "y")]
    assert bench.rows(f"{bench.iceberg_scan(metadata)} where a = 2") == [("2", "y")]
    document = json.loads(Path(metadata).read_text())
    assert document["snapshots"][0]["summary"]["total-data-files"] == "2"


@pytest.mark.parametrize("name", ["a lake", "größe 😀", "100%25 sure", "it's", "a+b&c=d", "x:y"])
def test_folders_with_odd_names(make_bench: Any, name: str) -> None:
    bench = make_bench(name)
    version = bench.version("select 1 as a")
    metadata = bench.derive(version)
    assert bench.rows(bench.iceberg_scan(metadata)) == [("1",)]
    assert bench.rows(bench.pyiceberg(metadata)) == [("1",)]


def test_the_folder_alone_is_enough_for_readers(bench: Any) -> None:
    """Beside the metadata file stands the hint that lets readers find it from the table's folder."""
    version = bench.version("select 1 as a")
    folder = bench.derive(version).rpartition("/metadata/")[0]
    assert bench.rows(bench.pyiceberg(folder)) == [("1",)]
    assert bench.rows(bench.iceberg_scan(folder)) == [("1",)]


def test_equal_inputs_write_equal_bytes(bench: Any) -> None:
    version = bench.version(EVERYTHING)
    written: list[dict[str, bytes]] = []
    for _ in range(2):
        files: dict[str, bytes] = {}
        derive(version, storage_url="s3://bucket/lake/", write=files.__setitem__, table_uuid="x", time_ms=1)
        written.append(files)
    assert written[0] == written[1]
    manifest, *rest = written[0]
    assert manifest.startswith("iceberg/manifests/")
    assert rest == [
        f"iceberg/{version.id}/metadata/{name}" for name in ("snapshot.avro", "version-hint.text", "v1.metadata.json")
    ]
    document = json.loads(list(written[0].values())[-1])
    assert document["location"] == f"s3://bucket/lake/iceberg/{version.id}"
    assert document["last-column-id"] == max(
        i for c in version.columns for i in (c.field_id, *dict(c.children).values())
    )


def test_metadata_of_a_moved_lake_is_recognised() -> None:
    here, there = absolute_in("file:///srv/my%20lake"), absolute_in("file:///mnt/lake")
    files: dict[str, bytes] = {}
    version = Version("ab" * 32, "marts.x", (Column("a", "INTEGER", 1),))
    path = derive(version, storage_url="file:///srv/my%20lake", write=files.__setitem__, table_uuid="x", time_ms=1)
    assert here("data/x.parquet") == "file:///srv/my lake/data/x.parquet"
    assert fits(files[path], version.id, here)
    assert not fits(files[path], version.id, there)
    assert not fits(files[path][:50], version.id, here)


def test_a_view_has_no_table() -> None:
    version = Version("ab" * 32, "marts.x", (Column("a", "INTEGER", 1),), is_view=True)
    with pytest.raises(DatasetError, match="is a view"):
        derive(version, storage_url="file:///x", write=lambda *_: None, table_uuid="x", time_ms=1)


@pytest.mark.parametrize(
    "column",
    [
        Column("a", "HUGEINT", 1),
        Column("a", "INTEGER[]", 1),
        Column("a", "STRUCT(", 1),
        Column("a", "UNION(x INTEGER)", 1),
    ],
)
def test_columns_that_no_table_can_have(column: Column) -> None:
    with pytest.raises(MachineError) as caught:
        derive(
            Version("ab" * 32, "m.x", (column,)),
            storage_url="file:///x",
            write=lambda *_: None,
            table_uuid="x",
            time_ms=1,
        )
    assert caught.value.code == "lake.corrupt"


def test_a_nan_in_an_early_row_group_is_found(bench: Any) -> None:
    """The engine says that such a file has no NaN; for it NaN lies above all numbers."""
    version = bench.version(
        "select case when i = 0 then 'nan'::double else i end as d from range(6000) t(i)",
        options=", row_group_size 2048",
    )
    seen = bench.iceberg_scan(bench.derive(version))
    assert bench.rows(f"{seen} where d > 1_000_000") == [("nan",)]
    assert bench.rows(f"{seen} where d = 'nan'") == [("nan",)]


def test_years_before_christ_are_found(bench: Any) -> None:
    version = bench.version("select date '0044-03-15 (BC)' as d, timestamp '0044-03-15 (BC) 01:02:03' as ts")
    seen = bench.iceberg_scan(bench.derive(version))
    for condition in ("d = '0044-03-15 (BC)'", "d <= '0044-03-15 (BC)'", "ts = '0044-03-15 (BC) 01:02:03'"):
        assert len(bench.rows(f"{seen} where {condition}")) == 1
