"""What the scheduler decided, and when somebody looked: of each dataset what changed, and of each pass that it was made."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from andon.base.clock import from_text, to_text
from andon.base.database import Database, Row
from andon.base.record import Record
from andon.model.decision import Decision, DueStanding

TABLES = (
    "create table schedule_pass (seq bigint primary key, branch text not null, cause text not null, who text not null,"
    " began text not null, last text not null, times bigint not null, gap real not null, due bigint not null)",
    "create index schedule_pass_branch on schedule_pass (branch, last)",
    "create table decision (branch text not null, dataset text not null, seq bigint not null, at text not null,"
    " standing text not null, reason text not null, rule text, slot text, next text, serves text not null,"
    " held text, primary key (branch, dataset, seq))",
    "create index decision_at on decision (at)",
)

#: Passes that find nothing are one line while they come no rarer than that, as a multiple of how they came.
_REGULAR = 2.0
#: And this many seconds later than that.
_TOLERATED = 60.0
#: So long it is known what was decided; what is still in force stays.
_KEPT = timedelta(days=400)

#: `serves` of most.
_NOBODY = "[]"

_LINE = "seq, branch, cause, who, began, last, times, gap, due"
_DECISION = "dataset, standing, reason, rule, slot, next, serves, held"


class PassLine(Record):
    """A pass that found something, and those after it that found nothing more, as long as they came regularly.

    Attributes:
        cause: what made it: `up`, or the name that its trigger gives itself.
        began, last: of the first pass and of the last one (ISO text).
        times: how many they are.
        gap: the most seconds from one to the next.
        due: how many datasets were due at the first.
    """

    seq: int
    branch: str
    cause: str
    who: str
    began: str
    last: str
    times: int
    gap: float
    due: int

    @property
    def cadence(self) -> float | None:
        """Seconds from one pass to the next, on average; None where there was but one."""
        if self.times < 2:
            return None
        return (from_text(self.last) - from_text(self.began)).total_seconds() / (self.times - 1)


class Decisions:
    """Writes and reads what was decided."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_force(self, branch: str) -> dict[str, Decision]:
        """The newest decision of each dataset of which more was ever decided than that nothing above it changed."""
        sql = (
            f"select {_DECISION} from decision d where branch = ? and seq ="
            " (select max(seq) from decision n where n.branch = d.branch and n.dataset = d.dataset)"
        )
        return {str(row[0]): _decision(row) for row in self._database.query(sql, [branch])}

    def at(self, branch: str, dataset: str, moment: str) -> tuple[str, Decision] | None:
        """What was in force of a dataset at a moment, and since when; None where nothing had been decided by then."""
        sql = (
            f"select {_DECISION}, at from decision where branch = ? and dataset = ? and at <= ?"
            " order by seq desc limit 1"
        )
        rows = self._database.query(sql, [branch, dataset, moment])
        return (str(rows[0][-1]), _decision(rows[0])) if rows else None

    def passes(self, branch: str, limit: int = 50) -> list[PassLine]:
        """The newest lines of passes, newest first."""
        sql = f"select {_LINE} from schedule_pass where branch = ? order by last desc, seq desc limit ?"
        return [PassLine(*row) for row in self._database.query(sql, [branch, limit])]

    def around(self, branch: str, moment: str) -> tuple[PassLine | None, PassLine | None]:
        """The newest line that began by `moment`, and the first that began after it."""
        before = f"select {_LINE} from schedule_pass where branch = ? and began <= ? order by last desc limit 1"
        after = f"select {_LINE} from schedule_pass where branch = ? and began > ? order by began limit 1"
        found = [self._database.query(sql, [branch, moment]) for sql in (before, after)]
        first, second = (PassLine(*rows[0]) if rows else None for rows in found)
        return first, second

    def newest_line(self) -> int:
        """The number of the newest line of passes, of any branch; 0 where there is none. What is decided anew has a line of its own."""
        return int(self._database.query("select coalesce(max(seq), 0) from schedule_pass")[0][0])

    def note(self, branch: str, cause: str, who: str, at: str, due: int, changes: Iterable[Decision]) -> int | None:
        """Note a pass at `at`, and what it decided anew; returns the number of its line where that is a new one.

        Args:
            due: how many datasets it found due.
        """
        changed = list(changes)
        with self._database.write() as transaction:
            rows = transaction.query(
                f"select {_LINE} from schedule_pass where branch = ? and cause = ? and who = ? order by seq desc limit 1",
                [branch, cause, who],
            )
            last = PassLine(*rows[0]) if rows else None
            gap = (from_text(at) - from_text(last.last)).total_seconds() if last is not None else 0.0
            if last is not None and not changed and 0 <= gap <= _allowed(last):
                transaction.execute(
                    "update schedule_pass set last = ?, times = times + 1, gap = ? where seq = ?",
                    [at, max(gap, last.gap), last.seq],
                )
                return None
            seq = int(transaction.query("select coalesce(max(seq), 0) + 1 from schedule_pass")[0][0])
            # how often it came is known of the line before
            known = last.gap if last is not None and 0 <= gap <= _allowed(last) else 0.0
            transaction.execute(
                f"insert into schedule_pass ({_LINE}) values (?, ?, ?, ?, ?, ?, 1, ?, ?)",
                [seq, branch, cause, who, at, at, max(known, gap) if known else 0.0, due],
            )
            transaction.execute_many(
                f"insert into decision (branch, seq, at, {_DECISION}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(branch, seq, at, *_row(decision)) for decision in changed],
            )
            old = to_text(from_text(at) - _KEPT)
            transaction.execute("delete from schedule_pass where last < ?", [old])
            transaction.execute(
                "delete from decision where at < ? and exists (select 1 from decision n where n.branch = decision.branch"
                " and n.dataset = decision.dataset and n.seq > decision.seq)",
                [old],
            )
        return seq


def _allowed(line: PassLine) -> float:
    """So many seconds after its last pass another one belongs to a line; of one pass nothing is known, and an hour is regular."""
    return max(_REGULAR * line.gap, line.gap + _TOLERATED) if line.gap else 3600.0 + _TOLERATED


def _row(d: Decision) -> Row:
    return d.dataset, str(d.standing), d.reason, d.rule, d.slot, d.next, json.dumps(d.serves), d.held


def _decision(row: Row) -> Decision:
    dataset, standing, reason, rule, slot, coming, serves, held = row[:8]
    return Decision(
        dataset,
        DueStanding(standing),
        reason,
        rule,
        slot,
        coming,
        tuple(json.loads(serves)) if serves != _NOBODY else (),
        held,
    )
