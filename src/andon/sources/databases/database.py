"""What reading a kind of database takes: how it is attached, what a query of it returns, and how that is read without changing a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from andon.base.record import Record

#: Runs SQL on the engine to which the database is attached, and returns all rows.
Ask = Callable[[str], Sequence[tuple[Any, ...]]]

#: The name under which an engine knows the database that it is attached to.
ALIAS = "remote"


#: The kind of a column without values, where only values say what it is; and what stands between two kinds.
NO_VALUES = "no values"
EITHER = " or "


class RemoteColumn(Record, array_like=True):
    """A column of what a query returns.

    Attributes:
        kind: its type as the database names it.
        stored: the engine's type that its values are given.
    """

    name: str
    kind: str
    stored: str


class DatabaseKind(Protocol):
    """A kind of database."""

    @property
    def extension(self) -> str | None:
        """The engine's extension that reads it."""
        ...

    @property
    def home(self) -> str:
        """The engine's catalog in which `select` is run."""
        ...

    @property
    def prepare(self) -> Sequence[str]:
        """Statements that come before it is attached."""
        ...

    def reach(self, options: Mapping[str, str]) -> None:
        """Find out that the server answers, where attaching would wait for it without end.

        Raises:
            OSError: it does not.
        """
        ...

    @property
    def tables(self) -> str:
        """The query, in its own SQL, that names its tables and views as `source add` takes them."""
        ...

    def attach(self, options: Mapping[str, str]) -> str:
        """The statement that attaches it as `ALIAS`, to be read only; references are resolved in `options`."""
        ...

    def marked(self, sql: str, mark: str) -> str:
        """The engine's statement as the server shows it by `mark` to those who look for it; as it is where `mark_option` does that."""
        ...

    @property
    def mark_option(self) -> str | None:
        """The option by which a server knows a session, where it is to be told to stop what that asked: it would work on for nobody, and
        the engine would wait for it."""
        ...

    @property
    def stop(self) -> str | None:
        """The engine's query that lets the server stop what sessions of a `{mark}` asked, or that returns the statements which do."""
        ...

    def describe(self, ask: Ask, sql: str) -> tuple[RemoteColumn, ...]:
        """What `sql`, in the database's own language, returns. Nothing of it is computed."""
        ...

    def quoted(self, name: str) -> str:
        """A name as the database's own SQL writes it."""
        ...

    def primary_key(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """The columns of a table's primary key, in order; none where it has none or the database states none.

        Args:
            table: its name, with what it stands in: schema or database.
        """
        ...

    def indexed(self, ask: Ask, table: Sequence[str]) -> Sequence[str]:
        """The columns of a table that always have a value and that an index begins with: what is above one is found at once."""
        ...

    def since(self, sql: str, column: RemoteColumn, begin: str) -> str:
        """The query, in the database's own SQL, of those rows of `sql` whose `column` is at least `begin`, or NULL."""
        ...

    def only(self, sql: str, names: Sequence[str]) -> str:
        """The query, in the database's own SQL, of some columns of `sql`."""
        ...

    def select(self, sql: str, columns: Sequence[RemoteColumn]) -> str:
        """The engine's SELECT that reads `columns` of `sql`: each value as it is, or the read fails."""
        ...
