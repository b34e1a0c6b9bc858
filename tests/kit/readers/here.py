"""Readers of Iceberg that run in the process of a test: DuckDB's `iceberg_scan`, pyiceberg, and Polars in both of its ways."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Protocol
from uuid import UUID

from andon.base.names import literal, quote
from andon.engines.duckdb import extensions
from kit.iceberg_tables import connect
from kit.readers.asking import Comparison
from kit.readers.rows import Rows, rows_of

#: How a bucket is reached: `endpoint`, `key`, `secret`.
Access = Mapping[str, str]


class Reader(Protocol):
    """A program of others that reads a table by the place of its metadata.

    Attributes:
        name: what it is called in `docs/how-to/read-with-other-tools.md`.
        shows: types that it calls by another one's name.
        misses: types that it does not read.
        goes_back: whether it reads earlier snapshots.
    """

    name: str
    shows: Mapping[str, str]
    misses: frozenset[str]
    goes_back: bool

    def read(
        self,
        metadata: str,
        columns: Mapping[str, str],
        where: Sequence[Comparison] = (),
        snapshot: int | None = None,
        access: Access | None = None,
    ) -> Rows:
        """The rows of a table, of its columns that are named.

        Args:
            columns: type of the lake, by name.
            where: comparisons that all hold for each row that comes.
            snapshot: the id of an earlier snapshot.
        """
        ...


class DuckDb:
    """`iceberg_scan`."""

    name = "DuckDB"
    shows: Mapping[str, str] = {}
    misses = frozenset[str]()
    goes_back = True

    def __init__(self) -> None:
        self.connection = connect()
        self.connection.execute("set arrow_lossless_conversion = true")

    def read(
        self,
        metadata: str,
        columns: Mapping[str, str],
        where: Sequence[Comparison] = (),
        snapshot: int | None = None,
        access: Access | None = None,
    ) -> Rows:
        """See `Reader.read`."""
        if access is not None:
            self._reach(access)
        named = ", ".join(quote(name) for name in columns)
        option = f", snapshot_from_id = {snapshot}" if snapshot is not None else ""
        asked = f"select {named} from iceberg_scan({literal(metadata)}{option})"
        if where:
            asked += f" where {' and '.join(each.duckdb() for each in where)}"
        return rows_of(self.connection.execute(asked).to_arrow_table(), columns)

    def _reach(self, access: Access) -> None:
        extensions.load(self.connection, "httpfs")
        endpoint = access["endpoint"].removeprefix("http://")
        self.connection.execute(
            f"create or replace secret (type s3, key_id {literal(access['key'])}, secret {literal(access['secret'])},"
            f" endpoint {literal(endpoint)}, url_style 'path', use_ssl false, region 'us-east-1')"
        )


class PyIceberg:
    """`pyiceberg.table.StaticTable`."""

    name = "pyiceberg"
    shows: Mapping[str, str] = {}
    misses = frozenset[str]()
    goes_back = True

    def read(
        self,
        metadata: str,
        columns: Mapping[str, str],
        where: Sequence[Comparison] = (),
        snapshot: int | None = None,
        access: Access | None = None,
    ) -> Rows:
        """See `Reader.read`."""
        from pyiceberg.expressions import AlwaysTrue, And
        from pyiceberg.table import StaticTable

        table = StaticTable.from_metadata(metadata, iceberg_access(access))
        filtered: Any = AlwaysTrue()
        for each in where:
            filtered = And(filtered, each.pyiceberg(value_of(each)))
        scan = table.scan(row_filter=filtered, selected_fields=tuple(columns), snapshot_id=snapshot)
        return rows_of(scan.to_arrow().select(list(columns)), columns)


class Polars:
    """`polars.scan_iceberg`, by its own reader or by that of pyiceberg."""

    shows: Mapping[str, str] = {"UUID": "BLOB"}
    misses = frozenset[str]()
    goes_back = True

    def __init__(self, reader: str) -> None:
        self.name = "Polars" if reader == "native" else "Polars by pyiceberg"
        self._reader = reader
        # its other planner is a package of its own
        os.environ["POLARS_ICEBERG_PLANNER"] = "pyiceberg"

    def read(
        self,
        metadata: str,
        columns: Mapping[str, str],
        where: Sequence[Comparison] = (),
        snapshot: int | None = None,
        access: Access | None = None,
    ) -> Rows:
        """See `Reader.read`."""
        import polars

        options = iceberg_access(access)
        frame = polars.scan_iceberg(
            metadata,
            snapshot_id=snapshot,
            storage_options=options or None,
            reader_override=self._reader,
        )
        for each in where:
            value = value_of(each)
            frame = frame.filter(each.polars(value.bytes if isinstance(value, UUID) else value))
        return rows_of(frame.select(list(columns)).collect().to_arrow(), columns)


def iceberg_access(access: Access | None) -> dict[str, str]:
    """How pyiceberg is told to reach a bucket."""
    if access is None:
        return {}
    return {
        "s3.endpoint": access["endpoint"],
        "s3.access-key-id": access["key"],
        "s3.secret-access-key": access["secret"],
        "s3.region": "us-east-1",
        "s3.force-virtual-addressing": "false",
    }


def value_of(comparison: Comparison) -> Any:
    """Its value in Python."""
    return _value(comparison.text, comparison.kind) if comparison.kind else None


@lru_cache(maxsize=4096)
def _value(text: str, kind: str) -> Any:
    row = _values().execute(f"select {literal(text)}::{kind}").fetchone()
    return row[0] if row else None


@cache
def _values() -> Any:
    return connect()
