"""Loads of a run: every database is opened once, in one transaction, so that all that a run reads of it is of one moment."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from andon.engines.engine import Capabilities, EngineSettings, Produced, Recipe, Task, Types, stopped
from andon.errors import DatasetError
from andon.model.dataset import Kind
from andon.sources.databases.contract import columns_of, held_to
from andon.sources.databases.databases import Databases
from andon.sources.databases.session import DatabaseSession

CAPABILITIES = Capabilities("database", frozenset({Kind.SOURCE}), macros=False, views=False, repeats=False)


class LoadingEngine:
    """Builds sources that name a connection (see `Engine`).

    Args:
        settings: how the engines are set that the databases are attached to.
        writes: the folders in which results are written.
    """

    def __init__(self, databases: Databases, settings: EngineSettings, writes: Sequence[Path]) -> None:
        self._databases = databases
        self._settings = settings
        self._writes = writes
        self._sessions: dict[str, DatabaseSession] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def capabilities(self) -> Capabilities:
        """See `Engine`."""
        return CAPABILITIES

    def facts(self) -> Mapping[str, Any]:
        """See `Engine`."""
        return {}

    def describe(self, recipe: Recipe) -> Types:
        """See `Engine`."""
        session = self._session(recipe)
        return [(c.name, c.stored) for c in session.describe(recipe.sql or "", recipe.definition.entry)]

    def run(self, task: Task) -> Produced:
        """See `Engine`.

        Raises:
            DatasetError: also `source.changed_while_read` where the query returns something else than when it was planned.
        """
        recipe, definition = task.recipe, task.recipe.definition
        session, sql = self._session(recipe), recipe.sql or ""
        columns, found = columns_of(recipe.contract), session.describe(sql, definition.entry)
        by_name = {column.name: column for column in found}
        if any(column.name not in by_name or held_to(column, by_name[column.name]) != column for column in columns):
            raise DatasetError(
                "source.changed_while_read",
                f"what the query of `{definition.dataset}` returns changed since it was planned",
                where=definition.entry,
                hint="run again",
                retryable=True,
            )
        stored = task.stored([(column.name, column.stored) for column in columns])
        written = session.write(sql, columns, stored, task.output, definition.entry)
        return Produced(stored, written.rows, written.stats, session.facts())

    def interrupt(self) -> None:
        """See `Engine`."""
        with self._lock:
            self._stopped.set()
            for session in self._sessions.values():
                session.interrupt()

    def close(self) -> None:
        """See `Engine`."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _session(self, recipe: Recipe) -> DatabaseSession:
        """The session that all loads of a connection share."""
        definition = recipe.definition
        name = str(definition.connection)
        with self._lock:
            if self._stopped.is_set():
                raise stopped(recipe.dataset)
            if name not in self._sessions:
                self._sessions[name] = self._databases.open(name, definition.entry, self._settings, self._writes)
            return self._sessions[name]
