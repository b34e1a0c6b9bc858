"""Every kind of database, with what reads it; `settings/connections.py` says which options each takes."""

from __future__ import annotations

from collections.abc import Mapping

from andon.sources.databases.database import DatabaseKind
from andon.sources.databases.duckdb_file import DuckDBFile
from andon.sources.databases.mysql import MySQL
from andon.sources.databases.postgres import Postgres
from andon.sources.databases.sqlite import SQLite

#: By the `kind` of a connection: the keys of `settings.connections.KINDS`.
DATABASES: Mapping[str, DatabaseKind] = {
    "postgres": Postgres(),
    "mysql": MySQL(),
    "sqlite": SQLite(),
    "duckdb": DuckDBFile(),
}
