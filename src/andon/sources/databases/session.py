"""A database that is open to be read: attached to an engine of its own, which reaches nothing else."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import is_name_part, literal
from andon.errors import AndonError, DatasetError, UsageError
from andon.model.connection import Connection
from andon.sources.databases.database import RemoteColumn
from andon.sources.databases.failures import database_error
from andon.sources.databases.kinds import DATABASES

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Instance, Session
    from andon.engines.duckdb.write import Written
    from andon.engines.engine import EngineSettings
    from andon.model.version import Column

#: How the engine is told a format.
_FORMATS = {"csv": "format csv, header", "json": "format json", "parquet": "format parquet, compression zstd"}


#: How a statement ends that attaches a server to be read only.
_READ_ONLY = ", read_only)"


class DatabaseSession:
    """One open database; used by one thread at a time, which it sees to itself.

    Args:
        connection: what was stated.
        options: its options with all references resolved.
        root: the project's folder, to which paths are relative.
        settings: how the engine is set; None where nothing large is read.
        writes: folders in which files are written.

    All that is read is of one moment, that of the first read, as long as nothing fails; what a query does there beside reading is taken
    back at the end.

    Raises:
        DatasetError: `source.unreachable`.
        MachineError: `machine.missing` where what reads such a database is not installed.
    """

    def __init__(
        self,
        connection: Connection,
        options: Mapping[str, str],
        root: Path,
        settings: EngineSettings | None = None,
        writes: Sequence[Path] = (),
    ) -> None:
        from andon.engines.duckdb.extensions import load
        from andon.engines.duckdb.opening import Purpose, open_instance

        self.connection = connection
        self._database = DATABASES[connection.kind]
        self._secrets = [value for key, value in options.items() if key == "password"]
        self._lock = threading.Lock()
        options = _placed(connection, options, root)
        self._options = options
        self._mark = f"andon {secrets.token_hex(8)}"
        self._stopping: threading.Thread | None = None
        self._instance: Instance = open_instance(Purpose.LOADING, settings)
        self._session: Session = self._instance.new_session()
        try:
            # secrets that the user keeps for the engine are not for this: only what the connection states is used
            self._session.connection.execute("set global secret_directory = '/nonexistent'")
            if self._database.extension is not None:
                load(self._session.connection, self._database.extension)
            self._database.reach(options)
            option = self._database.mark_option
            marked = {**options, option: self._mark} if option is not None else options
            for statement in (*self._database.prepare, self._database.attach(marked)):
                self._session.connection.execute(statement)
            self._instance.shut(writes)
            self._session.at(self._database.home).execute("begin")
        except AndonError:
            self._instance.close()
            raise
        except Exception as error:
            self._instance.close()
            raise database_error(error, connection, self._secrets) from error

    def describe(self, sql: str, where: str) -> tuple[RemoteColumn, ...]:
        """What `sql` of the file `where` returns; nothing of it is computed.

        Raises:
            DatasetError: `source.query_failed`, `source.unreachable`.
        """
        with self._lock:
            return self._database.describe(lambda text: self._ask(text, where), sql)

    def write(
        self, sql: str, columns: Sequence[RemoteColumn], stored: Sequence[Column], path: str, where: str
    ) -> Written:
        """Read `columns` of `sql` into the Parquet file `path`, as the lake stores them.

        Raises:
            DatasetError: `source.query_failed`, `source.unreachable`, `source.contract` for a value that its type can't hold.
        """
        from andon.engines.duckdb.write import write_parquet

        select = self._database.marked(self._database.select(sql, columns), self._mark)
        types = [(column.name, column.stored) for column in columns]
        with self._lock:
            try:
                came = self._session.columns(self._database.home, f"\n{select}\n")
                wrong = next((one for one, other in zip(came, types, strict=True) if one != other), None)
                if wrong is not None:
                    raise DatasetError(
                        "source.changed_while_read",
                        f"`{wrong[0]}` comes as {wrong[1]} now",
                        where=where,
                        hint="run again; if it stays, cast it in the query",
                        retryable=True,
                    )
                return write_parquet(self._session, self._database.home, select, types, stored, path)
            except Exception as error:
                Path(path).unlink(missing_ok=True)
                raise self._told(error, where) from error

    def quoted(self, name: str, *, bare: bool) -> str:
        """A name as the database's own SQL writes it.

        Args:
            bare: without quotes where it looks like one; it may still be a word of that SQL.
        """
        return name if bare and is_name_part(name) else self._database.quoted(name)

    def primary_key(self, table: Sequence[str], where: str) -> Sequence[str]:
        """The columns of a table's primary key, in order.

        Raises:
            DatasetError: `source.query_failed`, `source.unreachable`.
        """
        with self._lock:
            return self._database.primary_key(lambda text: self._ask(text, where), table)

    def indexed(self, table: Sequence[str], where: str) -> Sequence[str]:
        """The columns of a table that always have a value and that an index begins with.

        Raises:
            DatasetError: `source.query_failed`, `source.unreachable`.
        """
        with self._lock:
            return self._database.indexed(lambda text: self._ask(text, where), table)

    def tables(self, where: str) -> list[str]:
        """The names of its tables and views, each as a query names it.

        Raises:
            DatasetError: `source.query_failed`, `source.unreachable`.
        """
        sql = self._database.tables
        return sorted(str(row[0]) for row in self.rows(sql, self.describe(sql, where), None, where))

    def rows(self, sql: str, columns: Sequence[RemoteColumn], limit: int | None, where: str) -> list[tuple[Any, ...]]:
        """The rows of `sql`: all, or the first `limit`.

        Raises:
            DatasetError: `source.query_failed`, `source.unreachable`, `source.contract` for a value that its type can't hold.
        """
        select = self._database.select(sql, columns)
        with self._lock:
            return list(self._ask(select if limit is None else f"select * from (\n{select}\n) limit {limit}", where))

    def copy(self, sql: str, columns: Sequence[RemoteColumn], path: Path, form: str, where: str) -> int:
        """Write all rows of `sql` to the file `path`, which lies in a folder of `writes`; returns how many.

        Raises:
            UsageError: `usage.bad_argument` for a format other than `csv`, `json` and `parquet`.
            DatasetError: as `rows`.
        """
        if form not in _FORMATS:
            raise UsageError(
                "usage.bad_argument", f"`{form}` is not a format here", hint=f"one of {', '.join(_FORMATS)}"
            )
        select = self._database.select(sql, columns)
        with self._lock:
            rows = self._ask(f"copy (\n{select}\n) to {literal(str(path))} ({_FORMATS[form]})", where)
        return int(rows[0][0])

    def facts(self) -> dict[str, Any]:
        """What a build records about how it was read."""
        return {**self._instance.facts(), "connection": self.connection.name, "kind": self.connection.kind}

    def interrupt(self) -> None:
        """Stop what is being read; called from another thread."""
        self._instance.interrupt()
        stop = self._database.stop
        if stop is not None and (self._stopping is None or not self._stopping.is_alive()):
            self._stopping = threading.Thread(
                target=self._tell, args=(stop.format(mark=self._mark),), name="andon-stop-query", daemon=True
            )
            self._stopping.start()

    def _tell(self, stop: str) -> None:
        """Let the server stop, over a connection of its own. Where it can't be told, it ends by itself."""
        from andon.engines.duckdb.extensions import load
        from andon.engines.duckdb.opening import Purpose, open_instance

        instance = open_instance(Purpose.LOADING)
        try:
            session = instance.new_session()
            if self._database.extension is not None:
                load(session.connection, self._database.extension)
            with contextlib.suppress(Exception):
                # over a connection that may only read, MySQL can't be told
                session.connection.execute(self._database.attach(self._options).removesuffix(_READ_ONLY) + ")")
                for (told,) in session.connection.execute(stop).fetchall():
                    if isinstance(told, str):
                        session.connection.execute(told)
        finally:
            instance.close()

    def close(self) -> None:
        """Let go of the database."""
        if self._stopping is not None:
            self._stopping.join()
        self._instance.close()

    def _ask(self, sql: str, where: str) -> Sequence[tuple[Any, ...]]:
        try:
            return self._session.at(self._database.home).execute(self._database.marked(sql, self._mark)).fetchall()
        except Exception as error:
            raise self._told(error, where) from error

    def _told(self, error: Exception, where: str) -> AndonError:
        """What a failure means. It ended the transaction: what is read next is of a new one, else one bad query would fail them all."""
        with contextlib.suppress(Exception):  # of a server that is gone the next read tells
            self._session.connection.execute("rollback")
        with contextlib.suppress(Exception):
            self._session.at(self._database.home).execute("begin")
        return database_error(error, self.connection, self._secrets, where)


def _placed(connection: Connection, options: Mapping[str, str], root: Path) -> Mapping[str, str]:
    """The options with a `path` that is absolute, of a file that is there."""
    if "path" not in options:
        return options
    path = (root / Path(options["path"]).expanduser()).resolve()
    if not path.is_file():
        raise DatasetError(
            "source.unreachable",
            f"the connection `{connection.name}` names `{options['path']}`, and no such file is there",
            where="andon.toml",
            hint=f"set the `path` of `[connections.{connection.name}]`, relative to the project",
            retryable=True,
        )
    return {**options, "path": str(path)}
