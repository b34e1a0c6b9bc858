"""What owners approved, as rows. None is ever removed: who agreed to what is part of the record."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.database import Database, Transaction, in_batches
from andon.model.approval import Approval

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table approval (dataset text not null, change_id text not null, ref text not null, commit_id text not null,"
    " who text not null, at text not null, primary key (dataset, change_id))",
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
