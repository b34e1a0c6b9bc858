"""MySQL and MariaDB through the engine's scanner: `mysql_query` computes in the server.

What the scanner would change without a word travels as text and is cast here: dates (those of zeros become NULL), and numbers that it
takes for a DOUBLE, among them decimals of more than 38 digits. `tinyint(1)` and `bit` stay numbers and bytes, a `time` may be longer
than a day and stays text, and what the server keeps as a moment is shown in UTC. Each query is of one moment; two of one load are not,
for the scanner asks them outside of any transaction: so MariaDB is told with each that it may only read. MySQL has no word for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.names import literal, quote
from andon.sources.databases.database import ALIAS, Ask, RemoteColumn

#: How long a server may take to say its name, in seconds.
_PATIENCE = 10
_WORDS = {"host": "host", "port": "port", "database": "database", "user": "user", "password": "password"}
_SETTINGS = (
    "mysql_tinyint1_as_boolean = false",
    "mysql_bit1_as_boolean = false",
    "mysql_query_timeout_enabled = false",
    "mysql_session_time_zone = '+00:00'",
)
_AS_TEXT = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DOUBLE", "FLOAT"})


class MySQL:
    """See the module."""

    extension = "mysql_scanner"
    tables = "select table_name as name from information_schema.tables where table_schema = database()"
    home = "memory"
    prepare = tuple(f"set global {setting}" for setting in _SETTINGS)
    mark_option = None
    stop = (
        f"select 'call mysql_execute(''{ALIAS}'', ''kill query ' || id || ''')'"
        f" from mysql_query('{ALIAS}', 'select id from information_schema.processlist where info like ''/* {{mark}} */%''')"
    )

    def reach(self, options: Mapping[str, str]) -> None:
        """See `DatabaseKind`. A server speaks first; the scanner would wait for that for ever."""
        import socket

        try:
            place = (options.get("host", "localhost"), int(options.get("port", "3306")))
            with socket.create_connection(place, timeout=_PATIENCE) as reached:
                reached.settimeout(_PATIENCE)
                reached.recv(1)
        except TimeoutError as error:
            raise OSError(f"Failed to connect: {place[0]} port {place[1]} said nothing for {_PATIENCE} s") from error
        except (OSError, ValueError, OverflowError):
            return  # the scanner says why

    def attach(self, options: Mapping[str, str]) -> str:
        """See `DatabaseKind`."""
        text = " ".join(f"{_WORDS[key]}={_quoted(value)}" for key, value in options.items())
        return f"attach {literal(text)} as {ALIAS} (type mysql, read_only)"

    def marked(self, sql: str, mark: str) -> str:
        """See `DatabaseKind`. A server shows a query with its comments."""
        return sql.replace(_READS_ONLY, f"/* {mark} */ {_READS_ONLY}")

    def describe(self, ask: Ask, sql: str) -> tuple[RemoteColumn, ...]:
        """See `DatabaseKind`."""
        return tuple(
            RemoteColumn(row[0], row[1].lower(), row[1])
            for row in ask(f"describe from {_query(f'select * from ({sql}{_END}) q limit 0')}")
        )

    def quoted(self, name: str) -> str:
        """See `DatabaseKind`."""
        return _remote(name)

    def primary_key(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        within = literal(table[-2]) if len(table) > 1 else "database()"
        sql = (
            "select column_name as c from information_schema.key_column_usage where constraint_name = 'PRIMARY'"
            f" and table_schema = {within} and table_name = {literal(table[-1])} order by ordinal_position"
        )
        return [row[0] for row in ask(f"from {_query(sql)}")]

    def indexed(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """See `DatabaseKind`."""
        within = literal(table[-2]) if len(table) > 1 else "database()"
        sql = (
            "select distinct column_name as c from information_schema.statistics where seq_in_index = 1"
            f" and nullable <> 'YES' and table_schema = {within} and table_name = {literal(table[-1])}"
        )
        return [row[0] for row in ask(f"from {_query(sql)}")]

    def since(self, sql: str, column: RemoteColumn, begin: str) -> str:
        """See `DatabaseKind`."""
        name = f"q.{_remote(column.name)}"
        is_number = column.stored not in ("DATE", "VARCHAR") and not column.stored.startswith("TIMESTAMP")
        value = begin if is_number else literal(begin.replace("\\", "\\\\"))
        return f"select * from ({sql}{_END}) q where {name} >= {value} or {name} is null"

    def only(self, sql: str, names: Sequence[str]) -> str:
        """See `DatabaseKind`."""
        return f"select {', '.join(f'q.{_remote(name)}' for name in names)} from ({sql}{_END}) q"

    def select(self, sql: str, columns: Sequence[RemoteColumn]) -> str:
        """See `DatabaseKind`."""
        sent = ", ".join(f"{_sent(column)} as {_remote(column.name)}" for column in columns)
        taken = ", ".join(f"{_taken(column)} as {quote(column.name)}" for column in columns)
        return f"select {taken} from {_query(f'select {sent} from ({sql}{_END}) q')}"


#: Whatever comment a query ends with.
_END = "\n"


#: Else a function could write. For MySQL it is a comment.
_READS_ONLY = "/*M!100100 set statement tx_read_only = 1 for */"


def _query(sql: str) -> str:
    return f"mysql_query({literal(ALIAS)}, {literal(f'{_READS_ONLY} {sql}')})"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _remote(name: str) -> str:
    escaped = name.replace("`", "``")
    return f"`{escaped}`"


def _sent(column: RemoteColumn) -> str:
    """How the server sends a column."""
    name = f"q.{_remote(column.name)}"
    if column.stored == "FLOAT":
        return f"cast({name} + 0e0 as char)"  # as text it would be rounded to six digits
    return f"cast({name} as char)" if column.stored in _AS_TEXT else name


def _taken(column: RemoteColumn) -> str:
    """How the engine takes what was sent."""
    name = quote(column.name)
    if column.stored not in _AS_TEXT:
        return name
    value = f"cast({name} as {column.stored})"
    if column.stored != "DOUBLE":
        return value
    told = f"error('`' || {name} || '` has more digits than a DOUBLE keeps')"
    return f"case when {name} is null or {_digits(name)} = {_digits(f'{value}::varchar')} then {value} else {told} end"


def _digits(text: str) -> str:
    """The digits of a number that say something, without its size."""
    return f"trim(regexp_replace(split_part(lower({text}), 'e', 1), '[^0-9]', '', 'g'), '0')"
