"""A table of a database as a source: the file that says so, with what the database, the names of its columns and some rows tell."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import make_folder, write_whole
from andon.base.names import is_name_part, nearest, quote
from andon.errors import AndonError, DatasetError, ProjectError, UsageError
from andon.project.add_checks import add_checks
from andon.proposals.names import looks_personal, words_of
from andon.sources.databases.cursors import CursorKind, kind_of

if TYPE_CHECKING:
    from andon.sources.databases.database import RemoteColumn
    from andon.sources.databases.session import DatabaseSession
    from andon.workspace.workspace import Workspace

#: So many tables are named to choose from.
_SHOWN = 10
#: So many rows are looked at for checks.
SAMPLE = 10_000
#: Words of columns that say when a row changed.
_CHANGED = frozenset({"updated", "modified", "changed", "touched"})
#: Names that YAML reads as something else.
_YAML_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class AddedSource(Document):
    """A source that was written.

    Attributes:
        dataset, file: what it is called, and where its file lies.
        connection, table: what it reads.
        key: its primary key, as the database states it.
        cursor: a column that would tell what is new; written as a comment, since a load by it sees only changes that move it.
        personal: columns whose names say that they tell about a person; marked `pii`.
        columns: how many.
        checks: lines that hold in the rows that were looked at.
        sample: how many rows were looked at; None where the database refused.
        is_whole: whether those are all rows of the table; else the checks warn.
    """

    dataset: str
    file: str
    connection: str
    table: str
    key: tuple[str, ...]
    cursor: str | None
    personal: tuple[str, ...]
    columns: int
    checks: tuple[str, ...]
    sample: int | None
    is_whole: bool


def add_source(workspace: Workspace, place: str, name: str | None = None) -> AddedSource:
    """Write the source that reads `place`: `CONNECTION.TABLE` or `CONNECTION.SCHEMA.TABLE`.

    Args:
        name: of the dataset; else the connection is its schema.

    Raises:
        UsageError: `usage.bad_argument`, `usage.exists` where there is such a file.
        DatasetError: there is no such connection or table, or the database can't be reached.
    """
    connection, _, table = place.partition(".")
    if not table:
        hint = "name connection and table: `andon source add shop.public.orders`"
        raise UsageError("usage.bad_argument", f"`{place}` names no table", where=place, hint=hint)
    dataset = name or f"{_plain(connection)}.{_plain(table.rpartition('.')[2])}"
    schema, _, short = dataset.partition(".")
    if not (is_name_part(schema) and is_name_part(short)):
        hint = f"name it: `andon source add {place} --as schema.name`"
        raise UsageError("usage.bad_argument", f"`{dataset}` can't name a dataset", where=dataset, hint=hint)
    file = f"sources/{schema}/{short}.sql"
    path = workspace.root / file
    if path.exists():
        hint = f"`--as {schema}.{short}_2` gives it another name"
        raise UsageError("usage.exists", f"`{file}` is there already", where=file, hint=hint)
    with (
        tempfile.TemporaryDirectory(prefix="andon-") as folder,
        closing(workspace.databases.open(connection, writes=[Path(folder).resolve()])) as session,
    ):
        parts = table.split(".")
        try:
            found = session.describe(f"select * from {_named(session, parts, bare=False)}", place)
        except DatasetError as error:
            raise _no_table(session, connection, table, error) from error
        key = tuple(session.primary_key(parts, place))
        cursor = _cursor(found, session.indexed(parts, place))
        query = _query(session, parts, found, bare=True)
        if not _returns(session, query, found, place):  # a name is a word of the database's SQL
            query = _query(session, parts, found, bare=False)
        personal = tuple(c.name for c in found if looks_personal(c.name))
        looked = _Looked(workspace, session, dataset, found, key, personal)
        looked.look(query, Path(folder).resolve() / "sample.parquet", place)
    text = f"{_front_matter(connection, key, cursor, personal, found)}{query}"
    text, checks = _with_checks(file, text, looked)
    make_folder(path.parent)
    write_whole(path, text.encode())
    return AddedSource(
        dataset, file, connection, table, key, cursor, personal, len(found), checks, looked.rows, looked.is_whole
    )


class _Looked:
    """Some rows of a table, and the checks that hold in them.

    Attributes:
        rows: how many; None where they could not be read.
        is_whole: whether there are no more.
        lines: the checks.
    """

    def __init__(
        self,
        workspace: Workspace,
        session: DatabaseSession,
        dataset: str,
        columns: Sequence[RemoteColumn],
        key: Sequence[str],
        personal: Sequence[str],
    ) -> None:
        self._workspace, self._session, self._dataset = workspace, session, dataset
        self._columns, self._key, self._personal = columns, key, personal
        self.rows: int | None = None
        self.is_whole = False
        self.lines: list[str] = []

    def look(self, query: str, path: Path, place: str) -> None:
        """Read the rows with the highest keys, which are mostly the newest; of a table without a key those that come first."""
        from andon.proposals.sampled import of_sample

        order = ", ".join(f"{self._session.quoted(name, bare=False)} desc" for name in self._key)
        ordered = f"order by {order}\n" if order else ""
        try:
            rows = self._session.copy(f"{query}{ordered}limit {SAMPLE + 1}", self._columns, path, "parquet", place)
        except AndonError:
            return  # a value that its type can't hold: the load will name it
        self.rows, self.is_whole = min(rows, SAMPLE), rows <= SAMPLE
        found = of_sample(
            str(path),
            self._dataset,
            [(column.name, column.stored) for column in self._columns],
            rows,
            key=self._key,
            masked={name.lower() for name in self._personal},
            moment=self._workspace.clock(),
        )
        self.lines = [self._line(one.line) for one in found]

    def _line(self, line: str) -> str:
        """A check; of what holds in a part of the rows nobody knows whether it holds in all."""
        return line if self.is_whole or line.startswith("watch ") else f"{line} warn"


def _with_checks(file: str, text: str, looked: _Looked) -> tuple[str, tuple[str, ...]]:
    """The text of a source with checks, and which those are."""
    lines = [line for line in looked.lines if "*/" not in line]  # which would end the front matter
    try:
        made = add_checks(file, text, lines)
    except ProjectError:
        return text, ()
    if lines and not looked.is_whole:
        told = f"# these hold in {looked.rows:,} rows that were looked at; without `warn` they hold back a load"
        made = made.replace("\nchecks: |\n", f"\n{told}\nchecks: |\n", 1)
    return made, tuple(lines)


def _no_table(session: DatabaseSession, connection: str, table: str, error: DatasetError) -> DatasetError:
    """`error`, or one with the tables that there are, where it says that there is no such table."""
    if error.code != "source.query_failed":
        return error
    there = session.tables(error.where or table)
    if table in there:
        return error
    last = table.rpartition(".")[2].lower()
    near = [name for name in there if name.rpartition(".")[2].lower() == last]
    match = near[0] if near else nearest(table, there)
    some = ", ".join(f"`{name}`" for name in there[:_SHOWN])
    hint = f"did you mean `{connection}.{match}`?" if match else f"there are {some}" if there else "it has no table"
    more = f" and {len(there) - _SHOWN:,} more" if not match and len(there) > _SHOWN else ""
    message = f"the database `{connection}` has no table `{table}` that the connection's user may read"
    return DatasetError("source.query_failed", message, where=error.where, hint=hint + more)


def _query(session: DatabaseSession, table: Sequence[str], columns: Sequence[RemoteColumn], *, bare: bool) -> str:
    names = ",\n  ".join(session.quoted(column.name, bare=bare) for column in columns)
    return f"select\n  {names}\nfrom {_named(session, table, bare=bare)}\n"


def _named(session: DatabaseSession, table: Sequence[str], *, bare: bool) -> str:
    return ".".join(session.quoted(part, bare=bare) for part in table)


def _returns(session: DatabaseSession, query: str, columns: Sequence[RemoteColumn], place: str) -> bool:
    try:
        return session.describe(query, place) == tuple(columns)
    except DatasetError:
        return False


def _cursor(columns: Sequence[RemoteColumn], indexed: Sequence[str]) -> str | None:
    """The column that is called like one that says when a row changed, if the database finds what is above a value of it at once."""
    known = {name.lower() for name in indexed}
    for column in columns:
        if column.name.lower() in known and not _CHANGED.isdisjoint(words_of(column.name)):
            kind = kind_of(column)
            if kind in (CursorKind.MOMENT, CursorKind.TEXT):
                return column.name
    return None


def _front_matter(
    connection: str,
    key: Sequence[str],
    cursor: str | None,
    personal: Sequence[str],
    columns: Sequence[RemoteColumn],
) -> str:
    lines = ["/*---", f"connection: {connection}"]
    if key:
        lines.append(f"key: {_yaml(key[0]) if len(key) == 1 else '[' + ', '.join(_yaml(k) for k in key) + ']'}")
    if cursor is not None:
        compare = ", compare: 1d" if key else ""
        lines.append(f"# load: {{by: cursor, column: {_yaml(cursor)}, lookback: 1h{compare}}}")
    marked = [column.name for column in columns if column.name in personal]
    if marked:
        lines += ["columns:", *(f"  {_yaml(name)}: {{pii: true}}" for name in marked)]
    return "\n".join([*lines, "---*/", ""])


def _yaml(name: str) -> str:
    """A name as YAML and check lines read it as one."""
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) and name.lower() not in _YAML_WORDS else quote(name)


def _plain(name: str) -> str:
    """A name of a database as one of a dataset."""
    return re.sub(r"\W+", "_", name.strip('"`')).strip("_").lower()
