"""Incidents, their signals and what happened with them, as rows. What happened is only ever added to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from andon.base.database import Database, Transaction, in_batches
from andon.base.document import to_json
from andon.base.record import Record
from andon.errors import MachineError
from andon.model.incident import (
    Incident,
    IncidentEvent,
    IncidentEventKind,
    IncidentSignal,
    IncidentState,
    IncidentVerdict,
)
from andon.model.lamp import Lamp
from andon.model.signal import SignalKind

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table incident (number bigint primary key, branch text not null, dataset text not null, kind text not null,"
    " title text not null, state text not null, lamp text not null, opened text not null, contained text, fixed text,"
    " verified text, closed text, owner text, snoozed text, verdict text, first_run bigint, first_bad text,"
    " last_good text, reopened bigint not null, part_of bigint)",
    "create index incident_state on incident (branch, state)",
    "create table incident_signal (incident bigint not null, fingerprint text not null, dataset text not null,"
    " kind text not null, subject text not null, lamp text not null, what text not null, first_at text not null,"
    " last_at text not null, times bigint not null, run bigint, cleared text, is_held integer not null,"
    " details text not null, primary key (incident, fingerprint))",
    "create index incident_signal_print on incident_signal (fingerprint)",
    "create table incident_event (seq bigint primary key, incident bigint not null, at text not null, kind text not null,"
    " who text not null, state text not null, what text not null, body text not null)",
    "create index incident_event_incident on incident_event (incident, seq)",
    # how far the records of a branch were read for signals: up to which run but for those that went on, and at which commit
    "create table seen_run (branch text primary key, number bigint not null, waiting text not null, commit_id text not null)",
)

_INCIDENT = (
    "number, branch, dataset, kind, title, state, lamp, opened, contained, fixed, verified, closed, owner, snoozed,"
    " verdict, first_run, first_bad, last_good, reopened, part_of"
)
_SIGNAL = "fingerprint, dataset, kind, subject, lamp, what, first_at, last_at, times, run, cleared, is_held, details"
_EVENT = "seq, incident, at, kind, who, state, what, body"


class Seen(Record):
    """How far the records of a branch were read for signals.

    Attributes:
        number: up to which run, but for those that went on then (`waiting`).
        commit: the branch's commit then.
    """

    number: int
    waiting: tuple[int, ...]
    commit: str


class Incidents:
    """Writes and reads incidents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading: of what a transaction may have written, by its reader

    def find(self, number: int, reader: Database | Transaction | None = None) -> Incident | None:
        """The incident of this number, or None."""
        rows = (reader or self._database).query(f"select {_INCIDENT} from incident where number = ?", [number])
        return _incident(rows[0]) if rows else None

    def standing(self, branch: str | None = None, reader: Database | Transaction | None = None) -> list[Incident]:
        """The incidents that are not over, of a branch or of all, oldest first."""
        where, values = ("and branch = ?", [branch]) if branch is not None else ("", [])
        sql = f"select {_INCIDENT} from incident where state <> 'closed' {where} order by number"
        return [_incident(row) for row in (reader or self._database).query(sql, values)]

    def over(self, branch: str, limit: int) -> list[Incident]:
        """The newest incidents of a branch that are over, newest first."""
        sql = f"select {_INCIDENT} from incident where branch = ? and state = 'closed' order by number desc limit ?"
        return [_incident(row) for row in self._database.query(sql, [branch, limit])]

    def newest(self, limit: int = 50, before: int | None = None) -> list[Incident]:
        """The newest incidents, newest first; only those below `before`, if given."""
        where, values = ("where number < ?", [before]) if before is not None else ("", [])
        sql = f"select {_INCIDENT} from incident {where} order by number desc limit ?"
        return [_incident(row) for row in self._database.query(sql, [*values, limit])]

    def since(self, moment: str) -> list[Incident]:
        """Those that were opened at `moment` (ISO text) or later, or closed since, or stand; oldest first."""
        sql = f"select {_INCIDENT} from incident where opened >= ? or closed >= ? or state <> 'closed' order by number"
        return [_incident(row) for row in self._database.query(sql, [moment, moment])]

    def of_signals(
        self, fingerprints: Iterable[str], reader: Database | Transaction | None = None
    ) -> dict[str, Incident]:
        """By fingerprint the newest incident that has such a signal."""
        found: dict[str, Incident] = {}
        for marks, batch in in_batches(fingerprints):
            sql = (
                f"select s.fingerprint, {_prefixed(_INCIDENT, 'i')} from incident_signal s"
                f" join incident i on i.number = s.incident where s.fingerprint in ({marks}) order by i.number"
            )
            found.update({row[0]: _incident(row[1:]) for row in (reader or self._database).query(sql, batch)})
        return found

    def signals(
        self, numbers: Iterable[int], reader: Database | Transaction | None = None
    ) -> dict[int, list[IncidentSignal]]:
        """The signals of incidents, by number, in the order in which they came."""
        found: dict[int, list[IncidentSignal]] = {number: [] for number in numbers}
        for marks, batch in in_batches(str(number) for number in found):
            sql = (
                f"select incident, {_SIGNAL} from incident_signal where incident in ({marks})"
                " order by first_at, dataset, fingerprint"
            )
            for row in (reader or self._database).query(sql, [int(number) for number in batch]):
                found[row[0]].append(_signal(row[1:]))
        return found

    def events(self, number: int) -> list[IncidentEvent]:
        """What happened with an incident, in order."""
        sql = f"select {_EVENT} from incident_event where incident = ? order by seq"
        return [_event(row) for row in self._database.query(sql, [number])]

    def events_of(self, numbers: Iterable[int]) -> dict[int, list[IncidentEvent]]:
        """What happened with incidents, by number, in order."""
        found: dict[int, list[IncidentEvent]] = {number: [] for number in numbers}
        for marks, batch in in_batches(str(number) for number in found):
            sql = f"select {_EVENT} from incident_event where incident in ({marks}) order by seq"
            for row in self._database.query(sql, [int(number) for number in batch]):
                found[row[1]].append(_event(row))
        return found

    def events_after(self, seq: int, limit: int = 1000) -> list[IncidentEvent]:
        """What happened with any incident after `seq`, in order."""
        sql = f"select {_EVENT} from incident_event where seq > ? order by seq limit ?"
        return [_event(row) for row in self._database.query(sql, [seq, limit])]

    def seen(self, reader: Database | Transaction, branch: str) -> Seen | None:
        """How far the records of a branch were read for signals; None where nobody did yet.

        Raises:
            MachineError: `lake.corrupt` for what no Andon wrote.
        """
        rows = reader.query("select number, waiting, commit_id from seen_run where branch = ?", [branch])
        if not rows:
            return None
        number, waiting, commit = rows[0]
        try:
            return Seen(int(number), tuple(int(n) for n in waiting.split()), commit)
        except (ValueError, AttributeError) as error:
            raise MachineError("lake.corrupt", "`seen_run` of the catalog is damaged", hint="`andon doctor`") from error

    def judged(self, branch: str, reader: Database | Transaction | None = None) -> list[Incident]:
        """The incidents that somebody closed while a signal of theirs stood, which it does since."""
        sql = (
            f"select {_INCIDENT} from incident where branch = ? and state = 'closed' and number in"
            " (select incident from incident_signal where cleared is null) order by number"
        )
        return [_incident(row) for row in (reader or self._database).query(sql, [branch])]

    def is_settled(self, branch: str, commit: str) -> bool:
        """Whether all runs of a branch, and its commit, were read for signals, and nothing is wrong or held there: the way of most runs."""
        seen = self.seen(self._database, branch)
        if seen is None or seen.waiting or seen.commit != commit:
            return False
        sql = (
            "select 1 from run where branch = ? and number > ?"
            " union all select 1 from cord where branch = ? and released is null"
            " union all select 1 from incident where branch = ? and (state <> 'closed' or number in"
            " (select incident from incident_signal where cleared is null)) limit 1"
        )
        return not self._database.query(sql, [branch, seen.number, branch, branch])

    def branches(self) -> list[str]:
        """The branches on which an incident stands."""
        sql = "select distinct branch from incident where state <> 'closed' order by branch"
        return [row[0] for row in self._database.query(sql)]

    def newest_seq(self) -> int:
        """The `seq` of what happened last with any incident; 0 where nothing ever did."""
        return int(self._database.query("select coalesce(max(seq), 0) from incident_event")[0][0])

    def of_numbers(self, numbers: Iterable[int]) -> dict[int, Incident]:
        """The incidents of these numbers, as far as there are."""
        found: dict[int, Incident] = {}
        for marks, batch in in_batches(str(number) for number in numbers):
            sql = f"select {_INCIDENT} from incident where number in ({marks})"
            found.update(
                {row[0]: _incident(row) for row in self._database.query(sql, [int(number) for number in batch])}
            )
        return found

    # -- writing, within a transaction of whoever decided

    def mark_seen(self, transaction: Transaction, branch: str, seen: Seen) -> None:
        """Note how far the records of a branch were read."""
        transaction.execute("delete from seen_run where branch = ?", [branch])
        transaction.execute(
            "insert into seen_run (branch, number, waiting, commit_id) values (?, ?, ?, ?)",
            [branch, seen.number, " ".join(str(number) for number in seen.waiting), seen.commit],
        )

    def drop_signals(self, transaction: Transaction, number: int, fingerprints: Iterable[str]) -> None:
        """Forget signals that are another incident's now."""
        transaction.execute_many(
            "delete from incident_signal where incident = ? and fingerprint = ?", [(number, f) for f in fingerprints]
        )

    def next_number(self, transaction: Transaction) -> int:
        """The number of the next incident."""
        return int(transaction.query("select coalesce(max(number), 0) + 1 from incident")[0][0])

    def put(self, transaction: Transaction, incident: Incident) -> None:
        """Write an incident, in place of what was written of its number."""
        transaction.execute("delete from incident where number = ?", [incident.number])
        values = list(to_json(incident).values())
        marks = ", ".join("?" for _ in values)
        transaction.execute(f"insert into incident ({_INCIDENT}) values ({marks})", values)

    def put_signals(self, transaction: Transaction, number: int, signals: Sequence[IncidentSignal]) -> None:
        """Write signals of an incident, each in place of what was written of its fingerprint."""
        transaction.execute_many(
            "delete from incident_signal where incident = ? and fingerprint = ?",
            [(number, signal.fingerprint) for signal in signals],
        )
        transaction.execute_many(
            f"insert into incident_signal (incident, {_SIGNAL}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number,
                    s.fingerprint,
                    s.dataset,
                    str(s.kind),
                    s.subject,
                    str(s.lamp),
                    s.what,
                    s.first,
                    s.last,
                    s.times,
                    s.run,
                    s.cleared,
                    int(s.is_held),
                    json.dumps(s.details),
                )
                for s in signals
            ],
        )

    def add_event(self, transaction: Transaction, event: IncidentEvent) -> IncidentEvent:
        """Add what happened; its `seq` is given here, and returned with it."""
        seq = int(transaction.query("select coalesce(max(seq), 0) + 1 from incident_event")[0][0])
        values = [seq, event.incident, event.at, str(event.kind), event.who, str(event.state), event.what]
        transaction.execute(
            f"insert into incident_event ({_EVENT}) values (?, ?, ?, ?, ?, ?, ?, ?)", [*values, json.dumps(event.body)]
        )
        return IncidentEvent(seq, event.incident, event.at, event.kind, event.who, event.state, event.what, event.body)


def _prefixed(columns: str, table: str) -> str:
    return ", ".join(f"{table}.{column.strip()}" for column in columns.split(","))


def _incident(row: tuple[Any, ...]) -> Incident:
    values = list(row)
    values[3], values[5], values[6] = SignalKind(row[3]), IncidentState(row[5]), Lamp(row[6])
    values[14] = IncidentVerdict(row[14]) if row[14] is not None else None
    return Incident(*values)


def _signal(row: tuple[Any, ...]) -> IncidentSignal:
    print_, dataset, kind, subject, lamp, what, first, last, times, run, cleared, is_held, details = row
    return IncidentSignal(
        print_,
        dataset,
        SignalKind(kind),
        subject,
        Lamp(lamp),
        what,
        first,
        last,
        times,
        run,
        cleared,
        bool(is_held),
        json.loads(details),
    )


def _event(row: tuple[Any, ...]) -> IncidentEvent:
    seq, incident, at, kind, who, state, what, body = row
    return IncidentEvent(seq, incident, at, IncidentEventKind(kind), who, IncidentState(state), what, json.loads(body))
