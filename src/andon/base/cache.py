"""A disposable cache of facts in a SQLite file of its own: losing it costs time, never data.

Values are pickled and belong to the version of Andon that wrote them; the file lies in the user's own `.andon/` folder.
"""

from __future__ import annotations

import contextlib
import pickle
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

_BATCH = 500


class Cache(Protocol):
    """What users of a cache rely on."""

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """The values that are known for `keys`; unknown keys are left out."""
        ...

    def put(self, kind: str, values: Mapping[str, Any]) -> None:
        """Keep `values`; failing to is not an error."""
        ...


class MemoryCache:
    """A cache that lives as long as the object."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """See `Cache.get`."""
        return {key: self._values[kind, key] for key in keys if (kind, key) in self._values}

    def put(self, kind: str, values: Mapping[str, Any]) -> None:
        """See `Cache.put`."""
        self._values.update({(kind, key): value for key, value in values.items()})


class FileCache:
    """A cache in the SQLite file `path`; values of another `version` are not seen. A broken file is made anew.

    Safe under threads: one connection serves all, one after the other.
    """

    def __init__(self, path: Path, version: str) -> None:
        self._path = path
        self._version = version
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """See `Cache.get`."""
        wanted = [f"{self._version}:{kind}:{key}" for key in keys]
        found: dict[str, Any] = {}
        prefix = len(self._version) + len(kind) + 2
        try:
            for start in range(0, len(wanted), _BATCH):
                for key, value in self._rows(wanted[start : start + _BATCH]):
                    found[key[prefix:]] = pickle.loads(value)
        except (sqlite3.Error, OSError, pickle.PickleError, AttributeError, EOFError, ImportError, TypeError):
            self._reset()
            return {}
        return found

    def put(self, kind: str, values: Mapping[str, Any]) -> None:
        """See `Cache.put`."""
        rows = [(f"{self._version}:{kind}:{key}", pickle.dumps(value, 5)) for key, value in values.items()]
        try:
            with self._lock, self._open() as connection:
                connection.executemany("insert or replace into fact (key, value) values (?, ?)", rows)
        except (sqlite3.Error, OSError):
            self._reset()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _rows(self, keys: Sequence[str]) -> list[tuple[str, bytes]]:
        marks = ",".join("?" * len(keys))
        with self._lock:
            return self._open().execute(f"select key, value from fact where key in ({marks})", keys).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=off")
            connection.execute("create table if not exists fact (key text primary key, value blob) without rowid")
            self._connection = connection
        return self._connection

    def _reset(self) -> None:
        with self._lock:
            self.close()
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
