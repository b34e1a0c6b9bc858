"""The log of queries: who asked what of which datasets at which commit, how long it took, how many rows came."""

from __future__ import annotations

import json

from andon.base.database import Database
from andon.base.record import Record


class QueryRecord(Record):
    """One query that was asked.

    Attributes:
        at: when its answer or error was there (ISO text, UTC).
        face: where it was asked: `cli`, `python`.
        rows: how many came; None with an `error`.
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


class Queries:
    """Writes and reads the log of queries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, q: QueryRecord) -> None:
        """Append one line."""
        values = [q.at, q.who, q.face, q.sql, json.dumps(list(q.datasets)), q.commit, q.seconds, q.rows, q.error]
        with self._database.write() as transaction:
            transaction.execute(
                "insert into query_log (seq, at, who, face, sql, datasets, commit_id, seconds, rows, error)"
                " select coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? from query_log",
                values,
            )

    def newest(self, limit: int = 50) -> list[QueryRecord]:
        """The newest queries, newest first."""
        sql = "select at, who, face, sql, datasets, commit_id, seconds, rows, error from query_log order by seq desc limit ?"
        return [
            QueryRecord(a, w, f, q, tuple(json.loads(d)), c, s, r, e)
            for a, w, f, q, d, c, s, r, e in self._database.query(sql, [limit])
        ]
