"""The catalog's database in Postgres: what a lake needs that several machines share.

Whoever writes holds the lake's lock from the beginning of the transaction to its end, in the order in which they came: what was read is
still true when it commits, and nobody starves. Readers wait for nobody. Types that Postgres understands otherwise than SQLite are put into
its words where tables are made: whole numbers of 64 bits, numbers of double precision, texts ordered by their bytes.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from andon.base.database import Row, TableShape, Transaction
from andon.errors import MachineError, UsageError

if TYPE_CHECKING:
    import psycopg
    from psycopg_pool import ConnectionPool

#: Of which schema the tables are, where the address says nothing.
SCHEMA = "andon"
_MOST_CONNECTIONS = 16
#: How long a server that is away is waited for, and how long for those who write before.
_AWAY, _TURN = 15.0, 60
#: After so long without a connection it is asked why, and so long a server may take to make one.
_SOON, _CONNECT = 1.0, 10
#: What a server says that is there, and will take connections later.
_LATER = re.compile("starting up|shutting down|recovery|too many|remaining connection slots")
_STATEMENT = 300
_TYPED = re.compile(r"(\badd column \w+ |[(,]\s*\w+ )(text|real|integer)\b")
_TYPES = {"text": 'text collate "C"', "real": "double precision", "integer": "bigint"}


def is_postgres(address: str) -> bool:
    """Whether a catalog's address is one of Postgres."""
    return address.startswith(("postgresql://", "postgres://"))


