"""Manifests that versions share: readers see what the version holds, however it came about, and an append writes a little of them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.hashing import content_id
from andon.lake.iceberg import manifests
from andon.lake.iceberg.avro import manifests_in
from andon.lake.iceberg.dropping import drop_derived
from andon.lake.iceberg.kept import iceberg_metadata
from andon.lake.iceberg.manifests import MANIFESTS, manifests_of
from andon.lake.iceberg.metadata import derive, list_path
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.model.version import Column, DataFile, Version, version_id
from kit.each_kind import day, year_of_lake
from kit.lake_objects import build, ticking

COLUMNS = (Column("n", "INTEGER", 1),)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "SMALL", 2)
    monkeypatch.setattr(manifests, "MERGED", 2)


def of(count: int, start: int = 0) -> tuple[DataFile, ...]:
    return tuple(DataFile(f"data/{n}.parquet", 10, content_id(n), 1) for n in range(start, start + count))


def version(files: tuple[DataFile, ...], columns: tuple[Column, ...] = COLUMNS) -> Version:
    return Version(version_id(columns, files), "m.d", columns, files)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), unique=True, max_size=300), st.integers(1, 4).map(lambda n: 2**n))
def test_each_file_stands_in_one_manifest_in_its_place(numbers: list[int], usual: int):
    files = tuple(DataFile(f"{n}", 1, content_id(n), 1) for n in numbers)
    before = manifests.SMALL, manifests.MERGED
    manifests.SMALL, manifests.MERGED = usual, usual
    try:
        found = manifests_of(COLUMNS, files, "file:///x/")
        assert [file for each in found for file in each.files] == list(files)
        assert all(each.files for each in found)
        assert len({each.key for each in found}) == len(found)
        others = {each.key for each in manifests_of(COLUMNS, files, "file:///y/")}
        assert others.isdisjoint(each.key for each in found)
    finally:
        manifests.SMALL, manifests.MERGED = before


def test_a_thousand_appends_write_little_and_leave_few():
    import fastavro

    files: dict[str, bytes] = {}
    written = 0

    def write(path: str, data: bytes) -> None:
        nonlocal written
        written += len(data)
        files[path] = data

    def kept(path: str) -> int | None:
        return len(files[path]) if path in files else None

    shown = of(10_000)
    costs = []
    for more in range(40):
        before = written
        one = version((*shown, *of(more, 100_000)))
        derive(one, storage_url="file:///x", write=write, table_uuid="x", time_ms=0, kept=kept)
        costs.append(written - before)
        named = manifests_in(files[list_path(one.id)])
        assert len(named) <= 100 + 10_000 / (manifests.SMALL * manifests.MERGED) * 4
        records = list(fastavro.reader(io.BytesIO(files[list_path(one.id)])))
        assert sum(record["added_files_count"] for record in records) == len(one.files)
        assert sum(record["added_rows_count"] for record in records) == one.rows
        lengths = {record["manifest_path"]: record["manifest_length"] for record in records}
        assert lengths == {f"file:///x/{path}": len(files[path]) for path in files if f"file:///x/{path}" in named}
    assert sum(costs[1:]) < 39 * costs[0] / 10, "what is new, of a table of 10,000 files"


@pytest.mark.usefixtures("tiny")
def test_readers_see_each_version_of_tables_that_were_appended_to_changed_undone_and_branched(tmp_path: Path):
    import duckdb
    from pyiceberg.table import StaticTable

    clone = year_of_lake(tmp_path)
    for number in range(3, 7):
        day(clone, number, f"{number * 10},ada,2026-02-0{number},{number}")
        clone.refresh()
    with clone.opened() as service:
        lake = service.workspace.lake
        rows = lake.database.query("select id from version where is_view = 0")
        versions = lake.objects.versions(str(row[0]) for row in rows)
        for one in versions.values():
            place = iceberg_metadata(lake.storage, one)
            own = ", ".join(f"'{lake.storage.engine_path(file.path)}'" for file in one.files)
            expected = duckdb.sql(f"select * from read_parquet([{own}]) order by all").fetchall()
            assert len(expected) == one.rows
            with duckdb.connect() as other:
                other.register("seen", StaticTable.from_metadata(place).scan().to_arrow())
                assert other.sql("select * from seen order by all").fetchall() == expected
        assert max(len(one.files) for one in versions.values()) > 3
        newest = service.datasets.show("marts.parted")
        assert StaticTable.from_metadata(newest.iceberg).scan().to_arrow().num_rows == newest.version.rows


def lake_in(folder: Path) -> Lake:
    from andon.base.sqlite import SqliteDatabase

    return Lake.open(SqliteDatabase(folder / "catalog.db"), LocalStorage(folder / "lake"), ticking(), "ana")


@pytest.mark.usefixtures("tiny")
def test_manifests_stay_as_long_as_a_version_is_shown_by_them(tmp_path: Path):
    lake = lake_in(tmp_path)
    one, two = version(of(40)), version((*of(38), *of(5, 100)))
    lake.objects.record([(each, build(each, key=each.id)) for each in (one, two)], new=())
    for each in (one, two):
        iceberg_metadata(lake.storage, each, writing=lake.locks.writing)

    def named(each: Version) -> set[str]:
        return {url.partition(f"{MANIFESTS}/")[2] for url in manifests_in(lake.storage.read(list_path(each.id)))}

    def there() -> set[str]:
        return set(lake.storage.names(MANIFESTS))

    assert there() == named(one) | named(two)
    assert named(one) & named(two)
    lake.storage.write(f"{MANIFESTS}/{'0' * 64}.avro", b"left by a kill")
    with lake.locks.writing():
        drop_derived(lake)
        assert f"{'0' * 64}.avro" in there(), "somebody may be about to name it"
    kept = named(two)
    drop_derived(lake)
    assert there() == named(one) | kept
    with lake.database.write() as transaction:
        row = (one.files[-1].path, "m.d", 10, "gone", 1, "2026-11-01")
        sql = "insert into going (path, dataset, size, state, epoch, since) values (?, ?, ?, ?, ?, ?)"
        transaction.execute(sql, row)
    drop_derived(lake)
    assert there() == kept
    assert not lake.storage.exists(list_path(one.id))
    lake.storage.write(list_path(two.id), b"not a list")
    lake.storage.write(f"{MANIFESTS}/{'0' * 64}.avro", b"left by a kill")
    drop_derived(lake)
    assert there() >= kept, "it may name any"
    lake.database.close()
