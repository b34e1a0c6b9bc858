"""Versions written by the real engine, and the two readers."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from andon.base.names import literal, quote
from andon.engines.duckdb import extensions
from andon.engines.duckdb.stats import parse_return_stats
from andon.engines.types import field_ids_clause, field_paths, projection, select_list
from andon.lake.iceberg.metadata import derive
from andon.model.version import Column, DataFile, Version, version_id

TABLE_UUID = "0190163d-8694-739b-aea5-966c26f8ad91"


@dataclass
class Bench:
    """A lake folder and a connection that can read Iceberg."""

    folder: Path
    connection: Any
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def version(self, *queries: str, options: str = "") -> Version:
        """A version with a file for each query; all give the same columns."""
        described = self.connection.execute(f"describe {queries[0]}").fetchall()
        produced = [(row[0], row[1]) for row in described]
        ids = iter(range(11, 10_000))
        columns = tuple(
            Column(name, kind, next(ids), tuple((path, next(ids)) for path in field_paths(kind)))
            for name, kind, _ in projection(produced)
        )
        files = tuple(self._file(query, produced, columns, options) for query in queries)
        return Version(version_id(columns, files), "marts.sample", columns, files)

    def _file(self, query: str, produced: list[tuple[str, str]], columns: tuple[Column, ...], options: str) -> DataFile:
        path = f"data/marts/{next(self.counter)}.parquet"
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        row = self.connection.execute(
            f"copy (select {select_list(produced)} from (\n{query}\n)) to {literal(str(target))}"
            f" (format parquet, compression zstd, field_ids {field_ids_clause(columns)}, return_stats {options})"
        ).fetchone()
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        return DataFile(path, int(row[2]), digest, int(row[1]), parse_return_stats(row[4]))

    def write(self, path: str, data: bytes) -> None:
        """As the lake's storage does."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def derive(self, version: Version) -> str:
        """The absolute path of derived metadata."""
        relative = derive(
            version,
            storage_url=self.folder.as_uri(),
            write=self.write,
            table_uuid=TABLE_UUID,
            time_ms=1_700_000_000_000,
        )
        return str(self.folder / relative)

    def parquet(self, version: Version) -> str:
        """The relation that the lake itself reads."""
        return f"read_parquet([{', '.join(literal(str(self.folder / f.path)) for f in version.files)}])"

    def iceberg_scan(self, metadata: str) -> str:
        """The relation as DuckDB's Iceberg reader sees it."""
        return f"iceberg_scan({literal(metadata)})"

    def pyiceberg(self, metadata: str, **options: Any) -> str:
        """The relation as pyiceberg sees it, by way of Arrow."""
        from pyiceberg.table import StaticTable

        name = f"arrow_{next(self.counter)}"
        self.connection.register(name, StaticTable.from_metadata(metadata).scan(**options).to_arrow())
        return quote(name)

    def columns(self, relation: str) -> list[tuple[str, str]]:
        """Names and types."""
        return [(row[0], row[1]) for row in self.connection.execute(f"describe from {relation}").fetchall()]

    def rows(self, relation: str) -> list[tuple[Any, ...]]:
        """All rows, values as text, sorted."""
        query = f"select columns(*)::varchar from {relation} order by all"
        rows: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return rows


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    import duckdb

    opened = []

    def make(name: str = "lake") -> Bench:
        connection = duckdb.connect(
            config={
                "threads": 1,
                "python_enable_replacements": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        opened.append(connection)
        connection.execute("set TimeZone = 'UTC'")
        extensions.load(connection, "iceberg")
        return Bench(tmp_path / name, connection)

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
