"""A private in-memory DuckDB for looking at files: one thread, UTC, nothing installed or loaded by itself."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_CONFIG: dict[str, Any] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "preserve_insertion_order": True,
    "temp_directory": "",
}


#: Held while the database is opened.
_opening = threading.Lock()


def _database() -> duckdb.DuckDBPyConnection:
    """The one database of this process. Opening one costs more than looking at ten files, so it is kept."""
    with _opening:  # several threads may ask for it at once
        return _opened()


@functools.cache
def _opened() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(":memory:", config=_CONFIG)
    connection.execute("set global TimeZone = 'UTC'")
    return connection


@contextlib.contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of one's own to the private database; temporary tables in it end with it."""
    cursor = _database().cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """All rows that `sql` gives."""
    return connection.execute(sql).fetchall()


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Names and DuckDB types of the columns of `relation` (what may stand after FROM)."""
    return [(name, kind) for name, kind, *_ in rows(connection, f"describe select * from {relation}")]


def described(sql: str) -> list[tuple[str, str]]:
    """Names and DuckDB types of the columns that an SQL over raw files returns. Safe under threads.

    Raises:
        duckdb.Error: what the engine says.
    """
    with scratch() as connection:
        return [(row[0], row[1]) for row in rows(connection, f"describe \n{sql}\n")]
