"""Offers to automate work; how far the log of queries was looked through for them; how runs were asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable

from andon.base.database import Database, Transaction, in_batches
from andon.base.record import Record
from andon.state.offered import OfferRecord, OfferRows
from andon.state.queries import UNASKED

__all__ = ["TABLES", "AskedLine", "AskedShape", "CorrectionRow", "OfferRecord", "Offers"]

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table offer (number bigint primary key, key text not null, kind text not null, state text not null,"
    " title text not null, traits text not null, body text not null, at text not null, last_at text not null, who text,"
    " decided text, branch text)",
    "create unique index offer_key on offer (key)",
    # the newest lines of a question are found without the others
    "drop index query_log_shape",
    "create index query_log_asked on query_log (shape, seq)",
    # what came of looking at a question, and on which day
    "create table judged_question (shape text primary key, day text not null, verdict text not null)",
    # how far the log of queries was looked through
    "create table seen_query (name text primary key, seq bigint not null)",
)

_PEOPLES = f"error is null and shape is not null and face not in ({', '.join('?' * len(UNASKED))})"


class AskedShape(Record):
    """How often questions of a shape were asked in some lines of the log.

    Attributes:
        is_one_person: whether by one person alone.
    """

    shape: str
    times: int
    is_one_person: bool
    first_day: str
    last_day: str


class AskedLine(Record):
    """A question as it stands in the log."""

    seq: int
    at: str
    who: str
    face: str
    shape: str
    exact: str
    sql: str
    datasets: tuple[str, ...]


class CorrectionRow(Record):
    """Something that was done about an incident; `params` as JSON."""

    seq: int
    at: str
    incident: int
    kind: str
    dataset: str
    action: str
    actor: str
    mode: str
    outcome: str
    params: str
    is_undone: bool


class Offers(OfferRows):
    """Writes and reads offers, and reads what they are made from."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "offer")

    # -- questions

    def seen_query(self, reader: Database | Transaction | None = None) -> int:
        """The line up to which the log of queries was looked through; 0 at first."""
        rows = (reader or self._database).query("select seq from seen_query where name = 'questions'")
        return int(rows[0][0]) if rows else 0

    def see_query(self, transaction: Transaction, seq: int) -> None:
        """Note how far the log was looked through."""
        if transaction.execute("update seen_query set seq = ? where name = 'questions'", [seq]) == 0:
            transaction.execute("insert into seen_query (name, seq) values ('questions', ?)", [seq])

    def shapes(self, above: int, most: int, least: int) -> list[AskedShape]:
        """What was asked in the lines above `above`, up to line `most`, `least` times or more."""
        sql = (
            "select shape, count(*), min(who), max(who), min(substr(at, 1, 10)), max(substr(at, 1, 10)) from query_log"
            f" where seq > ? and seq <= ? and {_PEOPLES} group by shape having count(*) >= ?"
        )
        rows = self._database.query(sql, [above, most, *UNASKED, least])
        return [AskedShape(shape, n, one == other, first, last) for shape, n, one, other, first, last in rows]

    def asked_often(self, shapes: Iterable[str], least: int) -> set[str]:
        """Those of the shapes that are in the log `least` times or more."""
        found: set[str] = set()
        for marks, batch in in_batches(shapes):
            sql = f"select shape from query_log where shape in ({marks}) group by shape having count(*) >= ?"
            found |= {row[0] for row in self._database.query(sql, [*batch, least])}
        return found

    def lines_of(self, shape: str, most: int) -> list[AskedLine]:
        """The newest answered lines of a shape, `most` of them, oldest first."""
        sql = (
            "select seq, at, who, face, shape, exact, sql, datasets from query_log where shape = ? and error is null"
            " order by seq desc limit ?"
        )
        rows = self._database.query(sql, [shape, most])
        return [
            AskedLine(seq, at, who, face, mark, exact, text, tuple(json.loads(read)))
            for seq, at, who, face, mark, exact, text, read in reversed(rows)
        ]

    def judged(self, shapes: Iterable[str]) -> dict[str, tuple[str, str]]:
        """What came of looking at questions: `{shape: (day, verdict)}`."""
        found: dict[str, tuple[str, str]] = {}
        for marks, batch in in_batches(shapes):
            sql = f"select shape, day, verdict from judged_question where shape in ({marks})"
            found.update({shape: (day, verdict) for shape, day, verdict in self._database.query(sql, batch)})
        return found

    def judge(self, transaction: Transaction, verdicts: dict[str, tuple[str, str]]) -> None:
        """Note what came of looking at questions, in place of what was noted."""
        transaction.execute_many("delete from judged_question where shape = ?", [(shape,) for shape in verdicts])
        transaction.execute_many(
            "insert into judged_question (shape, day, verdict) values (?, ?, ?)",
            [(shape, day, verdict) for shape, (day, verdict) in verdicts.items()],
        )

    # -- corrections

    def corrections(self) -> list[CorrectionRow]:
        """What was done about incidents, oldest first; nothing where no actions are recorded."""
        if not self._database.has_table("corrective_action"):
            return []
        sql = (
            "select a.seq, a.at, a.incident, i.kind, a.dataset, a.action, a.actor, a.mode, a.outcome, a.params, a.undone_at"
            " from corrective_action a join incident i on i.number = a.incident order by a.seq"
        )
        return [
            CorrectionRow(seq, at, number, kind, dataset, action, actor, mode, outcome, params, undone is not None)
            for seq, at, number, kind, dataset, action, actor, mode, outcome, params, undone in self._database.query(
                sql
            )
        ]

    def incidents(self) -> list[tuple[int, str, str, str | None]]:
        """`(number, kind, dataset, verdict)` of all incidents, oldest first."""
        sql = "select number, kind, dataset, verdict from incident order by number"
        return [(number, kind, dataset, verdict) for number, kind, dataset, verdict in self._database.query(sql)]

    def incident_states(self) -> list[tuple[int, str, str]]:
        """`(number, at, state)` of each change of an incident's state, in the order in which they came."""
        sql = "select incident, at, state from incident_event where kind = 'state' order by seq"
        return [(number, at, state) for number, at, state in self._database.query(sql)]
