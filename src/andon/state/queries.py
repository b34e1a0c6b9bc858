"""The log of queries: who asked what of which datasets at which commit, how long it took, how many rows came."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence

from andon.base.database import Database
from andon.base.record import Record
from andon.errors import MachineError

#: Faces under which Andon itself asks, for a page or a promise: nobody read what was asked so.
UNASKED = ("show", "due", "insight")

#: Told why a line could not be written.
Failed = Callable[[MachineError], None]

#: Seconds within which lines are written together.
_SOON = 0.05

_FIELDS = "at, who, face, sql, datasets, commit_id, seconds, rows, error, read_columns, shape, exact, bytes, request"


class QueryRecord(Record):
    """One query that was asked.

    Attributes:
        at: when its answer or error was there (ISO text, UTC).
        face: where it was asked: `cli`, `python`, `http`.
        rows: how many came; None with an `error`.
        columns: what of tables it read (`schema.table.column`), None where that was not told.
        shape, exact: what is one for questions that differ in values alone, and for those that don't.
        bytes: of the answer, where it left the process.
        request: the name that who asked gave it.
    """

    at: str
    who: str
    face: str
    sql: str
    datasets: tuple[str, ...]
    commit: str | None
    seconds: float
    rows: int | None
    error: str | None
    columns: tuple[str, ...] | None = None
    shape: str | None = None
    exact: str | None = None
    bytes: int | None = None
    request: str | None = None


class ReadLine(Record):
    """What a question read: a line of the log, without the question; its `shape` is one for questions that differ in values alone."""

    seq: int
    at: str
    who: str
    face: str
    datasets: tuple[str, ...]
    shape: str | None = None


class AnsweredLine(Record):
    """A question that was answered and that named datasets.

    Attributes:
        seq: the number of the line.
        columns: what of tables it read, as the engine told; None where it did not.
        shape: what is one for questions that differ in values alone.
    """

    seq: int
    at: str
    who: str
    face: str
    datasets: tuple[str, ...]
    shape: str | None
    commit: str | None
    sql: str
    columns: tuple[str, ...] | None


class Queries:
    """Writes and reads the log of queries. Safe under threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[QueryRecord, Failed]] = []
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None

    def add(self, q: QueryRecord) -> None:
        """Append one line."""
        self.flush()  # what ended before stands before it
        self._write([q])

    def add_soon(self, q: QueryRecord, failed: Failed) -> None:
        """Append one line together with others that come now: to be sure of each by itself takes the disk longer than most answers. What
        reads the log here sees it at once.

        Args:
            failed: told what went wrong, in another thread.
        """
        with self._lock:
            self._waiting.append((q, failed))
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_soon, name="log of queries", daemon=True)
                self._writer.start()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            if not waiting:
                return
            try:
                self._write([q for q, _ in waiting])
            except MachineError as error:
                for _, failed in waiting:
                    failed(error)

    def drop_before(self, at: str) -> int:
        """Forget what was asked before `at`; returns how many lines that were."""
        self.flush()
        with self._database.write() as transaction:
            return transaction.execute("delete from query_log where at < ?", [at])

    def newest(self, limit: int = 50) -> list[QueryRecord]:
        """The newest queries, newest first."""
        self.flush()
        rows = self._database.query(f"select {_FIELDS} from query_log order by seq desc limit ?", [limit])
        return [
            QueryRecord(a, w, f, q, tuple(json.loads(d)), c, s, r, e, _listed(columns), shape, exact, size, request)
            for a, w, f, q, d, c, s, r, e, columns, shape, exact, size, request in rows
        ]

    def last(self) -> int:
        """The number of the newest line; 0 where there is none. Lines that wait to be written are not seen."""
        return int(self._database.query("select coalesce(max(seq), 0) from query_log")[0][0])

    def reads_after(self, seq: int, since: str) -> list[ReadLine]:
        """What people read by questions that were answered, in lines above `seq`, not before `since` (ISO text), oldest first."""
        rows = self._database.query(
            "select seq, at, who, face, datasets, shape from query_log where seq > ? and at >= ? and error is null"
            f" and face not in ({', '.join('?' * len(UNASKED))}) and datasets <> '[]' order by seq",
            [seq, since, *UNASKED],
        )
        return [
            ReadLine(number, at, who, face, tuple(json.loads(d)), shape) for number, at, who, face, d, shape in rows
        ]

    def answered(self, since: str = "", dataset: str | None = None) -> list[AnsweredLine]:
        """What people and tools asked of datasets and were answered, not before `since` (ISO text), oldest first.

        Args:
            dataset: only what named it.
        """
        self.flush()
        named = "%" if dataset is None else f"%{_escaped(json.dumps(dataset))}%"
        rows = self._database.query(
            "select seq, at, who, face, datasets, shape, commit_id, sql, read_columns from query_log"
            f" where at >= ? and error is null and face not in ({', '.join('?' * len(UNASKED))})"
            " and datasets <> '[]' and datasets like ? escape '!' order by seq",
            [since, *UNASKED, named],
        )
        return [
            AnsweredLine(number, at, who, face, tuple(json.loads(read)), shape, commit, sql, _listed(columns))
            for number, at, who, face, read, shape, commit, sql, columns in rows
        ]

    def texts(self, since: str) -> list[str]:
        """The different questions that were asked not before `since` (ISO text), answered or not."""
        self.flush()
        return [
            str(row[0]) for row in self._database.query("select distinct sql from query_log where at >= ?", [since])
        ]

    def _write_soon(self) -> None:
        while True:
            time.sleep(_SOON)
            self.flush()
            with self._lock:
                if not self._waiting:
                    self._writer = None
                    return

    def _write(self, lines: Sequence[QueryRecord]) -> None:
        with self._database.write() as transaction:
            for q in lines:
                listed = None if q.columns is None else json.dumps(list(q.columns))
                values = [
                    q.at,
                    q.who,
                    q.face,
                    q.sql,
                    json.dumps(list(q.datasets)),
                    q.commit,
                    q.seconds,
                    q.rows,
                    q.error,
                ]
                transaction.execute(
                    f"insert into query_log (seq, {_FIELDS})"
                    " select coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? from query_log",
                    [_storable(value) for value in (*values, listed, q.shape, q.exact, q.bytes, q.request)],
                )


def _storable(value: object) -> object:
    """NUL and half of a character, which a text may hold and no store takes, become their escapes."""
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0") if isinstance(value, str) else value


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
