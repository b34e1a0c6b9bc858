"""SQLite through the engine's scanner: `sqlite_query` computes in SQLite and hands over text.

A value of SQLite has a type of its own, whatever its column declares. So a column is what its values are: of whole numbers a BIGINT, of
others a DOUBLE, of bytes a BLOB, else text. A value of another kind that comes later stops the load. Dates are what they are there: text
or numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.names import literal, quote
from andon.sources.databases.database import ALIAS, EITHER, NO_VALUES, Ask, RemoteColumn

#: Kinds that a column's values have, to what is stored.
_STORED = {
    frozenset({"integer"}): "BIGINT",
    frozenset({"real"}): "DOUBLE",
    frozenset({"integer", "real"}): "DOUBLE",
    frozenset({"blob"}): "BLOB",
}
#: Above it a DOUBLE has not each whole number.
_EXACT = 2**53


class SQLite:
    """See the module."""

    extension = "sqlite_scanner"
    tables = "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'"
    home = "memory"
    prepare = ()
    mark_option = None
    stop = None

    def reach(self, options: Mapping[str, str]) -> None:
        """See `DatabaseKind`. Attaching it does not wait for long."""

    def attach(self, options: Mapping[str, str]) -> str:
        """See `DatabaseKind`."""
        return f"attach {literal(options['path'])} as {ALIAS} (type sqlite, read_only)"

    def marked(self, sql: str, mark: str) -> str:  # noqa: ARG002 - see MySQL
        """See `DatabaseKind`."""
        return sql

    def describe(self, ask: Ask, sql: str) -> tuple[RemoteColumn, ...]:
        """See `DatabaseKind`. All values are looked at: only they say what a column holds."""
        names = [row[0] for row in ask(f"describe from {_query(f'select * from ({sql}{_END}) q limit 0')}")]
        kinds = ", ".join(
            f"group_concat(distinct nullif(typeof(q.{quote(name)}), 'null')) as c{n}" for n, name in enumerate(names)
        )
        (row,) = ask(f"from {_query(f'select {kinds} from ({sql}{_END}) q')}")
        found = [frozenset((kinds or "").split(",")) - {""} for kinds in row]
        return tuple(
            RemoteColumn(name, EITHER.join(sorted(kinds)) or NO_VALUES, _STORED.get(kinds, "VARCHAR"))
            for name, kinds in zip(names, found, strict=True)
        )

    def quoted(self, name: str) -> str:
        """See `DatabaseKind`."""
        return quote(name)

    def primary_key(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        sql = f"select name from pragma_table_info({literal(table[-1])}) where pk > 0 order by pk"
        return [row[0] for row in ask(f"from {_query(sql)}")]

    def indexed(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        name = literal(table[-1])
        sql = (
            f"select t.name from pragma_table_info({name}) t where (t.pk = 1 and t.type = 'INTEGER') or (t.\"notnull\" and t.name in"
            f" (select c.name from pragma_index_list({name}) i, pragma_index_info(i.name) c where c.seqno = 0))"
        )
        return [row[0] for row in ask(f"from {_query(sql)}")]

    def since(self, sql: str, column: RemoteColumn, begin: str) -> str:
        """See `DatabaseKind`."""
        name = f"q.{quote(column.name)}"
        value = literal(begin) if column.stored == "VARCHAR" else begin
        return f"select * from ({sql}{_END}) q where {name} >= {value} or {name} is null"

    def only(self, sql: str, names: Sequence[str]) -> str:
        """See `DatabaseKind`."""
        return f"select {', '.join(f'q.{quote(name)} as {quote(name)}' for name in names)} from ({sql}{_END}) q"

    def select(self, sql: str, columns: Sequence[RemoteColumn]) -> str:
        """See `DatabaseKind`."""
        sent = ", ".join(f"{_sent(column)} as {quote(column.name)}" for column in columns)
        taken = ", ".join(f"{_taken(column)} as {quote(column.name)}" for column in columns)
        return f"select {taken} from {_query(f'select {sent} from ({sql}{_END}) q')}"


#: Whatever comment a query ends with.
_END = "\n"


def _query(sql: str) -> str:
    return f"sqlite_query({literal(ALIAS)}, {literal(sql)})"


def _sent(column: RemoteColumn) -> str:
    """How SQLite sends a column: as text that says the value again; what is of another kind with a mark that no cast takes."""
    name = f"q.{quote(column.name)}"
    other = f"typeof({name}) || ' ' || quote({name})"
    whole = f"cast({name} as text)"
    number = f"case when cast({whole} as real) = {name} then {whole} else printf('%!.17g', {name}) end"
    if column.stored == "BIGINT":
        return f"case typeof({name}) when 'null' then null when 'integer' then {whole} else {other} end"
    if column.stored == "DOUBLE":
        exact = f"case when abs({name}) <= {_EXACT} then {whole} else {other} end"
        return f"case typeof({name}) when 'null' then null when 'real' then {number} when 'integer' then {exact} else {other} end"
    if column.stored == "BLOB":
        return f"case typeof({name}) when 'null' then null when 'blob' then hex({name}) else {other} end"
    return f"case typeof({name}) when 'blob' then x'ff' when 'real' then {number} else {whole} end"


def _taken(column: RemoteColumn) -> str:
    """How the engine takes what was sent."""
    name = quote(column.name)
    if column.stored == "VARCHAR":
        return name
    return f"unhex({name})" if column.stored == "BLOB" else f"cast({name} as {column.stored})"
