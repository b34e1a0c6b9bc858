"""The catalog's database in a file of SQLite: what a lake on one machine needs."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from andon.base.database import Row, TableShape, Transaction, no_text
from andon.base.files import alone, machine_error, make_folder
from andon.base.sharing import like_shared_folder
from andon.base.sqlite_reading import SqliteReader, copied, may_write, rows_of
from andon.errors import MachineError

#: So long a turn is waited for (seconds); then it is gone without.
_TURN = 20.0
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


class SqliteDatabase:
    """SQLite in a file: WAL, `BEGIN IMMEDIATE`, `synchronous=FULL`. One connection per thread. Who may not write it reads it.

    Raises:
        MachineError: `machine.read_only`, `machine.disk` or `machine.database`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._all: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._reader = None if may_write(path) else SqliteReader(path)

    @property
    def place(self) -> str:
        """Its path."""
        return str(self.path)

    @property
    def identity(self) -> str:
        """Its path, whatever links lead there."""
        return str(self.path.resolve())

    @property
    def seconds(self) -> str:
        """See `Database`: the machine's."""
        return "((julianday('now') - 2440587.5) * 86400.0)"

    @property
    def is_read_only(self) -> bool:
        """Whether this account may only read it."""
        return self._reader is not None

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """See `Database.query`."""
        with self._errors():
            if self._reader is not None:
                return self._reader.query(sql, parameters)
            try:
                return rows_of(self._connection(), sql, parameters)
            except sqlite3.OperationalError as error:
                if _code(error) not in _NO_ROOM:
                    raise
                return self._without_room(sql, parameters, error)

    @contextmanager
    def write(self, beside: Collection[str] = ()) -> Iterator[Transaction]:
        """See `Database.write`: who writes holds all of it."""
        del beside
        if self._reader is not None:
            raise _not_writable(self.path, "this account may read it")
        with self._errors():
            connection = self._connection()
            connection.execute("begin immediate")
            try:
                yield _SqliteTransaction(connection)
                connection.execute("commit")
            except BaseException:
                # After a failed COMMIT (disk full) SQLite may have rolled back by itself.
                if connection.in_transaction:
                    connection.execute("rollback")
                raise

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """See `Database.turn`: one for all names, by a lock of a file beside it. SQLite itself lets whoever comes just then through, and
        those who wait the longest least often."""
        del name
        with alone(self.path.with_name(f".{self.path.name}.turn"), _TURN):
            yield

    def has_table(self, name: str) -> bool:
        """See `Database.has_table`."""
        return bool(self.query("select 1 from sqlite_master where type = 'table' and name = ?", [name]))

    def tables(self) -> Mapping[str, TableShape]:
        """See `Database.tables`."""
        found = {}
        for (name,) in self.query(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!'"
        ):
            columns = self.query("select name, pk from pragma_table_info(?) order by cid", [name])
            key = [column for column, place in sorted(columns, key=lambda each: each[1]) if place]
            all_of = tuple(column for column, _ in columns)
            found[name] = TableShape(all_of, tuple(key) or all_of)
        return found

    def copy(self, target: Path) -> None:
        """Write all of it, as it is at one moment, into a new file; who writes meanwhile is not kept waiting.

        Raises:
            MachineError: `machine.disk`, `machine.database`; `target` may be left in part.
        """
        with self._errors():
            if self._reader is not None:
                self._reader.copy(target)
            else:
                copied(self._connection(), target)

    def close(self) -> None:
        """See `Database.close`."""
        if self._reader is not None:
            self._reader.close()
        with self._lock:
            for _, connection in self._all:
                connection.close()
            self._all.clear()
            self._local = threading.local()

    def _without_room(self, sql: str, parameters: Sequence[Any], error: sqlite3.Error) -> list[Row]:
        """What is asked on a disk that is so full that SQLite can't even make its index of the log."""
        reader = SqliteReader(self.path)
        try:
            return reader.query(sql, parameters)
        except (sqlite3.Error, OSError):
            raise error from None
        finally:
            reader.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            make_folder(self.path.parent)
            if not self.path.exists():  # what SQLite keeps beside it gets its permissions
                self._make()
            connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=full")
            connection.execute("pragma temp_store=memory")
            self._local.connection = connection
            self._keep(connection)
        return connection

    def _make(self) -> None:
        try:
            self.path.touch()
        except PermissionError:
            raise
        except OSError as error:
            raise machine_error(error, f"make `{self.path.name}`") from error
        like_shared_folder(self.path)

    def _keep(self, connection: sqlite3.Connection) -> None:
        """Remember this thread's connection, and close those of threads that ended: every run has threads of its own."""
        with self._lock:
            ended = [other for thread, other in self._all if not thread.is_alive()]
            self._all = [(thread, other) for thread, other in self._all if thread.is_alive()]
            self._all.append((threading.current_thread(), connection))
        for other in ended:
            other.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translate(error, self.path) from error
        except UnicodeEncodeError as error:
            raise no_text() from error
        except PermissionError as error:
            raise _not_writable(self.path, str(error.strerror)) from error


class _SqliteTransaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return rows_of(self._connection, sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, _kept(parameters)).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, map(_kept, rows))


def _kept(row: Sequence[Any]) -> Sequence[Any]:
    """A row without NUL in its texts, which SQLite would keep and Postgres would not: a catalog may be copied there."""
    if any(type(each) is str and "\0" in each for each in row):
        raise no_text()
    return row


def _not_writable(path: Path, reason: str) -> MachineError:
    return MachineError(
        "machine.read_only",
        f"the catalog `{path.name}` can't be written: {reason}",
        where=str(path),
        hint="make the folder writable (`lake.group` shares a lake with a group), or set `catalog` and `storage` to a place that is",
    )


def _code(error: sqlite3.Error) -> int:
    """What happened: the low byte of its number; the rest says where."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _translate(error: sqlite3.Error, path: Path) -> MachineError:
    """An error of SQLite as one of ours, told apart by its number. Misuse (a closed connection, say) has none."""
    text = str(error)
    code = _code(error)
    is_open_refused = code == sqlite3.SQLITE_CANTOPEN
    if is_open_refused and os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK)):
        return MachineError(
            "machine.disk",
            f"the catalog can't be opened: {text}",
            where=str(path),
            hint="look at the disk: there may be no space left for its log; then run the same command again",
            retryable=True,
        )
    if is_open_refused or code == sqlite3.SQLITE_READONLY:
        return MachineError(
            "machine.read_only",
            f"the catalog can't be opened for writing: {text}",
            where=str(path),
            hint="make the folder writable, or set `catalog` in andon.toml to a place that is",
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return MachineError(
            "machine.disk",
            f"the catalog can't be written: {text}",
            where=str(path),
            hint="free some space (`andon doctor` shows what uses it) and run the same command again",
            retryable=True,
        )
    locked = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return MachineError(
        "machine.database",
        f"the catalog's database failed: {text}",
        where=str(path),
        hint="another process holds the catalog; try again" if locked else "`andon doctor` checks the catalog",
        retryable=locked,
    )
