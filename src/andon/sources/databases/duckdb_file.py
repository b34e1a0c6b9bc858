"""A file of DuckDB: the engine itself reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.names import literal, quote
from andon.sources.databases.database import ALIAS, Ask, RemoteColumn


class DuckDBFile:
    """See the module."""

    extension = None
    tables = (
        "select case when table_schema = 'main' then '' else table_schema || '.' end || table_name as name"
        f" from information_schema.tables where table_catalog = '{ALIAS}'"
    )
    home = ALIAS
    prepare = ()
    mark_option = None
    stop = None

    def reach(self, options: Mapping[str, str]) -> None:
        """See `DatabaseKind`. Attaching it does not wait for long."""

    def attach(self, options: Mapping[str, str]) -> str:
        """See `DatabaseKind`."""
        return f"attach {literal(options['path'])} as {ALIAS} (read_only)"

    def marked(self, sql: str, mark: str) -> str:  # noqa: ARG002 - see MySQL
        """See `DatabaseKind`."""
        return sql

    def describe(self, ask: Ask, sql: str) -> tuple[RemoteColumn, ...]:
        """See `DatabaseKind`."""
        return tuple(RemoteColumn(row[0], row[1], row[1]) for row in ask(f"describe \n{sql}\n"))

    def quoted(self, name: str) -> str:
        """See `DatabaseKind`."""
        return quote(name)

    def primary_key(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        within = f" and schema_name = {literal(table[-2])}" if len(table) > 1 else ""
        found = ask(
            "select constraint_column_names from duckdb_constraints() where constraint_type = 'PRIMARY KEY'"
            f" and database_name = {literal(ALIAS)} and table_name = {literal(table[-1])}{within}"
        )
        return list(found[0][0]) if found else []

    def indexed(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`. Its files skip by what they hold, so any column that has values will do."""
        within = f" and schema_name = {literal(table[-2])}" if len(table) > 1 else ""
        found = ask(
            "select column_name from duckdb_columns() where not is_nullable"
            f" and database_name = {literal(ALIAS)} and table_name = {literal(table[-1])}{within}"
        )
        return [row[0] for row in found]

    def since(self, sql: str, column: RemoteColumn, begin: str) -> str:
        """See `DatabaseKind`."""
        name = quote(column.name)
        text = f"{begin}+00" if column.stored == "TIMESTAMP WITH TIME ZONE" else begin
        return f"select * from (\n{sql}\n) where {name} >= {literal(text)}::{column.stored} or {name} is null"

    def only(self, sql: str, names: Sequence[str]) -> str:
        """See `DatabaseKind`."""
        return f"select {', '.join(quote(name) for name in names)} from (\n{sql}\n)"

    def select(self, sql: str, columns: Sequence[RemoteColumn]) -> str:
        """See `DatabaseKind`."""
        return f"select {', '.join(quote(c.name) for c in columns)} from (\n{sql}\n)"
