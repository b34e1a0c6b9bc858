"""Hints by which the project gets simpler, and on what they were looked for last."""

from __future__ import annotations

from collections.abc import Iterable

from andon.base.database import Database, Transaction
from andon.state.offered import OfferRecord, OfferRows

TABLES = (
    "create table hint (number bigint primary key, key text not null unique, kind text not null, state text not null,"
    " title text not null, traits text not null, body text not null, at text not null, last_at text not null, who text,"
    " decided text, branch text, why text)",
    # on what a branch was looked at last
    "create table hint_look (branch text primary key, mark text not null)",
)


class HintRows(OfferRows):
    """Writes and reads hints."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "hint", has_why=True)

    def mark(self, branch: str) -> str:
        """On what a branch was looked at last; empty where it never was."""
        rows = self._database.query("select mark from hint_look where branch = ?", [branch])
        return str(rows[0][0]) if rows else ""

    def looked(self, branch: str, mark: str, found: Iterable[OfferRecord], lost: Iterable[int]) -> None:
        """Note what a look found, and which hints are hints no more."""
        with self._database.write() as transaction:
            for offer in found:
                self._note(transaction, offer)
            self.set_state(transaction, lost, "gone")
            if transaction.execute("update hint_look set mark = ? where branch = ?", [mark, branch]) == 0:
                transaction.execute("insert into hint_look (branch, mark) values (?, ?)", [branch, mark])

    def open_count(self) -> int:
        """How many hints are open."""
        return int(self._database.query("select count(*) from hint where state = 'open'")[0][0])

    def _note(self, transaction: Transaction, offer: OfferRecord) -> None:
        """Write a hint; one that was accepted, and is found again with state `open`, is open again."""
        if offer.number and offer.state == "open":
            transaction.execute(
                "update hint set state = 'open', who = null, decided = null, branch = null where number = ? and state = 'accepted'",
                [offer.number],
            )
        self.put(transaction, offer)