class PostgresDatabase:
    """A schema of a Postgres, as the catalog's database.

    Args:
        address: `postgresql://user@host:5432/database?schema=andon`, with all that libpq understands beside `schema`; what it
            leaves out, libpq looks for as ever (`PGPASSWORD`, `.pgpass`, a service file).

    Raises:
        UsageError: `usage.bad_argument` for what is no address.
        MachineError: `machine.missing` where the driver isn't installed; `machine.database`, `machine.read_only`.
    """

    def __init__(self, address: str) -> None:
        self.schema, self._address = _parted(address)
        #: What may be shown of where it is, and by what it is known.
        self.place = _shown(self._address, self.schema)
        self._pool: ConnectionPool | None = None
        self._lock = threading.Lock()
        #: Held by who writes: others of this process wait for it, and not with a connection each, which readers need.
        self._writing = threading.Lock()
        self._may_write: bool | None = None
        self._has_schema = False
        number = sha256(f"andon catalog {self.schema}".encode()).digest()
        self._turn = int.from_bytes(number[:8], "big", signed=True)

    @property
    def is_read_only(self) -> bool:
        """Whether this account may only read it."""
        if self._may_write is None:
            ((found,),) = self.query(
                "select case when to_regclass(?) is null then"
                " coalesce((select has_schema_privilege(oid, 'create') from pg_namespace where nspname = ?),"
                " has_database_privilege(current_database(), 'create'))"
                " else has_table_privilege(to_regclass(?), 'insert') end",
                [self._table("ref"), self.schema, self._table("ref")],
            )
            self._may_write = bool(found)
        return not self._may_write

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """See `Database.query`. Asked again where the connection was lost."""
        found: list[Row] = self._again(lambda connection: _rows(connection, sql, parameters))
        return found

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """See `Database.write`.

        Raises:
            MachineError: also `machine.unknown_outcome` where the answer to the commit was lost: it is done, or it isn't.
        """
        import psycopg

        if not self._writing.acquire(timeout=_TURN):
            raise self._too_long()
        try:
            connection = self._begun()
        except BaseException:
            self._writing.release()
            raise
        try:
            with self._errors():
                yield _PostgresTransaction(connection)
            try:
                connection.execute("commit")
            except psycopg.OperationalError as error:
                raise _unknown(error, self.place) from error
            except psycopg.Error as error:
                raise _translate(error, self.place) from error
        except BaseException:
            with contextlib.suppress(psycopg.Error):
                connection.execute("rollback")
            raise
        finally:
            self._given_back(connection)
            self._writing.release()

    @cached_property
    def identity(self) -> str:
        """See `Database.identity`: the same however an address spells its server."""
        ((server, database),) = self.query(
            "select (select system_identifier from pg_control_system()), current_database()"
        )
        return f"postgresql:{server}/{database}/{self.schema}"

    def has_table(self, name: str) -> bool:
        """See `Database.has_table`."""
        return bool(self.query("select 1 from pg_tables where schemaname = ? and tablename = ?", [self.schema, name]))

    def tables(self) -> Mapping[str, TableShape]:
        """See `Database.tables`."""
        columns: dict[str, list[str]] = {}
        for table, column in self.query(
            "select c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
            " where n.nspname = ? and c.relkind = 'r' order by c.relname, a.attnum",
            [self.schema],
        ):
            columns.setdefault(table, []).append(column)
        keys: dict[str, list[str]] = {}
        for table, column in self.query(
            "select c.relname, a.attname from pg_index i join pg_class c on c.oid = i.indrelid"
            " join pg_namespace n on n.oid = c.relnamespace cross join unnest(i.indkey) with ordinality as k(number, place)"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number"
            " where n.nspname = ? and i.indisprimary order by c.relname, k.place",
            [self.schema],
        ):
            keys.setdefault(table, []).append(column)
        return {name: TableShape(tuple(found), tuple(keys.get(name, found))) for name, found in columns.items()}

    def grants(self, readers: str | None, writers: str | None) -> list[str]:
        """The SQL by which its owner lets roles read it, or work in it."""
        made = []
        for role, rights, below in (
            (readers, "select", "usage"),
            (writers, "select, insert, update, delete", "usage, create"),
        ):
            if role is not None:
                name = '"' + role.replace('"', '""') + '"'
                made += [
                    f'grant {below} on schema "{self.schema}" to {name};',
                    f'grant {rights} on all tables in schema "{self.schema}" to {name};',
                    f'alter default privileges in schema "{self.schema}" grant {rights} on tables to {name};',
                ]
        return made

    def close(self) -> None:
        """See `Database.close`."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    # -- connections

    def _table(self, name: str) -> str:
        return f'"{self.schema}".{name}'

    def _connections(self) -> ConnectionPool:
        with self._lock:
            if self._pool is None:
                self._pool = _pool(self._address, self.schema)
            return self._pool

    def _taken(self) -> psycopg.Connection[Any]:
        import psycopg_pool

        end = time.monotonic() + _AWAY
        while True:
            try:
                return self._connections().getconn(timeout=_SOON)
            except psycopg_pool.PoolTimeout as error:
                # the pool goes on trying and does not say why; that a password is wrong will not change
                why = self._refusal()
                if why is not None and (_is_final(why) or time.monotonic() > end):
                    raise self._away(why) from error
                if why is None and time.monotonic() > end:  # others have all of them
                    raise self._too_long() from error

    def _refusal(self) -> str | None:
        """Why the server can't be asked at this moment; None where it can."""
        import psycopg

        try:
            psycopg.connect(self._address, connect_timeout=_CONNECT).close()
        except psycopg.Error as error:
            return _told(error)
        return None

    def _given_back(self, connection: psycopg.Connection[Any]) -> None:
        pool = self._pool
        if pool is None:
            connection.close()
        else:
            pool.putconn(connection)

    def _again(self, work: Callable[[psycopg.Connection[Any]], Any]) -> Any:
        """Do what changes nothing; once more over a new connection when the one that was there is lost, until the server is back."""
        import psycopg

        end = time.monotonic() + _AWAY
        while True:
            connection = self._taken()
            try:
                return work(connection)
            except psycopg.OperationalError as error:
                if not connection.broken or time.monotonic() > end:
                    raise _translate(error, self.place) from error
            except psycopg.Error as error:
                raise _translate(error, self.place) from error
            finally:
                self._given_back(connection)
            time.sleep(0.05)

    def _begun(self) -> psycopg.Connection[Any]:
        """A connection whose transaction has the turn."""
        import psycopg

        if self._may_write is False:
            raise _not_writable(self.place)
        end = time.monotonic() + _AWAY
        while True:
            connection = self._taken()
            try:
                connection.execute("begin")
                connection.execute("select pg_advisory_xact_lock(%s)", [self._turn])
                self._require_schema(connection)
            except BaseException as error:
                is_lost = connection.broken
                if not is_lost:
                    with contextlib.suppress(psycopg.Error):
                        connection.execute("rollback")
                self._given_back(connection)
                if isinstance(error, psycopg.Error) and (not is_lost or time.monotonic() > end):
                    raise _translate(error, self.place) from error
                if not isinstance(error, psycopg.Error):
                    raise
            else:
                return connection
            time.sleep(0.05)

    def _require_schema(self, connection: psycopg.Connection[Any]) -> None:
        """Make the schema where it isn't there; within the turn, so that of two who come at once one makes it."""
        if self._has_schema:
            return
        if not connection.execute("select 1 from pg_namespace where nspname = %s", [self.schema]).fetchall():
            connection.execute(f'create schema "{self.schema}"'.encode())
        self._has_schema = True

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise _translate(error, self.place) from error

    def _away(self, why: str) -> MachineError:
        hint = "see whether the server runs, and try again"
        if _is_final(why):
            hint = (
                "see whether `psql` with the same address connects: the account, its password, the name of the database"
            )
        return MachineError(
            "machine.database",
            f"the catalog's database can't be reached: {why}",
            where=self.place,
            hint=hint,
            retryable=not _is_final(why),
        )

    def _too_long(self) -> MachineError:
        return MachineError(
            "machine.database",
            "the catalog was not free for too long: others of this process write",
            where=self.place,
            hint="try again",
            retryable=True,
        )


