"""Scheduled work that came to nothing: how often in a row, by what, on which inputs, and when it is tried again."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.database import Database, Transaction
from andon.base.record import Record

TABLES = (
    "create table attempt (branch text not null, dataset text not null, failures bigint not null, at text not null,"
    " code text not null, message text not null, again text, mark text, primary key (branch, dataset))",
)


class Attempt(Record):
    """The last attempts at a dataset, all in vain.

    Attributes:
        failures: how many in a row.
        at: when the last one ended.
        code, message: of its error.
        again: when it is tried again, where the error may pass by itself; None: when something else is there to try it on, or at its
            next slot.
        mark: what it was tried on: id of its file, its recipe and its inputs.
    """

    dataset: str
    failures: int
    at: str
    code: str
    message: str
    again: str | None = None
    mark: str | None = None


class Attempts:
    """Writes and reads attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, branch: str) -> dict[str, Attempt]:
        """By dataset of a branch."""
        rows = self._database.query(
            "select dataset, failures, at, code, message, again, mark from attempt where branch = ? order by dataset",
            [branch],
        )
        return {str(row[0]): Attempt(*row) for row in rows}

    def put(self, transaction: Transaction, branch: str, attempts: Iterable[Attempt], over: Iterable[str] = ()) -> None:
        """Note attempts, in place of what was noted.

        Args:
            over: datasets of which nothing stays noted.
        """
        noted = list(attempts)
        gone = [*(each.dataset for each in noted), *over]
        transaction.execute_many("delete from attempt where branch = ? and dataset = ?", [(branch, d) for d in gone])
        transaction.execute_many(
            "insert into attempt (branch, dataset, failures, at, code, message, again, mark)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [(branch, x.dataset, x.failures, x.at, x.code, x.message, x.again, x.mark) for x in noted],
        )
