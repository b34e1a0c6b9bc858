"""Reads that go around a transaction of their own thread. SQLite gives all of a thread one connection, so that they see what was written;
another database would answer from beside the transaction, or wait for it for ever. What never changes may be read so, where it was there
before the transaction: what is remembered of it would outlive one that is taken back."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from andon.base.database import Row, Transaction
from andon.base.sqlite import SqliteDatabase

#: What never changes once it is written is what it is wherever it is read.
_NEVER_CHANGES = re.compile(
    r"select id from identity\Z|select (distinct )?[\w, ]+ from (lake_commit|tree|definition|version|blob|list_part) where (id|root) "
)


class AroundTransaction(AssertionError):
    """Something was read by the database, and not by the transaction that is open."""


def _beside(database: SqliteDatabase, sql: str, parameters: Sequence[Any]) -> list[Row]:
    """What another connection sees."""
    with closing(sqlite3.connect(database.path)) as other:
        return other.execute(sql, list(parameters)).fetchall()


def reads_stay_inside() -> None:
    """Let every read of this process that goes around a transaction of its thread fail, from now on."""
    write, query, open_ones = SqliteDatabase.write, SqliteDatabase.query, threading.local()

    @contextmanager
    def watched_write(self: SqliteDatabase, beside: Collection[str] = ()) -> Iterator[Transaction]:
        own = open_ones.__dict__.setdefault("own", [])
        with write(self, beside) as transaction:
            own.append(self)
            try:
                yield transaction
            finally:
                own.pop()

    def watched_query(self: SqliteDatabase, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        if not any(each is self for each in open_ones.__dict__.get("own", ())):
            return query(self, sql, parameters)
        if not _NEVER_CHANGES.match(sql):
            raise AroundTransaction(f"read beside the transaction that is open: {sql}")
        found = query(self, sql, parameters)
        if found and sorted(map(repr, found)) != sorted(map(repr, _beside(self, sql, parameters))):
            raise AroundTransaction(f"read beside the transaction that wrote it: {sql}")
        return found

    SqliteDatabase.write = watched_write  # type: ignore[method-assign]
    SqliteDatabase.query = watched_query  # type: ignore[method-assign]