class _PostgresTransaction:
    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return _rows(self._connection, sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(_worded(sql), _given(parameters)).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_worded(sql), [_given(row) for row in rows])


def _rows(connection: psycopg.Connection[Any], sql: str, parameters: Sequence[Any]) -> list[Row]:
    return connection.execute(_worded(sql), _given(parameters)).fetchall()


@lru_cache(maxsize=4096)
def _worded(sql: str) -> str:
    """A statement in the driver's and the server's words."""
    parts = sql.replace("%", "%%").split("'")
    parts[::2] = [part.replace("?", "%s") for part in parts[::2]]
    text = "'".join(parts)
    if text.startswith(("create table", "alter table")):
        return _TYPED.sub(lambda match: match[1] + _TYPES[match[2]], text)
    return text


def _given(parameters: Sequence[Any]) -> list[Any]:
    """Values as SQLite would take them: whether something is so is a number."""
    return [int(value) if isinstance(value, bool) else value for value in parameters]


def _pool(address: str, schema: str) -> ConnectionPool:
    try:
        from psycopg.types.numeric import NumericLoader
        from psycopg_pool import ConnectionPool
    except ImportError as error:
        raise MachineError(
            "machine.missing",
            "a catalog in Postgres needs its driver, psycopg",
            hint="install it: `pip install 'andon[postgres]'`",
        ) from error

    class Number(NumericLoader):
        """Sums of whole numbers are whole numbers."""

        def load(self, data: Any) -> Any:
            found = super().load(data)
            return int(found) if found == found.to_integral_value() else float(found)

    def ready(connection: psycopg.Connection[Any]) -> None:
        connection.adapters.register_loader("numeric", Number)

    options = (
        f"-c search_path={schema} -c lock_timeout={_TURN}s -c statement_timeout={_STATEMENT}s"
        # who holds the turn and is gone, or says nothing any more, loses it
        f" -c idle_in_transaction_session_timeout={_TURN}s -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5"
        " -c tcp_keepalives_count=3 -c client_min_messages=warning"
    )
    import logging

    # what goes wrong is told by who asks
    logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
    return ConnectionPool(
        address,
        kwargs={"autocommit": True, "options": options, "application_name": "andon", "connect_timeout": _CONNECT},
        min_size=0,
        max_size=_MOST_CONNECTIONS,
        max_idle=60,
        timeout=_AWAY,
        reconnect_timeout=_AWAY,
        configure=ready,
        open=True,
        name="andon catalog",
    )


def _parted(address: str) -> tuple[str, str]:
    """The schema that an address names, and the address without it."""
    parts = urlsplit(address)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    schema = next((value for name, value in asked if name == "schema"), SCHEMA)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema):
        raise UsageError(
            "usage.bad_argument",
            f"`{schema}` is no name of a schema for the catalog",
            hint="small letters, digits and `_`: postgresql://…/database?schema=andon",
        )
    rest = urlencode([(name, value) for name, value in asked if name != "schema"])
    return schema, urlunsplit(parts._replace(query=rest))


def _shown(address: str, schema: str) -> str:
    """Where it is, without who asks and how."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"postgresql://{host}{parts.path}?schema={schema}"


def _not_writable(place: str) -> MachineError:
    return MachineError(
        "machine.read_only",
        "the catalog can't be written: this account may read it",
        where=place,
        hint="ask its owner for the writers' role: `andon catalog grants` prints the SQL",
    )


def _unknown(error: psycopg.Error, place: str) -> MachineError:
    return MachineError(
        "machine.unknown_outcome",
        f"the connection to the catalog was lost while it committed: {_told(error)}",
        where=place,
        hint="`andon log` shows whether it was done; the same command again does nothing twice",
        retryable=True,
    )


def _translate(error: psycopg.Error, place: str) -> MachineError:
    import psycopg

    if isinstance(error, psycopg.errors.InsufficientPrivilege | psycopg.errors.ReadOnlySqlTransaction):
        found = _not_writable(place)
        found.message = f"the catalog refuses this account: {_told(error)}"
        return found
    waited = isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled)
    lost = isinstance(error, psycopg.OperationalError)
    hint = "another process holds the catalog; try again" if waited else "see whether the server is well, and try again"
    return MachineError(
        "machine.database",
        f"the catalog's database failed: {_told(error)}",
        where=place,
        hint=hint,
        retryable=waited or lost,
    )


def _told(error: BaseException) -> str:
    return str(error).strip().split("\n")[0]


def _is_final(why: str) -> bool:
    """Whether a server refused who asks, and not the moment."""
    return "FATAL:" in why and not _LATER.search(why)
