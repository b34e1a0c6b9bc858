"""What is offered to people, as rows: each is decided about once, by whoever is first, and keeps its number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from andon.base.database import Database, Transaction
from andon.base.record import Record

_FIELDS = "number, key, kind, state, title, traits, body, at, last_at, who, decided, branch"


class OfferRecord(Record):
    """An offer.

    Attributes:
        number: by which people name it. key: by which it is known again.
        kind: `query`, `run`, `files`, `correction`; of hints a `HintKind`.
        state: `open`, `accepted`, `dismissed`, `answered` where something does it already, or `gone` where nothing speaks for it any more.
        traits: what it consists of. body: all of what was recognised, as JSON.
        at: when it was first offered; `last` when it was last done by hand (ISO texts).
        who, decided: who decided, and when; `branch` with what was accepted, or what does it already.
        why: what was said of the decision.
    """

    number: int
    key: str
    kind: str
    state: str
    title: str
    traits: frozenset[str]
    body: str
    at: str
    last: str
    who: str | None = None
    decided: str | None = None
    branch: str | None = None
    why: str | None = None


class OfferRows:
    """Writes and reads the offers of one table.

    Args:
        table: its name.
        has_why: whether it keeps what was said of a decision.
    """

    def __init__(self, database: Database, table: str, *, has_why: bool = False) -> None:
        self._database = database
        self._table = table
        self._fields = f"{_FIELDS}, why" if has_why else _FIELDS
        self._has_why = has_why

    def all(self) -> list[OfferRecord]:
        """All offers, whatever became of them, by number."""
        rows = self._database.query(f"select {self._fields} from {self._table} order by number")
        return [_offer(row) for row in rows]

    def find(self, number: int) -> OfferRecord | None:
        """The offer of this number, or None."""
        rows = self._database.query(f"select {self._fields} from {self._table} where number = ?", [number])
        return _offer(rows[0]) if rows else None

    def put(self, transaction: Transaction, offer: OfferRecord) -> OfferRecord:
        """Write an offer in place of that of its key; returns it with its number. One that somebody decided about stays decided."""
        rows = transaction.query(f"select number, state from {self._table} where key = ?", [offer.key])
        if rows:
            number, state = rows[0]
            kept = state if state in ("accepted", "dismissed") else offer.state
            transaction.execute(
                f"update {self._table} set state = ?, title = ?, traits = ?, body = ?, last_at = ? where number = ?",
                [kept, offer.title, _traits(offer.traits), offer.body, offer.last, number],
            )
            if kept == offer.state:
                transaction.execute(f"update {self._table} set branch = ? where number = ?", [offer.branch, number])
        else:
            number = int(transaction.query(f"select coalesce(max(number), 0) + 1 from {self._table}")[0][0])
            values = [number, offer.key, offer.kind, offer.state, offer.title, _traits(offer.traits), offer.body]
            transaction.execute(
                f"insert into {self._table} ({_FIELDS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, ?)",
                [*values, offer.at, offer.last, offer.branch],
            )
        return _offer(transaction.query(f"select {self._fields} from {self._table} where number = ?", [number])[0])

    def set_state(self, transaction: Transaction, numbers: Iterable[int], state: str) -> None:
        """Give offers that nobody decided about another state."""
        transaction.execute_many(
            f"update {self._table} set state = ? where number = ? and state in ('open', 'gone')",
            [(state, number) for number in numbers],
        )

    def decide(
        self, offer: OfferRecord, state: str, who: str, at: str, branch: str | None = None, why: str | None = None
    ) -> bool:
        """Note what somebody decided; False, and nothing is noted, where somebody else decided since `offer` was read."""
        more, given = (", why = ?", [why]) if self._has_why else ("", [])
        with self._database.write() as transaction:
            count = transaction.execute(
                f"update {self._table} set state = ?, who = ?, decided = ?, branch = ?{more} where number = ?"
                " and state = ? and coalesce(decided, '') = ?",
                [state, who, at, branch, *given, offer.number, offer.state, offer.decided or ""],
            )
        return count == 1


def _traits(traits: frozenset[str]) -> str:
    return json.dumps(sorted(traits), ensure_ascii=False)


def _offer(row: Sequence[Any]) -> OfferRecord:
    number, key, kind, state, title, traits, *rest = row
    return OfferRecord(number, key, kind, state, title, frozenset(json.loads(traits)), *rest)
