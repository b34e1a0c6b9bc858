"""A look at raw files with the engine; loaded by every run, and the engine only when there is something to look at."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.engines.duckdb.instance import Instance


class Probe:
    """Tells what an SQL over raw files returns; the engine is loaded when first asked. Safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._instance: Instance | None = None

    def __call__(self, sql: str) -> list[tuple[str, str]]:
        """Names and DuckDB types of the columns.

        Raises:
            duckdb.Error: what the engine says.
        """
        with self._lock:
            if self._instance is None:
                from andon.engines.duckdb.opening import Purpose, open_instance

                self._instance = open_instance(Purpose.BINDING)
            instance = self._instance
        return instance.session().columns("memory", f"\n{sql}\n")

    def close(self) -> None:
        """Free the engine."""
        with self._lock:
            if self._instance is not None:
                self._instance.close()
                self._instance = None
