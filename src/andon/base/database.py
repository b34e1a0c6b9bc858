"""One small port to the catalog's database: plain SQL that SQLite and Postgres both understand.

Statements use `?` for parameters. Reads run outside a transaction of their own; `write()` is one transaction that holds the
write lock from its start, so that what it read is still true when it commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from andon.base.record import Record
from andon.errors import MachineError, UsageError

Row = tuple[Any, ...]


class TableShape(Record):
    """The columns of a table, and those of them that are its key."""

    columns: tuple[str, ...]
    key: tuple[str, ...]


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
    """A database that holds lake and run state.

    Attributes:
        place: where it is, as it may be shown: a path, or an address without who asks.
        seconds: an expression of its SQL: seconds since 1970 by its own clock, which all who share it see.
        identity: what tells it from all others, however its place was written.
    """

    @property
    def place(self) -> str: ...

    @property
    def identity(self) -> str: ...

    @property
    def seconds(self) -> str: ...

    @property
    def is_read_only(self) -> bool:
        """Whether this account may only read it."""
        ...

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT."""
        ...

    def write(self, beside: Collection[str] = ()) -> AbstractContextManager[Transaction]:
        """One transaction, committed durably at the end or rolled back on an exception.

        Args:
            beside: it waits for who has the turn of these names.
        """
        ...

    def turn(self, name: str) -> AbstractContextManager[None]:
        """The turn of a name: while one has it, nobody else has, nor writes `beside` it. Who comes first has it first. It keeps
        others from waiting in vain, and nothing rests on it: it may be lost with a connection, and who takes long loses it."""
        ...

    def has_table(self, name: str) -> bool:
        """Whether a table of this name is there, by the database's own catalogue."""
        ...

    def tables(self) -> Mapping[str, TableShape]:
        """All tables of the catalog, by name."""
        ...

    def close(self) -> None:
        """Close the connections of all threads."""
        ...


def no_text() -> UsageError:
    """The error for a text that no catalog keeps: one with NUL, or with half of a character."""
    return UsageError(
        "usage.bad_argument",
        "a text has a character that is no text, so it can't be kept",
        hint="write it in UTF-8, without NUL",
    )


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
    if not database.has_table("format"):
        return 0
    rows = database.query("select number from format where component = ?", [component])
    found = rows[0][0] if rows else 0
    if not isinstance(found, int):
        raise MachineError(
            "lake.corrupt",
            f"the format of the catalog's {component} tables can't be read",
            hint="restore the catalog from a backup",
        )
    return found


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
