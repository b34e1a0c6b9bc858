"""One small port to the catalog's database: plain SQL that SQLite and Postgres both understand.

Statements use `?` for parameters. Reads run outside a transaction of their own; `write()` is one transaction that holds the
write lock from its start, so that what it read is still true when it commits.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from andon.base.files import make_folder
from andon.errors import MachineError

Row = tuple[Any, ...]


class Transaction(Protocol):
    """Statements inside `Database.write()`."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; returns how many rows it touched."""
        ...

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for many rows of parameters."""
        ...


class Database(Protocol):
    """A database that holds lake and run state."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT."""
        ...

    def write(self) -> Any:
        """Context manager: one transaction, committed durably at the end or rolled back on an exception."""
        ...

    def close(self) -> None:
        """Close the connections of all threads."""
        ...


class SqliteDatabase:
    """SQLite in a file: WAL, `BEGIN IMMEDIATE`, `synchronous=FULL`. One connection per thread.

    Raises:
        MachineError: `machine.read_only`, `machine.disk` or `machine.database`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._all: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._lock = threading.Lock()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """See `Database.query`."""
        with self._errors():
            return self._connection().execute(sql, parameters).fetchall()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """See `Database.write`."""
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

    def close(self) -> None:
        """See `Database.close`."""
        with self._lock:
            for _, connection in self._all:
                connection.close()
            self._all.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            make_folder(self.path.parent)
            connection = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=full")
            connection.execute("pragma temp_store=memory")
            self._local.connection = connection
            self._keep(connection)
        return connection

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
        except PermissionError as error:
            raise MachineError(
                "machine.read_only",
                f"the catalog `{self.path.name}` can't be written: {error.strerror}",
                where=str(self.path),
                hint="make the folder writable, or set `catalog` and `storage` in andon.toml to a place that is",
            ) from error


def _translate(error: sqlite3.Error, path: Path) -> MachineError:
    text = str(error)
    if "unable to open" in text and os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK)):
        return MachineError(
            "machine.disk",
            f"the catalog can't be opened: {text}",
            where=str(path),
            hint="look at the disk: there may be no space left for its log; then run the same command again",
            retryable=True,
        )
    if "readonly" in text or "unable to open" in text:
        return MachineError(
            "machine.read_only",
            f"the catalog can't be opened for writing: {text}",
            where=str(path),
            hint="make the folder writable, or set `catalog` in andon.toml to a place that is",
        )
    if "full" in text or "disk I/O" in text:
        return MachineError(
            "machine.disk",
            f"the catalog can't be written: {text}",
            where=str(path),
            hint="free some space (`andon doctor` shows what uses it) and run the same command again",
            retryable=True,
        )
    locked = "locked" in text or "busy" in text
    return MachineError(
        "machine.database",
        f"the catalog's database failed: {text}",
        where=str(path),
        hint="another process holds the catalog; try again" if locked else "`andon doctor` checks the catalog",
        retryable=locked,
    )


class _SqliteTransaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        return self._connection.execute(sql, parameters).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(sql, rows)


def migrate(database: Database, component: str, steps: Sequence[Sequence[str]]) -> None:
    """Bring the tables of `component` to the newest format by running the `steps` (lists of statements) that are missing.

    Raises:
        MachineError: `lake.format` when the database is of a newer format than `steps` know.
    """
    newest = len(steps)
    found = _format(database, component)
    if found == newest:
        return
    if found > newest:
        raise MachineError(
            "lake.format",
            f"the catalog's {component} tables are of format {found}; this version of Andon knows up to {newest}",
            hint="update Andon (`pip install --upgrade andon`), or use the version that wrote this lake",
        )
    with database.write() as transaction:
        transaction.execute("create table if not exists format (component text primary key, number integer not null)")
        rows = transaction.query("select number from format where component = ?", [component])
        current = rows[0][0] if rows else 0
        for step in steps[current:]:
            for statement in step:
                transaction.execute(statement)
        transaction.execute("delete from format where component = ?", [component])
        transaction.execute("insert into format (component, number) values (?, ?)", [component, newest])


def _format(database: Database, component: str) -> int:
    try:
        rows = database.query("select number from format where component = ?", [component])
    except MachineError as error:
        if "no such table" in error.message or "does not exist" in error.message:
            return 0
        raise
    return int(rows[0][0]) if rows else 0


def in_batches(values: Iterable[str], size: int = 500) -> Iterator[tuple[str, list[str]]]:
    """`values` in lists of at most `size`, each with its `?,?,…` marks for an IN clause."""
    batch: list[str] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield ",".join("?" * len(batch)), batch
            batch = []
    if batch:
        yield ",".join("?" * len(batch)), batch
