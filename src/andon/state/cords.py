"""Cords that people pulled, as rows. None is ever removed: who held what, and why, is part of the record."""

from __future__ import annotations

from andon.base.database import Database, Transaction
from andon.model.cord import Cord

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table cord (number bigint primary key, branch text not null, dataset text not null, reason text not null,"
    " who text not null, pulled text not null, released text, released_by text, note text)",
    "create index cord_standing on cord (branch, released)",
)

_COLUMNS = "number, branch, dataset, reason, who, pulled, released, released_by, note"


class Cords:
    """Writes and reads cords."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, branch: str, reader: Database | Transaction | None = None) -> list[Cord]:
        """The cords that hold something of a branch, in the order in which they were pulled.

        Args:
            reader: the transaction to read within.
        """
        sql = f"select {_COLUMNS} from cord where branch = ? and released is null order by number"
        return [Cord(*row) for row in (reader or self._database).query(sql, [branch])]

    def of_dataset(self, branch: str, dataset: str) -> list[Cord]:
        """All cords of a dataset there ever were on a branch, the newest first."""
        sql = f"select {_COLUMNS} from cord where branch = ? and dataset = ? order by number desc"
        return [Cord(*row) for row in self._database.query(sql, [branch, dataset])]

    def pull(self, transaction: Transaction, cord: Cord) -> Cord:
        """Write a cord; its number is given here, and returned with it."""
        number = int(transaction.query("select coalesce(max(number), 0) + 1 from cord")[0][0])
        values = [number, cord.branch, cord.dataset, cord.reason, cord.who, cord.pulled]
        transaction.execute(
            "insert into cord (number, branch, dataset, reason, who, pulled) values (?, ?, ?, ?, ?, ?)", values
        )
        return Cord(number, cord.branch, cord.dataset, cord.reason, cord.who, cord.pulled)

    def release(self, transaction: Transaction, cord: Cord, at: str, who: str, note: str | None) -> Cord:
        """Let what a cord holds go on."""
        transaction.execute(
            "update cord set released = ?, released_by = ?, note = ? where number = ? and released is null",
            [at, who, note, cord.number],
        )
        return Cord(cord.number, cord.branch, cord.dataset, cord.reason, cord.who, cord.pulled, at, who, note)
