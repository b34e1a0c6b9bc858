"""RunLog and their tasks, as rows."""

from __future__ import annotations

import json
from collections.abc import Sequence

from andon.base.clock import Clock, to_text
from andon.base.database import Database, Transaction
from andon.base.process import is_gone, this_process
from andon.base.record import Record
from andon.model.run import TaskResult, TaskStatus


class RunRecord(Record):
    """A run as recorded. `status` is `running`, `done`, `held`, `failed`, `interrupted`, or `moved` (planned again)."""

    number: int
    branch: str
    base: str
    kind: str
    author: str
    started: str
    ended: str | None
    status: str
    commit: str | None
    published: bool
    held: str | None
    logical_time: str
    seconds: float | None


class RunBegin(Record):
    """What is known of a run when it begins; `base` is the branch's commit that it was planned on."""

    branch: str
    base: str
    kind: str
    author: str
    logical_time: str


class RunEnd(Record):
    """How a run ended.

    Attributes:
        status: as in `RunRecord`.
        commit: what it made, if it came so far.
        held: why the branch was not moved to it.
    """

    status: str
    seconds: float
    commit: str | None = None
    published: bool = False
    held: str | None = None
    tasks: Sequence[TaskResult] = ()


_COLUMNS = "number, branch, base, kind, author, started, ended, status, commit_id, published, held, logical_time, seconds, process"


class RunLog:
    """Records runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, run: RunBegin) -> int:
        """Record the start of a run; returns its number."""
        started = to_text(self._clock())
        with self._database.write() as transaction:
            _end_lost(transaction, started)
            number = int(transaction.query("select coalesce(max(number), 0) + 1 from run")[0][0])
            transaction.execute(
                "insert into run (number, branch, base, kind, author, started, status, logical_time, process)"
                " values (?, ?, ?, ?, ?, ?, 'running', ?, ?)",
                [number, run.branch, run.base, run.kind, run.author, started, run.logical_time, this_process()],
            )
        return number

    def end(self, transaction: Transaction, number: int, end: RunEnd) -> None:
        """Record how a run ended, within the transaction that moved the refs."""
        transaction.execute(
            "update run set ended = ?, status = ?, commit_id = ?, published = ?, held = ?, seconds = ? where number = ?",
            [to_text(self._clock()), end.status, end.commit, int(end.published), end.held, end.seconds, number],
        )
        transaction.execute("delete from task where run = ?", [number])
        transaction.execute_many(
            "insert into task (run, dataset, action, reason, status, rows, seconds, version, error)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number,
                    t.dataset,
                    t.action,
                    t.reason,
                    str(t.status),
                    t.rows,
                    t.seconds,
                    t.version,
                    json.dumps(t.error) if t.error else None,
                )
                for t in end.tasks
            ],
        )

    def is_running(self, transaction: Transaction, number: int) -> bool:
        """Whether no end of this run was recorded yet."""
        return bool(transaction.query("select 1 from run where number = ? and status = 'running'", [number]))

    def find(self, number: int) -> RunRecord | None:
        """The run with this number, or None."""
        rows = self._database.query(f"select {_COLUMNS} from run where number = ?", [number])
        return _record(rows[0]) if rows else None

    def newest(self, limit: int = 20, before: int | None = None) -> list[RunRecord]:
        """The newest runs, newest first; those below the number `before`."""
        where, values = ("", [limit]) if before is None else ("where number < ?", [before, limit])
        rows = self._database.query(f"select {_COLUMNS} from run {where} order by number desc limit ?", values)
        return [_record(row) for row in rows]

    def tasks(self, number: int) -> list[TaskResult]:
        """The tasks of a run, by dataset."""
        sql = "select dataset, action, reason, status, rows, seconds, version, error from task where run = ? order by dataset"
        return [
            TaskResult(d, a, r, TaskStatus(s), n, t, v, json.loads(e) if e else None)
            for d, a, r, s, n, t, v, e in self._database.query(sql, [number])
        ]

    def unfinished(self, number: int) -> list[TaskResult]:
        """The tasks of a run that came to nothing, or that readers don't see, by dataset; but for those that a later run of its branch
        brought to an end."""
        sql = (
            "select t.dataset, t.action, t.reason, t.status, t.rows, t.seconds, t.version, t.error"
            " from task t join run r on r.number = t.run where t.run = ? and t.status <> 'ok' and not exists ("
            " select 1 from task n join run o on o.number = n.run where n.dataset = t.dataset and n.run > t.run"
            " and o.branch = r.branch and n.status = 'ok' and n.action <> 'keep') order by t.dataset"
        )
        return [
            TaskResult(d, a, r, TaskStatus(s), n, t, v, json.loads(e) if e else None)
            for d, a, r, s, n, t, v, e in self._database.query(sql, [number])
        ]

    def row_series(self, dataset: str, branch: str, limit: int = 400) -> list[tuple[str, str | None, int]]:
        """`(logical time, commit, rows)` of the newest builds of a dataset that were published to `branch`, newest first."""
        sql = (
            "select r.logical_time, r.commit_id, t.rows from task t join run r on r.number = t.run"
            " where t.dataset = ? and r.branch = ? and r.published = 1 and t.status = 'ok' and t.action = 'build'"
            " and t.rows is not null order by t.run desc limit ?"
        )
        return [(moment, commit, rows) for moment, commit, rows in self._database.query(sql, [dataset, branch, limit])]


def _end_lost(transaction: Transaction, now: str) -> None:
    """RunLog whose process was killed never say that they ended: the next one says it for them."""
    for number, process in transaction.query("select number, process from run where status = 'running'"):
        if is_gone(process):
            transaction.execute("update run set status = 'interrupted', ended = ? where number = ?", [now, number])


def _record(row: tuple[object, ...]) -> RunRecord:
    *values, process = row
    values[9] = bool(values[9])
    if values[7] == "running" and is_gone(str(process)):
        values[7] = "interrupted"
    return RunRecord(*values)  # type: ignore[arg-type]
