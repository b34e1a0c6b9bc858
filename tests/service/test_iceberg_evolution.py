"""Columns added, dropped, renamed, widened and put in another order: Iceberg readers find each by its field id, in every version."""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from andon.base.names import literal
from andon.base.record import replace
from andon.engines.duckdb import extensions
from andon.lake.iceberg.kept import iceberg_metadata
from andon.lake.iceberg.metadata import derive
from andon.model.version import Version
from kit.clones import Clone

PATH = "datasets/staging/lines.sql"
WAS = "/*--- columns: {revenue: {was: amount}} ---*/ "
#: What changes, the SQL from then on, and its columns with their ids.
STEPS = (
    (
        "at first",
        "select id::integer as id, customer, amount::float as amount from shop.orders",
        "id 1, customer 2, amount 3",
    ),
    (
        "added",
        "select id::integer as id, customer, amount::float as amount, {'a': id::integer} as s from shop.orders",
        "id 1, customer 2, amount 3, s 4",
    ),
    (
        "renamed",
        WAS + "select id::integer as id, customer, amount::float as revenue, {'a': id::integer} as s from shop.orders",
        "id 1, customer 2, revenue 3, s 4",
    ),
    (
        "widened",
        "select id::bigint as id, customer, amount::double as revenue, {'a': id::bigint} as s from shop.orders",
        "id 1, customer 2, revenue 3, s 4",
    ),
    (
        "in another order",
        "select {'a': id::bigint} as s, amount::double as revenue, customer, id::bigint as id from shop.orders",
        "s 4, revenue 3, customer 2, id 1",
    ),
    (
        "dropped",
        "select {'a': id::bigint} as s, amount::double as revenue, id::bigint as id from shop.orders",
        "s 4, revenue 3, id 1",
    ),
    (
        "with a dropped and a former name again",
        "select {'a': id::bigint} as s, amount::double as revenue, id::bigint as id, 'c' as customer, 1 as amount from shop.orders",
        "s 4, revenue 3, id 1, customer 2, amount 6",
    ),
)


@dataclass(frozen=True)
class Lived:
    """A project after all steps, with the version and the Iceberg metadata that came of each."""

    clone: Clone
    versions: list[Version]
    places: list[str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    from kit.clones import FILES

    clone = Clone(tmp_path_factory.mktemp("acme"))
    clone.fill(FILES)
    versions, places = [], []
    for _, sql, _ in STEPS:
        clone.write(PATH, f"{sql} order by id\n")
        assert clone.run().published
        leaf = clone.leaves()["staging.lines"]
        with closing(clone.open()) as service:
            versions.append(service.workspace.lake.objects.versions([leaf.version])[leaf.version])
            places.append(iceberg_metadata(service.workspace.lake.storage, versions[-1]))
    return Lived(clone, versions, places)


@pytest.mark.parametrize("index", range(len(STEPS)), ids=[name for name, _, _ in STEPS])
def test_every_version_is_readable_with_the_same_ids(lived: Lived, index: int) -> None:
    from pyiceberg.table import StaticTable

    table = StaticTable.from_metadata(lived.places[index])
    assert ", ".join(f"{field.name} {field.field_id}" for field in table.schema().fields) == STEPS[index][2]
    seen = table.scan().to_arrow().to_pylist()
    names = [column.name for column in lived.versions[index].columns]
    assert [tuple(row.values()) for row in seen] == lived.clone.ask(
        f"select {', '.join(names)} from staging.lines", f"main~{len(STEPS) - 1 - index}"
    )


@pytest.fixture(scope="module")
def together(lived: Lived) -> str:
    """One table of the newest columns over the files of all versions, as they would stand if each had only added its rows."""
    newest = lived.versions[-1]
    # statistics are named as the columns were when a file was written
    files = tuple(replace(file, stats={}) for version in lived.versions for file in version.files)
    with closing(lived.clone.open()) as service:
        storage = service.workspace.lake.storage
        place = derive(
            Version("f" * 64, newest.dataset, newest.columns, files),
            storage_url=storage.url,
            write=storage.write,
            table_uuid=str(uuid.UUID(int=1)),
            time_ms=0,
        )
        return str(storage.engine_path(place))


#: By step: what a reader of the newest columns finds for the first row (1, ada, 10) of its file.
FOUND = [
    (None, 10.0, 1, "ada", None),
    *[({"a": 1}, 10.0, 1, "ada", None)] * 4,
    ({"a": 1}, 10.0, 1, None, None),
    ({"a": 1}, 10.0, 1, "c", 1),
]


def test_old_files_are_read_by_the_newest_columns(together: str) -> None:
    from pyiceberg.table import StaticTable

    table = StaticTable.from_metadata(together)
    rows = [tuple(row.values()) for row in table.scan(row_filter="id = 1").to_arrow().to_pylist()]
    assert sorted(rows, key=str) == sorted(FOUND, key=str)
    assert len(table.scan(row_filter="revenue > 9").to_arrow()) == 2 * len(STEPS)
    assert len(table.scan(row_filter="amount is null").to_arrow()) == 3 * (len(STEPS) - 1)


def test_duckdb_reads_them_alike(together: str) -> None:
    import duckdb

    connection: Any = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    with closing(connection):
        extensions.load(connection, "iceberg")
        rows = connection.execute(f"from iceberg_scan({literal(together)}) where id = 1").fetchall()
        assert sorted(rows, key=str) == sorted(FOUND, key=str)


def test_ids_lie_in_the_files_themselves(lived: Lived) -> None:
    import pyarrow.parquet as parquet

    with closing(lived.clone.open()) as service:
        folder = Path(service.workspace.lake.storage.engine_path("."))
    for version, (_, _, expected) in zip(lived.versions, STEPS, strict=True):
        schema = parquet.read_schema(folder / version.files[0].path)
        found = [f"{field.name} {int(field.metadata[b'PARQUET:field_id'])}" for field in schema]
        assert ", ".join(found) == expected


def test_one_table_holds_every_version_as_a_snapshot_with_its_own_columns(lived: Lived) -> None:
    import duckdb
    from pyiceberg.table import StaticTable

    with closing(lived.clone.open()) as service:
        place = service.datasets.show("staging.lines").iceberg
    assert place is not None
    table = StaticTable.from_metadata(place)
    snapshots = table.snapshots()
    assert len(snapshots) == len(STEPS)
    assert [s.timestamp_ms for s in snapshots] == sorted(s.timestamp_ms for s in snapshots)
    assert (
        table.scan().to_arrow().to_pylist() == StaticTable.from_metadata(lived.places[-1]).scan().to_arrow().to_pylist()
    )
    connection: Any = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    with closing(connection):
        extensions.load(connection, "iceberg")
        for index, snapshot in enumerate(snapshots):
            seen = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
            names = [column.name for column in lived.versions[index].columns]
            asked = lived.clone.ask(f"select {', '.join(names)} from staging.lines", f"main~{len(STEPS) - 1 - index}")
            assert (seen.column_names, [tuple(row.values()) for row in seen.to_pylist()]) == (names, asked)
            sql = f"select * from iceberg_scan({literal(place)}, snapshot_from_id = {snapshot.snapshot_id}) order by id"
            assert len(connection.execute(sql).fetchall()) == len(asked)
        assert sorted(connection.execute(f"select id from iceberg_scan({literal(place)})").fetchall()) == sorted(
            connection.execute(f"select id from iceberg_scan({literal(lived.places[-1])})").fetchall()
        )
