"""Reading a SQLite file that this account may not write: nothing is made beside it, which could lock out those who may."""

from __future__ import annotations

import math
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from andon.base.database import Row

if TYPE_CHECKING:
    from andon.base.temporary import Temporary

#: So often a file that somebody else writes to at that moment is read anew.
_TRIES = 20

T = TypeVar("T")

_Stamp = tuple[Any, ...]
#: While somebody writes.
_LIVE: _Stamp = ("live",)


class _ChangedError(Exception):
    """Somebody began or ended to write since the file was looked at."""


def may_write(path: Path) -> bool:
    """Whether this account may write the database `path`, and the files that SQLite keeps beside it."""
    if not path.exists():
        return True  # whoever makes it will see
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def rows_of(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> list[Row]:
    """All rows of a SELECT. A whole number of more than 64 bits, as anybody may type one, is compared as a number that nothing has.

    Raises:
        sqlite3.Error: what SQLite says.
    """
    try:
        return connection.execute(sql, parameters).fetchall()
    except OverflowError:
        return connection.execute(sql, [_comparable(each) for each in parameters]).fetchall()


def _comparable(value: Any) -> Any:
    if not isinstance(value, int) or -(1 << 63) <= value < 1 << 63:
        return value
    return math.inf if value > 0 else -math.inf


def copied(connection: sqlite3.Connection, target: Path) -> None:
    """Write all that a connection reads, as it is at one moment, into the new file `target`.

    Raises:
        sqlite3.Error: what SQLite says.
    """
    target.unlink(missing_ok=True)
    made = sqlite3.connect(target, isolation_level=None)
    try:
        # a copy that is not whole is never used, so nothing of it need last before it is
        made.execute("pragma journal_mode = off")
        made.execute("pragma synchronous = off")
        connection.backup(made)
    finally:
        made.close()


class SqliteReader:
    """Reads the file `path`; safe under threads.

    While nobody writes, all of it is in the file itself, which is opened as one that does not change; whether it did meanwhile is looked
    at afterwards. While somebody writes, it is read by way of their log. A log that a killed process left is read in a copy.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._stamp: _Stamp | None = None
        self._copy: Temporary | None = None

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT.

        Raises:
            sqlite3.Error: what SQLite says.
        """
        return self._at_one_moment(lambda connection: rows_of(connection, sql, parameters))

    def copy(self, target: Path) -> None:
        """See `copied`."""
        self._at_one_moment(lambda connection: copied(connection, target))

    def _at_one_moment(self, read: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock:
            for left in reversed(range(_TRIES)):
                stamp = self._now()
                try:
                    if self._connection is None or stamp != self._stamp:
                        self._open(stamp)
                    assert self._connection is not None
                    found = read(self._connection)
                except _ChangedError:
                    if not left:
                        raise sqlite3.OperationalError(
                            f"{self._path} changes all the time: try again when less is written"
                        ) from None
                    continue
                except sqlite3.Error:
                    if not left or self._now() == stamp:
                        raise
                    continue
                if self._now() == stamp:
                    return found
            return found

    def close(self) -> None:
        """Close the file; the next question opens it again."""
        with self._lock:
            self._forget()

    def _open(self, stamp: _Stamp) -> None:
        self._forget()
        log, index = self._beside("-wal"), self._beside("-shm")
        if (log and index) != (stamp == _LIVE):
            raise _ChangedError
        if not log:
            self._connection = self._connected(self._path, "immutable=1")
        elif index:
            self._connection = self._connected(self._path, "mode=ro")
        else:
            self._connection = self._connected(self._copied(), "mode=rw")
        self._stamp = stamp

    def _copied(self) -> Path:
        """A copy of the file with the log that was left beside it."""
        import shutil

        from andon.base.temporary import Temporary, system_place

        self._copy = Temporary([system_place()], "catalog")
        for ending in ("", "-wal"):
            try:
                shutil.copyfile(f"{self._path}{ending}", self._copy.path / f"catalog{ending}")
            except FileNotFoundError:  # what seemed to be left was about to go
                raise _ChangedError from None
        return self._copy.path / "catalog"

    def _connected(self, path: Path, how: str) -> sqlite3.Connection:
        name = f"file:{quote(str(path))}?{how}"
        connection = sqlite3.connect(name, uri=True, timeout=60, isolation_level=None, check_same_thread=False)
        connection.execute("pragma query_only = true")
        connection.execute("pragma temp_store = memory")
        return connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def _now(self) -> _Stamp:
        """What becomes another one when the file itself changes, or when somebody begins or ends to write."""
        main = self._path.stat()
        live = self._beside("-wal") and self._beside("-shm")
        # while somebody writes, SQLite itself sees to it that all of a question is answered from one state
        return _LIVE if live else (main.st_ino, main.st_size, main.st_mtime_ns, self._beside("-wal"))

    def _beside(self, ending: str) -> bool:
        try:
            return Path(f"{self._path}{ending}").stat().st_size > 0  # nothing is written yet, or could be
        except OSError:
            return False
