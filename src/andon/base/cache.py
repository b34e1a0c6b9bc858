"""A disposable cache of facts in a SQLite file of its own: losing it costs time, never data.

Values are written and read by the type of their kind. The file lies in the user's own `.andon/` folder, and others may have changed it:
nothing in it is ever run, and what is not of the type isn't there.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from msgspec import MsgspecError, msgpack

from andon.base.record import LEARNING
from andon.base.sharing import like_shared_folder
from andon.base.sqlite_reading import SqliteReader, may_write

T = TypeVar("T")

_BATCH = 500
_NOT_OF_THE_TYPE = (MsgspecError, ValueError, TypeError, ArithmeticError, RecursionError)


class Entries(Generic[T]):
    """What one sort of entries is.

    Args:
        name: of the kind; with the number of its format it is part of every key.
        type: of its values: records, plain types and collections of them; members of a union are records with a tag.
        format: raised when values change their meaning.
    """

    def __init__(self, name: str, type: Any, format: int = 1) -> None:
        self.name = f"{name}.{format}"
        self._type = type

    def encode(self, value: T) -> bytes | None:
        """The bytes that `decode` takes; None for a value that they can't hold, such as half a character."""
        try:
            return msgpack.encode(value)
        except (UnicodeError, OverflowError, RecursionError):
            return None

    def decode(self, content: object) -> T | None:
        """The value that was encoded; None if `content` is anything else."""
        decoder = self._decoder
        try:
            return decoder.decode(content)  # type: ignore[arg-type, no-any-return]
        except _NOT_OF_THE_TYPE:
            return None

    @cached_property
    def _decoder(self) -> msgpack.Decoder[Any]:
        # made when something is read: it costs as much as the type is deep
        with LEARNING:
            return msgpack.Decoder(self._type)


_NEWEST = Entries[list[str]]("newest keys", list[str])


class Cache(Protocol):
    """What users of a cache rely on. A value is never None."""

    def get(self, entries: Entries[T], keys: Iterable[str]) -> dict[str, T]:
        """The values that are known for `keys`; unknown keys are left out."""
        ...

    def put(self, entries: Entries[T], values: Mapping[str, T]) -> None:
        """Keep `values`; failing to is not an error."""
        ...

    def put_newest(self, entries: Entries[T], key: str, value: T, count: int) -> None:
        """Keep `value`, and of those that came this way the `count` newest: for large values of which each edit makes another."""
        ...


class MemoryCache:
    """A cache that lives as long as the object."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}

    def get(self, entries: Entries[T], keys: Iterable[str]) -> dict[str, T]:
        """See `Cache.get`."""
        return {key: self._values[entries.name, key] for key in keys if (entries.name, key) in self._values}

    def put(self, entries: Entries[T], values: Mapping[str, T]) -> None:
        """See `Cache.put`."""
        self._values.update({(entries.name, key): value for key, value in values.items()})

    def put_newest(self, entries: Entries[T], key: str, value: T, count: int) -> None:
        """See `Cache.put_newest`."""
        self.put(entries, {key: value})
        for old in _outdated(self, entries, key, count):
            self._values.pop((entries.name, old), None)


class FileCache:
    """A cache in the SQLite file `path`; values of another `version` are not seen. A broken file is made anew.

    Safe under threads: one connection serves all, one after the other.
    """

    def __init__(self, path: Path, version: str) -> None:
        self._path = path
        self._version = version
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        # of a folder that may only be read, what its owner kept is read
        self._reader = None if may_write(path) else SqliteReader(path)

    def get(self, entries: Entries[T], keys: Iterable[str]) -> dict[str, T]:
        """See `Cache.get`."""
        prefix = self._prefix(entries)
        wanted = [prefix + key for key in keys]
        found: dict[str, T] = {}
        try:
            for start in range(0, len(wanted), _BATCH):
                for key, content in self._rows(wanted[start : start + _BATCH]):
                    value = entries.decode(content)
                    if value is not None:
                        found[key[len(prefix) :]] = value
        except (sqlite3.Error, OSError):
            self._reset()
            return {}
        return found

    def put(self, entries: Entries[T], values: Mapping[str, T]) -> None:
        """See `Cache.put`."""
        self._write(entries, values)

    def put_newest(self, entries: Entries[T], key: str, value: T, count: int) -> None:
        """See `Cache.put_newest`."""
        with self._lock:
            self._write(entries, {key: value}, _outdated(self, entries, key, count))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _rows(self, keys: Sequence[str]) -> list[tuple[str, bytes]]:
        marks = ",".join("?" * len(keys))
        sql = f"select key, value from kept where key in ({marks})"
        with self._lock:
            if self._reader is not None:
                return self._reader.query(sql, keys)
            return self._open().execute(sql, keys).fetchall()

    def _prefix(self, entries: Entries[T]) -> str:
        return f"{self._version}:{entries.name}:"

    def _write(self, entries: Entries[T], values: Mapping[str, T], gone: Sequence[str] = ()) -> None:
        if self._reader is not None:
            return
        prefix = self._prefix(entries)
        encoded = ((prefix + key, entries.encode(value)) for key, value in values.items())
        rows = [row for row in encoded if row[1] is not None]
        try:
            with self._lock, self._open() as connection:
                connection.executemany("insert or replace into kept (key, value) values (?, ?)", rows)
                connection.executemany("delete from kept where key = ?", [(prefix + key,) for key in gone])
        except (sqlite3.Error, OSError):
            self._reset()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._path.touch()
                like_shared_folder(self._path)
            connection = sqlite3.connect(self._path, timeout=5, check_same_thread=False)
            connection.execute("pragma journal_mode=wal")
            connection.execute("pragma synchronous=off")
            # with an index of keys alone: beside values of megabytes a look-up would read those that it passes
            connection.execute("create table if not exists kept (key text primary key, value blob)")
            self._connection = connection
        return self._connection

    def _reset(self) -> None:
        with self._lock:
            self.close()
            for ending in ("", "-wal", "-shm") if self._reader is None else ():
                with contextlib.suppress(OSError):
                    self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def newest_keys(cache: Cache, entries: Entries[Any]) -> list[str]:
    """The keys of what came by `put_newest`, the newest first; what was kept of one may be gone."""
    return cache.get(_NEWEST, [entries.name]).get(entries.name, [])


def _outdated(cache: Cache, entries: Entries[T], key: str, count: int) -> list[str]:
    """Note that `key` is the newest of its kind; returns the keys that are no longer among the `count` newest."""
    kept = [key, *(other for other in newest_keys(cache, entries) if other != key)]
    cache.put(_NEWEST, {entries.name: kept[:count]})
    return kept[count:]
