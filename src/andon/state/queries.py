"""The log of queries: who asked what of which datasets at which commit, how long it took, how many rows came."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from andon.base.clock import Clock, to_text
from andon.base.database import Database


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One query that was asked. `face` is where: `cli`, `python`."""

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

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(
        self,
        who: str,
        face: str,
        sql: str,
        datasets: Sequence[str],
        commit: str | None,
        seconds: float,
        rows: int | None,
        error: str | None,
    ) -> None:
        """Append one line."""
        with self._database.write() as transaction:
            transaction.execute(
                "insert into query_log (seq, at, who, face, sql, datasets, commit_id, seconds, rows, error)"
                " select coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? from query_log",
                [to_text(self._clock()), who, face, sql, json.dumps(list(datasets)), commit, seconds, rows, error],
            )

    def newest(self, limit: int = 50) -> list[QueryRecord]:
        """The newest queries, newest first."""
        sql = "select at, who, face, sql, datasets, commit_id, seconds, rows, error from query_log order by seq desc limit ?"
        return [
            QueryRecord(a, w, f, q, tuple(json.loads(d)), c, s, r, e)
            for a, w, f, q, d, c, s, r, e in self._database.query(sql, [limit])
        ]
