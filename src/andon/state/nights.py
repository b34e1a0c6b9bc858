"""What is done once a night: of which night it was done last, and what came of reading the lake whole."""

from __future__ import annotations

import json

from andon.base.database import Database, Transaction
from andon.base.document import from_json, to_json
from andon.model.verification import LakeReading, Verification

TABLES = (
    "create table night (job text primary key, night text not null, at text not null)",
    "create table lake_reading (number bigint primary key, at text not null, who text not null, body text not null)",
)
#: So many commits of one damaged part are kept.
_COMMITS = 5


class Nights:
    """Writes and reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def done(self) -> dict[str, str]:
        """By job the night (a day, ISO text) of which it was done last."""
        return {str(job): str(night) for job, night in self._database.query("select job, night from night")}

    def put(self, transaction: Transaction, job: str, night: str, at: str) -> None:
        """Note that a job was done, within the transaction that gives back its claim."""
        transaction.execute("delete from night where job = ?", [job])
        transaction.execute("insert into night (job, night, at) values (?, ?, ?)", [job, night, at])

    def add_reading(self, at: str, who: str, found: Verification) -> None:
        """Note what came of reading all of the lake."""
        body = to_json(found)
        for part in body["damaged"]:
            part["touches"] = part["touches"][:_COMMITS]
        with self._database.write() as transaction:
            number = int(transaction.query("select coalesce(max(number), 0) + 1 from lake_reading")[0][0])
            transaction.execute(
                "insert into lake_reading (number, at, who, body) values (?, ?, ?, ?)",
                [number, at, who, json.dumps(body)],
            )

    def last(self) -> int:
        """The number of the newest reading; 0 before the first."""
        return int(self._database.query("select coalesce(max(number), 0) from lake_reading")[0][0])

    def readings(self, limit: int = 1) -> list[LakeReading]:
        """What came of it, the newest first."""
        rows = self._database.query("select at, who, body from lake_reading order by number desc limit ?", [limit])
        return [
            LakeReading(str(at), str(who), from_json(Verification, json.loads(body), stored=True))
            for at, who, body in rows
        ]
