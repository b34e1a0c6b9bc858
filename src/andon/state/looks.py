"""When the datasets of a branch were last brought up to date, also where nothing new was found: then no commit says it."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.database import Database, Transaction
from andon.base.record import Record
from andon.errors import MachineError

#: What a later version added.
TABLES = ("alter table look add column data text",)

#: In place of a dataset: all of the branch, and all that no source that is asked stands above.
ALL, ALL_OF_FILES = "*", "*files"


class LastLook(Record):
    """When something was brought up to date, by a run's logical time, and the commit that the branch showed then.

    Attributes:
        data: of when its data are: earlier than `at` where something that it comes from was not brought up to date with it.
    """

    at: str
    commit: str
    data: str


class Looks:
    """Writes and reads when runs looked at what."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, transaction: Transaction, branch: str, looked: Mapping[str, LastLook]) -> None:
        """Note `{dataset, ALL or ALL_OF_FILES: look}` for a branch, in place of what was noted."""
        transaction.execute_many(
            "delete from look where branch = ? and dataset = ?", [(branch, dataset) for dataset in looked]
        )
        transaction.execute_many(
            "insert into look (branch, dataset, at, commit_id, data) values (?, ?, ?, ?, ?)",
            [(branch, dataset, look.at, look.commit, look.data) for dataset, look in looked.items()],
        )

    def keep(self, branch: str, looked: Mapping[str, LastLook]) -> None:
        """`record` by itself, for who can do without: a run that finds nothing to do is none the worse for it."""
        if not looked:
            return
        try:
            with self._database.write() as transaction:
                self.record(transaction, branch, looked)
        except MachineError as failure:
            if failure.code not in ("machine.read_only", "machine.disk"):
                raise

    def of(self, branch: str, reader: Database | Transaction | None = None) -> dict[str, LastLook]:
        """`{dataset, ALL or ALL_OF_FILES: look}` as noted for a branch."""
        sql = "select dataset, at, commit_id, data from look where branch = ?"
        rows = (reader or self._database).query(sql, [branch])
        return {str(dataset): LastLook(str(at), str(commit), str(data or at)) for dataset, at, commit, data in rows}
