"""Corrective actions as rows, and the switch that stops those that are automatic."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from andon.base.clock import from_text, to_text
from andon.base.database import Database, Transaction, in_batches
from andon.model.action import ActionKind, ActionMode, ActionOutcome, CorrectiveAction, Freeze

#: The tables, for the numbered steps of `andon.state.schema`.
TABLES = (
    "create table corrective_action (seq bigint primary key, incident bigint not null, dataset text not null,"
    " branch text not null, at text not null, ended text, action text not null, actor text not null, mode text not null,"
    " playbook text, params text not null, aims text not null, before_commit text, after_commit text,"
    " outcome text not null, why text not null, undone_at text, process text not null, is_interrupted integer not null)",
    "create index corrective_action_incident on corrective_action (incident)",
    "create index corrective_action_at on corrective_action (at)",
    "create table frozen (name text primary key, who text not null, at text not null, why text not null)",
)

_COLUMNS = (
    "seq, incident, dataset, branch, at, action, actor, mode, playbook, params, aims, before_commit, after_commit,"
    " outcome, why, ended, undone_at, process, is_interrupted"
)
_ALL = "*"
#: So far back is looked whether what was verified was taken back since.
UNDONE = timedelta(days=14)


class Actions:
    """Writes and reads corrective actions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading

    def find(self, seq: int, reader: Database | Transaction | None = None) -> CorrectiveAction | None:
        """The action of this number, or None."""
        rows = (reader or self._database).query(f"select {_COLUMNS} from corrective_action where seq = ?", [seq])
        return _action(rows[0]) if rows else None

    def newest(
        self, limit: int = 100, incident: int | None = None, reader: Database | Transaction | None = None
    ) -> list[CorrectiveAction]:
        """The newest actions, newest first; of one incident, if given."""
        where, values = ("where incident = ?", [incident]) if incident is not None else ("", [])
        sql = f"select {_COLUMNS} from corrective_action {where} order by seq desc limit ?"
        return [_action(row) for row in (reader or self._database).query(sql, [*values, limit])]

    def of_incidents(self, numbers: Iterable[int]) -> dict[int, list[CorrectiveAction]]:
        """The actions of incidents, oldest first."""
        found: dict[int, list[CorrectiveAction]] = {number: [] for number in numbers}
        for marks, batch in in_batches(str(number) for number in found):
            sql = f"select {_COLUMNS} from corrective_action where incident in ({marks}) order by seq"
            for row in self._database.query(sql, [int(number) for number in batch]):
                found[row[1]].append(_action(row))
        return found

    def of_playbooks(self, playbooks: Iterable[str]) -> list[CorrectiveAction]:
        """All that playbooks (by id) ever asked for, oldest first."""
        found: list[CorrectiveAction] = []
        for marks, batch in in_batches(playbooks):
            sql = f"select {_COLUMNS} from corrective_action where playbook in ({marks})"
            found += [_action(row) for row in self._database.query(sql, batch)]
        return sorted(found, key=lambda action: action.seq)

    def since(self, moment: str, reader: Database | Transaction | None = None) -> list[CorrectiveAction]:
        """Those that were begun at `moment` (ISO text) or later, oldest first."""
        sql = f"select {_COLUMNS} from corrective_action where at >= ? order by seq"
        return [_action(row) for row in (reader or self._database).query(sql, [moment])]

    def running(self, reader: Database | Transaction | None = None) -> list[CorrectiveAction]:
        """Those of which nobody knows yet what came of them, on all branches, oldest first."""
        sql = f"select {_COLUMNS} from corrective_action where outcome = ? order by seq"
        return [_action(row) for row in (reader or self._database).query(sql, [str(ActionOutcome.RUNNING)])]

    def verified(self, moment: str) -> list[CorrectiveAction]:
        """Those that were begun at `moment` (ISO text) or later, were verified, and are not taken back as far as is known; oldest first."""
        sql = (
            f"select {_COLUMNS} from corrective_action where outcome = ? and at >= ? and undone_at is null"
            " and after_commit is not null order by seq"
        )
        return [_action(row) for row in self._database.query(sql, [str(ActionOutcome.VERIFIED), moment])]

    def pausing(self) -> list[CorrectiveAction]:
        """Those that paused something and did not let it go on yet, on all branches, oldest first."""
        sql = f"select {_COLUMNS} from corrective_action where action = ? and outcome = ? and undone_at is null order by seq"
        return [_action(row) for row in self._database.query(sql, [str(ActionKind.PAUSE), str(ActionOutcome.DONE)])]

    def is_idle(self, branch: str, now: str) -> bool:
        """Whether there is nothing to do about a branch, nor to bring to an end on any: the way of most passes.

        Args:
            now: what was verified lately may still be taken back (ISO text).
        """
        sql = (
            "select 1 from incident where branch = ? and state <> 'closed'"
            " union all select 1 from corrective_action where (outcome = ? or (outcome = ? and at >= ?)"
            " or (action = ? and outcome = ?)) and undone_at is null limit 1"
        )
        since = to_text(from_text(now) - UNDONE)
        running, verified, done = str(ActionOutcome.RUNNING), str(ActionOutcome.VERIFIED), str(ActionOutcome.DONE)
        return not self._database.query(sql, [branch, running, verified, since, str(ActionKind.PAUSE), done])

    def freeze(self, reader: Database | Transaction | None = None) -> Freeze | None:
        """Who stopped all automatic action, if somebody did."""
        rows = (reader or self._database).query("select who, at, why from frozen where name = ?", [_ALL])
        return Freeze(*rows[0]) if rows else None

    # -- writing, within a transaction of whoever decided

    def begin(self, transaction: Transaction, action: CorrectiveAction) -> CorrectiveAction:
        """Write an action; its `seq` is given here, and returned with it."""
        seq = int(transaction.query("select coalesce(max(seq), 0) + 1 from corrective_action")[0][0])
        given = _values(action)
        marks = ", ".join("?" for _ in range(len(given) + 1))
        transaction.execute(f"insert into corrective_action ({_COLUMNS}) values ({marks})", [seq, *given])
        return _action((seq, *given))

    def put(self, transaction: Transaction, action: CorrectiveAction) -> None:
        """Write an action in place of what was written of its number."""
        transaction.execute("delete from corrective_action where seq = ?", [action.seq])
        given = _values(action)
        marks = ", ".join("?" for _ in range(len(given) + 1))
        transaction.execute(f"insert into corrective_action ({_COLUMNS}) values ({marks})", [action.seq, *given])

    def set_freeze(self, transaction: Transaction, freeze: Freeze | None) -> None:
        """Stop all automatic action, or let it go on."""
        transaction.execute("delete from frozen where name = ?", [_ALL])
        if freeze is not None:
            values = [_ALL, freeze.who, freeze.at, freeze.why]
            transaction.execute("insert into frozen (name, who, at, why) values (?, ?, ?, ?)", values)


def _values(action: CorrectiveAction) -> list[Any]:
    return [
        action.incident,
        action.dataset,
        action.branch,
        action.at,
        str(action.action),
        action.actor,
        str(action.mode),
        action.playbook,
        json.dumps(action.params),
        json.dumps(action.aims),
        action.before,
        action.after,
        str(action.outcome),
        action.why,
        action.ended,
        action.undone_at,
        action.process,
        int(action.is_interrupted),
    ]


def _action(row: Sequence[Any]) -> CorrectiveAction:
    values = list(row)
    values[5], values[7], values[13] = ActionKind(row[5]), ActionMode(row[7]), ActionOutcome(row[13])
    values[9], values[10], values[18] = json.loads(row[9]), tuple(json.loads(row[10])), bool(row[18])
    return CorrectiveAction(*values)
