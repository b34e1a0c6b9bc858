"""One DuckDB instance with the settings that always hold, and sessions (one per thread) in it.

A *narrow* instance has `threads=1`: results and Parquet bytes repeat, and several sessions work in parallel. A *wide* one uses all
cores for a single task.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.sql.clock import shadow_macros

if TYPE_CHECKING:
    import duckdb

    from andon.model.object_place import ObjectPlace


#: What a shut instance may still set: how many groups are counted in an array, which comparing rows does.
_STILL_SET = ("perfect_ht_threshold",)


class Instance:
    """An in-memory DuckDB.

    Args:
        threads: threads of the instance (it is a setting of the instance, not of a session).
        memory_limit: DuckDB's text (`4GB`), or empty for DuckDB's default.
        temporary: folder for what doesn't fit in memory; it is there.
        temp_limit: how much that may be, DuckDB's text (`50GB`), or empty for nine tenths of what is free.
        moment: the logical time that `now()` and its kin show; None leaves the real clock.
        files_never_change: whether footers that were read once stay true (the lake's files, not a project's raw ones).
        reach: how it asks for files by their addresses, once one is read; None where it can't.
        only: folders; nothing outside of them and of `temporary` is read or written, no extension is loaded, and no setting is
            changed any more. None allows everything.
    """

    def __init__(
        self,
        *,
        threads: int = 1,
        memory_limit: str = "",
        temporary: Path | None = None,
        temp_limit: str = "",
        moment: datetime | None = None,
        files_never_change: bool = True,
        reach: ObjectPlace | None = None,
        only: Sequence[Path] | None = None,
    ) -> None:
        import duckdb

        config: dict[str, Any] = {
            "threads": threads,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        if memory_limit:
            config["memory_limit"] = memory_limit
        config["temp_directory"] = ""  # else the engine would make one where the process was started
        if temporary is not None:
            config["temp_directory"] = str(temporary)
        self.version = duckdb.__version__
        self.threads = threads
        self.memory_limit = memory_limit
        self._moment = moment
        self._root = duckdb.connect(":memory:", config=config)
        self._root.execute("set global TimeZone = 'UTC'")
        if temp_limit:  # given with the others it is shown and not heeded
            self._root.execute(f"set global max_temp_directory_size = {literal(temp_limit)}")
        if files_never_change:
            self._root.execute("set global parquet_metadata_cache = true")
            self._root.execute("set global validate_external_file_cache = 'NO_VALIDATION'")
        if only is not None:
            self._root.execute("set global allow_persistent_secrets = false")
            self.shut(only)
        self._reach = reach
        self._local = threading.local()
        # those of threads that ended are gone
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._lock = threading.Lock()

    def shut(self, folders: Sequence[Path], files: Sequence[str] = ()) -> None:
        """From here on files are reached in `folders`, and those that are named, and no other. Once access is shut, the engine itself
        refuses to open it again."""
        settings = {
            "allowed_directories": file_list([f"{folder}/" for folder in folders]),
            **({"allowed_paths": file_list(files)} if files else {}),
            "allowed_configs": file_list(_STILL_SET),
            "enable_external_access": "false",
            "lock_configuration": "true",
        }
        self._root.execute(";".join(f"set global {name} = {value}" for name, value in settings.items()))

    def give(self, *, threads: int, memory_limit: str, temporary: Path, temp_limit: str) -> None:
        """Let an instance that was opened for somebody unknown have what it may take; see the arguments of the class."""
        self._root.execute(
            f"set global temp_directory = {literal(str(temporary))};"
            f"set global max_temp_directory_size = {literal(temp_limit)};"
            f"set global memory_limit = {literal(memory_limit)};"
            f"set global threads = {threads}"
        )
        self.threads, self.memory_limit = threads, memory_limit

    def reach_out(self) -> None:
        """Be able to read files by their addresses from here on.

        Raises:
            MachineError: `machine.missing` where the extension is not installed.
        """
        with self._lock:
            if self._reach is not None:
                from andon.engines.duckdb.object_storage import reach_out

                reach_out(self._root, self._reach)
                self._reach = None

    def session(self) -> Session:
        """The session of this thread."""
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self.new_session()
        return session

    def new_session(self) -> Session:
        """A session that belongs to no thread; whoever asks for it closes its connection, and holds it: `interrupt` reaches no other."""
        with self._lock:
            session = Session(self._root.cursor(), self._moment)
            self._sessions.add(session)
        return session

    def interrupt(self) -> None:
        """Stop what all sessions are doing; they raise duckdb.InterruptException."""
        with self._lock:
            for session in self._sessions:
                session.connection.interrupt()

    def close(self) -> None:
        """Close all sessions and free the memory."""
        with self._lock:
            for session in self._sessions:
                session.connection.close()
            self._sessions.clear()
        self._root.close()

    def facts(self) -> dict[str, Any]:
        """What a build records about the engine."""
        return {"name": "duckdb", "version": self.version, "threads": self.threads, "memory_limit": self.memory_limit}


class Session:
    """A connection of one thread. `at` puts it into a catalog; macros made here are temporary."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, moment: datetime | None) -> None:
        self.connection = connection
        self._catalog = ""
        self._moment: datetime | None = None
        if moment is not None:
            self.show(moment)

    def show(self, moment: datetime) -> None:
        """Let `now()` and its kin show `moment` from here on."""
        if moment != self._moment:
            for statement in shadow_macros(moment):
                self.connection.execute(statement)
            self._moment = moment

    def at(self, catalog: str) -> duckdb.DuckDBPyConnection:
        """The connection, with unqualified names looked up in `catalog`."""
        if catalog != self._catalog:
            self.connection.execute(f"use {quote(catalog)}")
            self._catalog = catalog
        return self.connection

    def columns(self, catalog: str, sql: str) -> list[tuple[str, str]]:
        """Names and DuckDB types of what `sql` returns."""
        rows = self.at(catalog).execute(f"describe {sql}").fetchall()
        return [(row[0], row[1]) for row in rows]


def file_list(paths: Sequence[str]) -> str:
    """Paths as an SQL list of literals."""
    return "[" + ", ".join(literal(path) for path in paths) + "]"
