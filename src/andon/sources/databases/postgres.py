"""Postgres through the engine's scanner: `postgres_query` computes in the server and hands rows over in the binary form of COPY.

What the scanner would change without a word is refused by the server (a NaN in a `numeric(10, 2)`, which would become 0.00; a
timestamp after the year 294,246) or travels and stays as text: `numeric` of more than 38 digits or of none stated, which would become
a DOUBLE, and types that it knows nothing of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.names import literal, quote
from andon.sources.databases.database import ALIAS, Ask, RemoteColumn

#: Types of the server whose values the scanner hands over as they are.
_AS_THEY_ARE = frozenset(
    {
        "smallint",
        "integer",
        "bigint",
        "boolean",
        "real",
        "double precision",
        "text",
        "character varying",
        "character",
        "name",
        "date",
        "time without time zone",
        "uuid",
        "bytea",
        "json",
        "jsonb",
    }
)
_MOMENTS = frozenset({"timestamp without time zone", "timestamp with time zone"})
_LAST = "294246-12-31"
_WORDS = {"host": "host", "port": "port", "database": "dbname", "user": "user", "password": "password"}


class Postgres:
    """See the module."""

    extension = "postgres_scanner"
    tables = (
        "select case when table_schema = 'public' then '' else table_schema || '.' end || table_name as name"
        " from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')"
    )
    home = "memory"
    prepare = ()
    mark_option = "application_name"
    stop = (
        f"from postgres_query('{ALIAS}', 'select pg_cancel_backend(pid) from pg_stat_activity"
        " where application_name = ''{mark}''')"
    )

    def reach(self, options: Mapping[str, str]) -> None:
        """See `DatabaseKind`. Attaching it does not wait for long."""

    def attach(self, options: Mapping[str, str]) -> str:
        """See `DatabaseKind`."""
        said = {_WORDS.get(key, key): value for key, value in options.items()}
        said.setdefault("connect_timeout", "10")
        text = " ".join(f"{key}={_conninfo(value)}" for key, value in said.items())
        return f"attach {literal(text)} as {ALIAS} (type postgres, read_only)"

    def marked(self, sql: str, mark: str) -> str:  # noqa: ARG002 - see MySQL
        """See `DatabaseKind`."""
        return sql

    def describe(self, ask: Ask, sql: str) -> tuple[RemoteColumn, ...]:
        """See `DatabaseKind`."""
        scanned = [(row[0], row[1]) for row in ask(f"describe from {_query(f'select * from ({_inner(sql)}) q')}")]
        kinds = ", ".join(_KIND.format(quote(name), n) for n, (name, _) in enumerate(scanned))
        # what is asked for no row costs nothing, and a row of NULLs still knows its types
        nothing = f"(select 1) one left join (select * from ({_inner(sql)}) z where false) q on true"
        (row,) = ask(f"from {_query(f'select {kinds} from {nothing}')}")
        return tuple(
            RemoteColumn(name, str(kind), _stored(str(kind), found))
            for (name, found), kind in zip(scanned, row, strict=True)
        )

    def quoted(self, name: str) -> str:
        """See `DatabaseKind`."""
        return quote(name)

    def primary_key(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        name = literal(".".join(quote(part) for part in table))
        sql = (
            "select a.attname::text from pg_index i cross join unnest(i.indkey) with ordinality k(attnum, n)"
            f" join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum"
            f" where i.indisprimary and i.indrelid = to_regclass({name}) order by k.n"
        )
        return [row[0] for row in ask(f"from {_query(sql)}")]

    def indexed(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        name = literal(".".join(quote(part) for part in table))
        sql = (
            "select distinct a.attname::text from pg_index i join pg_attribute a on a.attrelid = i.indrelid"
            f" and a.attnum = i.indkey[0] where i.indrelid = to_regclass({name}) and a.attnotnull and i.indpred is null"
        )
        return [row[0] for row in ask(f"from {_query(sql)}")]

    def since(self, sql: str, column: RemoteColumn, begin: str) -> str:
        """See `DatabaseKind`."""
        name, text = f"q.{quote(column.name)}", literal(begin)
        if column.kind == "timestamp with time zone":
            text = literal(f"{begin}+00")
        value = text if column.stored == "VARCHAR" else f"{text}::{column.kind}"
        return f"select * from ({_inner(sql)}) q where {name} >= {value} or {name} is null"

    def only(self, sql: str, names: Sequence[str]) -> str:
        """See `DatabaseKind`."""
        return f"select {', '.join(f'q.{quote(name)}' for name in names)} from ({_inner(sql)}) q"

    def select(self, sql: str, columns: Sequence[RemoteColumn]) -> str:
        """See `DatabaseKind`."""
        sent = ", ".join(f"{_sent(column)} as {quote(column.name)}" for column in columns)
        taken = ", ".join(quote(column.name) for column in columns)
        return f"select {taken} from {_query(f'select {sent} from ({_inner(sql)}) q')}"


#: The type of a column, or of a domain what it stands for.
_KIND = (
    "coalesce((select format_type(t.typbasetype, t.typtypmod) from pg_type t"
    " where t.oid = pg_typeof(q.{0})::oid and t.typtype = 'd'), pg_typeof(q.{0})::text) as c{1}"
)


def _inner(sql: str) -> str:
    """A SELECT that may stand in brackets, whatever comment it ends with."""
    return f"\n{sql}\n"


def _query(sql: str) -> str:
    return f"postgres_query({literal(ALIAS)}, {literal(sql)})"


def _conninfo(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _base(kind: str) -> str:
    return kind.split("(")[0] if not kind.endswith("[]") else kind


def _is_plain(kind: str) -> bool:
    base = _base(kind.removesuffix("[]"))
    return base in _AS_THEY_ARE and not (kind.endswith("[]") and base in ("json", "jsonb", "character"))


def _stored(kind: str, scanned: str) -> str:
    """The engine's type for a type of the server, of which the scanner would make `scanned`."""
    base = _base(kind)
    if base == "numeric":
        return scanned if scanned.startswith("DECIMAL") else "VARCHAR"
    return scanned if base in _MOMENTS or _is_plain(kind) else "VARCHAR"


def _sent(column: RemoteColumn) -> str:
    """How the server sends a column."""
    name, base = f"q.{quote(column.name)}", _base(column.kind)
    if base in _MOMENTS:
        kind = "timestamptz" if base.endswith("with time zone") else "timestamp"
        told = f"('later than the lake can hold: ' || {name}::text)::{kind}"
        return f"case when isfinite({name}) and {name} > '{_LAST}' then {told} else {name} end"
    if base == "numeric" and column.stored.startswith("DECIMAL"):
        kind = column.stored.replace("DECIMAL", "numeric")
        told = f"('not a number: ' || {name}::text)::{kind}"
        return f"(case when {name} = 'NaN' then {told} else {name} end)::{kind}"
    return name if _is_plain(column.kind) else f"{name}::text"
