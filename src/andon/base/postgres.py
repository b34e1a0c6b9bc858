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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from andon.base.database import Row, TableShape, Transaction, no_text
from andon.base.postgres_address import AWAY, CONNECT, TURN, parted, pool, require_driver, shown
from andon.base.postgres_errors import is_final, told, translate, unknown
from andon.errors import MachineError

if TYPE_CHECKING:
    import psycopg
    from psycopg_pool import ConnectionPool

#: After so long without a connection it is asked why (seconds).
_SOON = 1.0
#: So many turns are waited for or held by a process, each with a connection; and so long one is held.
_TURNS, _HELD = 4, 20
#: The table of what processes hold.
_LEASES = "lease"
_TYPED = re.compile(r"(\badd column \w+ |[(,]\s*\w+ )(text|real|integer)\b")
_TYPES = {"text": 'text collate "C"', "real": "double precision", "integer": "bigint"}


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
        require_driver()
        self.schema, self._address = parted(address)
        #: What may be shown of where it is, and by what it is known.
        self.place = shown(self._address, self.schema)
        self._pool: ConnectionPool | None = None
        self._lock = threading.Lock()
        #: Held by who writes: others of this process wait for it, and not with a connection each, which readers need.
        self._writing = threading.Lock()
        #: The same for turns of names; some at once, lest they take all connections.
        self._names: dict[str, threading.Lock] = {}
        self._some = threading.BoundedSemaphore(_TURNS)
        self._may_write: bool | None = None
        self._has_schema = False
        self._turn = _number(f"andon catalog {self.schema}")

    @property
    def seconds(self) -> str:
        """See `Database`: as the statement runs, not as its transaction began."""
        return "extract(epoch from clock_timestamp())"

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
    def write(self, beside: Collection[str] = ()) -> Iterator[Transaction]:
        """See `Database.write`.

        Raises:
            MachineError: also `machine.unknown_outcome` where the answer to the commit was lost: it is done, or it isn't.
        """
        import psycopg

        connection: psycopg.Connection[Any] | None = None
        try:
            # who has the turn of a name needs the one to write: it is not kept from that by who waits for the name
            with self._beside(beside) as connection, self._in_line(self._writing):
                connection = self._writer(connection)
                with self._errors():
                    yield _PostgresTransaction(connection)
                try:
                    connection.execute("commit")
                except psycopg.OperationalError as error:
                    raise unknown(error, self.place) from error
                except psycopg.Error as error:
                    raise translate(error, self.place) from error
        except BaseException:
            if connection is not None:
                self._ended(connection)
            raise
        self._given_back(connection)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """See `Database.turn`. It is a lock of a transaction of its own: who holds it and says nothing for long loses it."""
        import psycopg

        with self._in_line(self._name(name)), self._in_line(self._some):
            held = f"set local idle_in_transaction_session_timeout = '{_HELD}s'"
            connection = self._begun(held, f"select pg_advisory_xact_lock({self._turn_of(name)})")
            try:
                yield
            finally:
                with contextlib.suppress(psycopg.Error):  # it was lost with its turn
                    connection.execute("rollback")
                self._given_back(connection)

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
        writing = "select, insert, update, delete"
        for role, rights, below in ((readers, "select", "usage"), (writers, writing, "usage, create")):
            if role is not None:
                name = '"' + role.replace('"', '""') + '"'
                made += [
                    f'grant {below} on schema "{self.schema}" to {name};',
                    f'grant {rights} on all tables in schema "{self.schema}" to {name};',
                    # who reads says so, on a storage that has no locks which all see
                    *([f'grant {writing} on "{self.schema}".{_LEASES} to {name};'] if rights != writing else []),
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
                self._pool = pool(self._address, self.schema)
            return self._pool

    def _taken(self) -> psycopg.Connection[Any]:
        import psycopg_pool

        end = time.monotonic() + AWAY
        while True:
            try:
                return self._connections().getconn(timeout=_SOON)
            except psycopg_pool.PoolTimeout as error:
                # the pool goes on trying and does not say why; that a password is wrong will not change
                why = self._refusal()
                if why is not None and (is_final(why) or time.monotonic() > end):
                    raise self._away(why) from error
                if why is None and time.monotonic() > end:  # others have all of them
                    raise self._too_long() from error

    def _refusal(self) -> str | None:
        """Why the server can't be asked at this moment; None where it can."""
        import psycopg

        try:
            psycopg.connect(self._address, connect_timeout=CONNECT).close()
        except psycopg.Error as error:
            return told(error)
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

        end = time.monotonic() + AWAY
        while True:
            connection = self._taken()
            try:
                return work(connection)
            except psycopg.OperationalError as error:
                if not connection.broken or time.monotonic() > end:
                    raise translate(error, self.place) from error
            except psycopg.Error as error:
                raise translate(error, self.place) from error
            except UnicodeEncodeError as error:
                raise no_text() from error
            finally:
                self._given_back(connection)
            time.sleep(0.05)

    @contextmanager
    def _beside(self, names: Collection[str]) -> Iterator[psycopg.Connection[Any] | None]:
        """A connection with a transaction that begins while nobody has the turns of the names; None where there are none."""
        if not names:
            yield None
            return
        with ExitStack() as line:
            for name in sorted(names):
                line.enter_context(self._in_line(self._name(name)))
            line.enter_context(self._in_line(self._some))
            numbers = sorted(self._turn_of(name) for name in names)
            yield self._begun(*(f"select pg_advisory_xact_lock_shared({number})" for number in numbers))

    def _writer(self, begun: psycopg.Connection[Any] | None) -> psycopg.Connection[Any]:
        """A connection whose transaction has the turn to write.

        Args:
            begun: one that has a transaction already; whoever gave it ends it where this fails.
        """
        turn = f"select pg_advisory_xact_lock({self._turn})"
        connection = self._begun(turn) if begun is None else begun
        try:
            with self._errors():
                if begun is not None:
                    begun.execute(turn.encode())
                self._require_schema(connection)
        except BaseException:
            if begun is None:
                self._ended(connection)
            raise
        return connection

    def _begun(self, *statements: str) -> psycopg.Connection[Any]:
        """A connection with a transaction that began with these, in one message; begun again where the connection is lost."""
        import psycopg

        end = time.monotonic() + AWAY
        while True:
            connection = self._taken()
            try:
                connection.execute("; ".join(("begin", *statements)).encode())
            except BaseException as error:
                is_lost = connection.broken
                self._ended(connection)
                if isinstance(error, psycopg.Error) and (not is_lost or time.monotonic() > end):
                    raise translate(error, self.place) from error
                if not isinstance(error, psycopg.Error):
                    raise
            else:
                return connection
            time.sleep(0.05)

    def _ended(self, connection: psycopg.Connection[Any]) -> None:
        """Give a connection back whose transaction came to nothing."""
        import psycopg

        if not connection.broken:
            with contextlib.suppress(psycopg.Error):
                connection.execute("rollback")
        self._given_back(connection)

    def _name(self, name: str) -> threading.Lock:
        with self._lock:
            return self._names.setdefault(name, threading.Lock())

    def _turn_of(self, name: str) -> int:
        return _number(f"andon catalog {self.schema} {name}")

    @contextmanager
    def _in_line(self, lock: threading.Lock | threading.Semaphore) -> Iterator[None]:
        """Wait for others of this process."""
        if not lock.acquire(timeout=TURN):
            raise self._too_long()
        try:
            yield
        finally:
            lock.release()

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
            raise translate(error, self.place) from error
        except UnicodeEncodeError as error:
            raise no_text() from error

    def _away(self, why: str) -> MachineError:
        hint = "see whether the server runs, and try again"
        if is_final(why):
            hint = (
                "see whether `psql` with the same address connects: the account, its password, the name of the database"
            )
        return MachineError(
            "machine.database",
            f"the catalog's database can't be reached: {why}",
            where=self.place,
            hint=hint,
            retryable=not is_final(why),
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


def _number(name: str) -> int:
    """The number by which a server knows a lock."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


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
