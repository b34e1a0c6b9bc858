"""What owners approved, as rows. None is ever lost: who agreed to what, and who took that back, is part of the record."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.database import Database, Transaction, in_batches
from andon.model.approval import Approval

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table approval (dataset text not null, change_id text not null, ref text not null, commit_id text not null,"
    " who text not null, at text not null, primary key (dataset, change_id))",
)
WITHDRAWN = (
    "create table approval_withdrawn (number bigint primary key, dataset text not null, change_id text not null,"
    " ref text not null, commit_id text not null, who text not null, at text not null, withdrawn_by text not null,"
    " withdrawn text not null)",
)

_COLUMNS = "dataset, change_id, ref, commit_id, who, at"


class Approvals:
    """Writes and reads approvals."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, changes: Iterable[str], reader: Database | Transaction | None = None) -> list[Approval]:
        """The approvals of changes, by their ids.

        Args:
            reader: the transaction to read within.
        """
        found: list[Approval] = []
        for marks, batch in in_batches(set(changes)):
            rows = (reader or self._database).query(
                f"select {_COLUMNS} from approval where change_id in ({marks}) order by dataset", batch
            )
            found += [Approval(*row) for row in rows]
        return found

    def add(self, transaction: Transaction, approval: Approval) -> Approval:
        """Note an approval; the one that is there, where the change was approved before."""
        known = [each for each in self.of([approval.change], transaction) if each.dataset == approval.dataset]
        if known:
            return known[0]
        values = [approval.dataset, approval.change, approval.ref, approval.commit, approval.who, approval.at]
        transaction.execute(f"insert into approval ({_COLUMNS}) values (?, ?, ?, ?, ?, ?)", values)
        return approval

    def withdraw(self, transaction: Transaction, approval: Approval, who: str, at: str) -> None:
        """An approval stands no more; that it did, and who took it back, is kept."""
        gone = transaction.execute(
            "delete from approval where dataset = ? and change_id = ?", [approval.dataset, approval.change]
        )
        if not gone:
            return
        number = int(transaction.query("select coalesce(max(number), 0) + 1 from approval_withdrawn")[0][0])
        values = [number, approval.dataset, approval.change, approval.ref, approval.commit, approval.who, approval.at]
        transaction.execute(
            f"insert into approval_withdrawn (number, {_COLUMNS}, withdrawn_by, withdrawn)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*values, who, at],
        )
