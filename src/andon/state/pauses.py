"""Datasets that nobody brings up to date by schedule for a while, because a person said so."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.database import Database
from andon.base.record import Record

TABLES = (
    "create table pause (branch text not null, dataset text not null, until text, why text, who text not null,"
    " at text not null, primary key (branch, dataset))",
)

#: In place of a dataset: all.
ALL = "*"


class Pause(Record):
    """A pause as recorded; `until` is None where only a person ends it."""

    dataset: str
    until: str | None
    why: str | None
    who: str
    at: str

    def is_over(self, now: str) -> bool:
        """Whether it ended by itself."""
        return self.until is not None and self.until <= now


class Pauses:
    """Writes and reads pauses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, branch: str, pauses: Iterable[Pause]) -> None:
        """Note pauses, in place of those of the same datasets."""
        noted = list(pauses)
        with self._database.write() as transaction:
            transaction.execute_many(
                "delete from pause where branch = ? and dataset = ?", [(branch, each.dataset) for each in noted]
            )
            transaction.execute_many(
                "insert into pause (branch, dataset, until, why, who, at) values (?, ?, ?, ?, ?, ?)",
                [(branch, each.dataset, each.until, each.why, each.who, each.at) for each in noted],
            )

    def end(self, branch: str, datasets: Iterable[str]) -> None:
        """Let datasets go on."""
        with self._database.write() as transaction:
            transaction.execute_many(
                "delete from pause where branch = ? and dataset = ?", [(branch, dataset) for dataset in datasets]
            )

    def of(self, branch: str, now: str) -> dict[str, Pause]:
        """The pauses of a branch that are not over at `now`, by dataset (or `ALL`)."""
        rows = self._database.query(
            "select dataset, until, why, who, at from pause where branch = ? order by dataset", [branch]
        )
        found = [Pause(*row) for row in rows]
        return {each.dataset: each for each in found if not each.is_over(now)}
