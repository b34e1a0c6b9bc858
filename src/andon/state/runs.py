"""Runs and their tasks, as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from andon.base.clock import SKEW, Clock, from_text, to_text
from andon.base.database import Database, Transaction, in_batches
from andon.base.process import is_gone, is_here, this_process
from andon.base.record import Record
from andon.model.run import TaskResult, TaskStatus
from andon.state.unchanged import PlannedOn, Standing, UnchangedTasks, nowhere

#: A run that told that it lives, and did not for so long, lives no more: its number may be another process's since.
_SILENT = timedelta(minutes=2)

#: Tables of the newest step of `andon.state.schema`.
TABLES = (
    "create table asked_run (run bigint primary key, face text not null, selection text not null, is_change integer not null,"
    " is_told integer not null)",
)

#: How a run may stand.
RunStatus = Literal["running", "done", "held", "failed", "interrupted", "moved"]


class RunRecord(Record):
    """A run as recorded. `status` is `running`, `done`, `held`, `failed`, `interrupted`, or `moved` (planned again).

    Attributes:
        error: what it failed by, as `AndonError.to_json()`; that of a task is the task's.
    """

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
    error: dict[str, Any] | None = None


class RunBegin(Record):
    """What is known of a run when it begins.

    Attributes:
        base: the branch's commit that it was planned on.
        face, selection: where it was asked for, and for what, as it was said; `face` is "" where nothing is known of it.
        is_change: whether it alters code. is_told: whether who asked said in words of their own what it is for.
    """

    branch: str
    base: str
    kind: str
    author: str
    logical_time: str
    face: str = ""
    selection: tuple[str, ...] = ()
    is_change: bool = False
    is_told: bool = False


class AskedRun(Record):
    """A run as it was asked for; `datasets` is what it built."""

    number: int
    started: str
    author: str
    face: str
    branch: str
    kind: str
    status: str
    selection: tuple[str, ...]
    is_change: bool
    is_told: bool
    datasets: tuple[str, ...]


class RunNote(Record):
    """What a run told people, so many seconds after it was recorded."""

    at: float
    text: str


class RunEnd(Record):
    """How a run ended.

    Attributes:
        status: as in `RunRecord`.
        commit: what it made, if it came so far.
        held: why the branch was not moved to it.
        error: what it failed by.
        on: what it was planned on, where that is known.
    """

    status: str
    seconds: float
    commit: str | None = None
    published: bool = False
    held: str | None = None
    tasks: Sequence[TaskResult] = ()
    notes: Sequence[RunNote] = ()
    error: Mapping[str, Any] | None = None
    on: PlannedOn | None = None


class RunFilter(Record):
    """Which runs are listed: those with just these values; None is any."""

    status: str | None = None
    branch: str | None = None
    author: str | None = None
    kind: str | None = None
    dataset: str | None = None


_COLUMNS = (
    "number, branch, base, kind, author, started, ended, status, commit_id, published, held, logical_time, seconds,"
    " error, process, beat"
)
_TASK = "dataset, action, reason, status, rows, seconds, version, error, note, began"


class RunLog:
    """Records runs.

    Args:
        standing: tells what commits hold.
    """

    def __init__(self, database: Database, clock: Clock, standing: Standing = nowhere) -> None:
        self._database = database
        self._clock = clock
        self._unchanged = UnchangedTasks(database, standing)

    def begin(self, run: RunBegin) -> int:
        """Record the start of a run; returns its number."""
        now = self._clock()
        started = to_text(now)
        with self._database.write() as transaction:
            _end_lost(transaction, lambda: now)
            number = int(transaction.query("select coalesce(max(number), 0) + 1 from run")[0][0])
            transaction.execute(
                "insert into run (number, branch, base, kind, author, started, status, logical_time, process)"
                " values (?, ?, ?, ?, ?, ?, 'running', ?, ?)",
                [number, run.branch, run.base, run.kind, run.author, started, run.logical_time, this_process()],
            )
            if run.face:
                transaction.execute(
                    "insert into asked_run (run, face, selection, is_change, is_told) values (?, ?, ?, ?, ?)",
                    [number, run.face, json.dumps(run.selection), int(run.is_change), int(run.is_told)],
                )
        return number

    def tell(self, number: int, tasks: Sequence[TaskResult], notes: Sequence[RunNote], after: int) -> None:
        """Record how far a run is, and that it lives.

        Args:
            tasks: those that moved since.
            notes: what it told since; `after` so many that are recorded.
        """
        with self._database.write() as transaction:
            if not self.is_running(transaction, number):
                return  # it ended meanwhile, and that says all
            transaction.execute("update run set beat = ? where number = ?", [to_text(self._clock()), number])
            transaction.execute_many(
                "delete from task where run = ? and dataset = ?", [(number, task.dataset) for task in tasks]
            )
            _add_tasks(transaction, number, tasks)
            _add_notes(transaction, number, notes, after)

    def end(self, transaction: Transaction, number: int, end: RunEnd) -> None:
        """Record how a run ended, within the transaction that moved the refs."""
        error = json.dumps(end.error) if end.error else None
        transaction.execute(
            "update run set ended = ?, status = ?, commit_id = ?, published = ?, held = ?, seconds = ?, error = ?"
            " where number = ?",
            [to_text(self._clock()), end.status, end.commit, int(end.published), end.held, end.seconds, error, number],
        )
        transaction.execute("delete from task where run = ?", [number])
        transaction.execute("delete from run_note where run = ?", [number])
        self._unchanged.forget(transaction, number)
        _add_tasks(transaction, number, self._unchanged.rest(transaction, number, end.tasks, end.on))
        _add_notes(transaction, number, end.notes, 0)

    def is_running(self, transaction: Transaction, number: int) -> bool:
        """Whether no end of this run was recorded yet."""
        return bool(transaction.query("select 1 from run where number = ? and status = 'running'", [number]))

    def find(self, number: int) -> RunRecord | None:
        """The run with this number, or None."""
        rows = self._database.query(f"select {_COLUMNS} from run where number = ?", [number])
        return _record(rows[0], self._clock) if rows else None

    def running(self) -> list[RunRecord]:
        """Runs that are not over, as far as that is known."""
        rows = self._database.query(f"select {_COLUMNS} from run where status = 'running' order by number")
        return [run for row in rows if (run := _record(row, self._clock)).status == "running"]

    def newest(self, limit: int = 20, before: int | None = None, only: RunFilter | None = None) -> list[RunRecord]:
        """The newest runs, newest first.

        Args:
            before: only those below this number.
            only: which of them.
        """
        terms, values = _terms(only or RunFilter())
        if before is not None:
            terms, values = [*terms, "number < ?"], [*values, before]
        where = f"where {' and '.join(terms)}" if terms else ""
        rows = self._database.query(
            f"select {_COLUMNS} from run {where} order by number desc limit ?", [*values, limit]
        )
        found = [_record(row, self._clock) for row in rows]
        # what was killed is noted as running
        wanted = only.status if only is not None else None
        return [each for each in found if wanted in (None, each.status)]

    def started(self, numbers: Iterable[int]) -> dict[int, str]:
        """When runs began (ISO text), by number."""
        found: dict[int, str] = {}
        for marks, batch in in_batches(str(number) for number in numbers):
            rows = self._database.query(
                f"select number, started from run where number in ({marks})", [int(number) for number in batch]
            )
            found.update({number: started for number, started in rows})
        return found

    def after(self, branch: str, number: int) -> list[RunRecord]:
        """All runs of a branch above `number`, oldest first."""
        sql = f"select {_COLUMNS} from run where branch = ? and number > ? order by number"
        return [_record(row, self._clock) for row in self._database.query(sql, [branch, number])]

    def tasks(self, number: int) -> list[TaskResult]:
        """The tasks of a run, by dataset."""
        return self._unchanged.beside(number, self.own_tasks(number))

    def own_tasks(self, number: int) -> list[TaskResult]:
        """Those tasks of a run that are more than that a dataset stands as it stood, by dataset."""
        sql = f"select {_TASK} from task where run = ? order by dataset"
        return [
            TaskResult(d, a, r, TaskStatus(s), n, t, v, json.loads(e) if e else None, note, began)
            for d, a, r, s, n, t, v, e, note, began in self._database.query(sql, [number])
        ]

    def beside(self, dataset: str, branch: str, moment: str, *, is_after: bool) -> tuple[RunRecord, TaskResult] | None:
        """The newest run of a branch begun by a moment (or the first after it) that had a dataset, with its task; None where none had."""
        when, way = ("r.started > ?", "") if is_after else ("r.started <= ?", " desc")
        rows = self._database.query(
            f"select r.number from task t join run r on r.number = t.run where t.dataset = ? and r.branch = ? and {when}"
            f" order by r.number{way} limit 1",
            [dataset, branch, moment],
        )
        number = rows[0][0] if rows else None
        nearer = "" if number is None else f" and r.number {'<' if is_after else '>'} {int(number)}"
        told = self._database.query(
            f"select r.number from unchanged_tasks u join run r on r.number = u.run where r.branch = ? and {when}{nearer}"
            f" order by r.number{way}",
            [branch, moment],
        )
        number = self._unchanged.first_of((int(each) for (each,) in told), dataset) or number
        run = self.find(number) if number is not None else None
        task = next((each for each in self.tasks(run.number) if each.dataset == dataset), None) if run else None
        return (run, task) if run is not None and task is not None else None

    def notes(self, number: int) -> list[RunNote]:
        """What a run told people, in that order."""
        rows = self._database.query("select at, text from run_note where run = ? order by seq", [number])
        return [RunNote(at, text) for at, text in rows]

    def asked(self, since: str) -> list[AskedRun]:
        """Runs that were begun at `since` (ISO text) or later, as they were asked for, oldest first."""
        rows = self._database.query(
            "select r.number, r.started, r.author, a.face, r.branch, r.kind, r.status, a.selection, a.is_change, a.is_told"
            " from run r join asked_run a on a.run = r.number where r.started >= ? order by r.number",
            [since],
        )
        built: dict[int, list[str]] = {}
        if rows:
            tasks = "select run, dataset from task where run >= ? and action = 'build' order by run, dataset"
            for number, dataset in self._database.query(tasks, [rows[0][0]]):
                built.setdefault(number, []).append(dataset)
        return [
            AskedRun(
                number,
                started,
                author,
                face,
                branch,
                kind,
                status,
                tuple(json.loads(selection)),
                bool(is_change),
                bool(is_told),
                tuple(built.get(number, ())),
            )
            for number, started, author, face, branch, kind, status, selection, is_change, is_told in rows
        ]

    def among(self) -> dict[str, list[str]]:
        """Which branches and authors there are of runs, for who filters them."""
        return {
            name: [row[0] for row in self._database.query(f"select distinct {name} from run order by {name}")]
            for name in ("branch", "author")
        }

    def unfinished(self, number: int) -> list[TaskResult]:
        """The tasks of a run that came to nothing, or that readers don't see, by dataset; but for those that a later run of its branch
        brought to an end. A publish brings to an end what it shows in another version than readers had: it looks at no folder."""
        shown = (
            "select b.version from task b join run p on p.number = b.run where b.dataset = t.dataset and b.run < t.run"
            " and p.branch = r.branch and p.published = 1 and b.status = 'ok' and b.version is not null order by b.run desc limit 1"
        )
        ended = (
            "select 1 from task n join run o on o.number = n.run where n.dataset = t.dataset and n.run > t.run"
            " and o.branch = r.branch and n.status = 'ok' and n.action <> 'keep'"
            f" and (o.kind <> 'publish' or coalesce(n.version, '') <> coalesce(({shown}), ''))"
        )
        sql = (
            "select t.dataset, t.action, t.reason, t.status, t.rows, t.seconds, t.version, t.error from task t"
            " join run r on r.number = t.run where t.run = ? and t.status not in ('ok', 'waiting', 'running')"
            f" and not exists ({ended}) order by t.dataset"
        )
        left = [
            TaskResult(d, a, r, TaskStatus(s), n, t, v, json.loads(e) if e else None)
            for d, a, r, s, n, t, v, e in self._database.query(sql, [number])
        ]
        if not left:
            return []
        later = self._unchanged.later(number)
        return [task for task in left if self._unchanged.first_of(later, task.dataset) is None]

    def row_series(self, dataset: str, branch: str, limit: int = 400) -> list[tuple[str, str | None, int]]:
        """`(logical time, commit, rows)` of the newest builds of a dataset that were published to `branch`, newest first."""
        sql = (
            "select r.logical_time, r.commit_id, t.rows from task t join run r on r.number = t.run"
            " where t.dataset = ? and r.branch = ? and r.published = 1 and t.status = 'ok' and t.action = 'build'"
            " and t.rows is not null order by t.run desc limit ?"
        )
        return [(moment, commit, rows) for moment, commit, rows in self._database.query(sql, [dataset, branch, limit])]


def _terms(only: RunFilter) -> tuple[list[str], list[Any]]:
    pairs = [(name, getattr(only, name)) for name in ("branch", "author", "kind")]
    terms = [f"{name} = ?" for name, value in pairs if value is not None]
    values: list[Any] = [value for _, value in pairs if value is not None]
    if only.status == "interrupted":
        terms.append("status in ('interrupted', 'running')")
    elif only.status is not None:
        terms.append("status = ?")
        values.append(only.status)
    if only.dataset is not None:
        terms.append("exists (select 1 from task t where t.run = number and t.dataset = ? and t.action <> 'reuse')")
        values.append(only.dataset)
    return terms, values


def _add_tasks(transaction: Transaction, number: int, tasks: Sequence[TaskResult]) -> None:
    transaction.execute_many(
        f"insert into task (run, {_TASK}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                t.note,
                t.began,
            )
            for t in tasks
        ],
    )


def _add_notes(transaction: Transaction, number: int, notes: Sequence[RunNote], after: int) -> None:
    transaction.execute_many(
        "insert into run_note (run, seq, at, text) values (?, ?, ?, ?)",
        [(number, after + place, note.at, note.text) for place, note in enumerate(notes)],
    )


def _end_lost(transaction: Transaction, clock: Clock) -> None:
    """Runs whose process was killed never say that they ended: the next one says it for them."""
    sql = "select number, process, beat, started from run where status = 'running'"
    for number, process, beat, started in transaction.query(sql):
        if _is_lost(process, beat, started, clock):
            transaction.execute(
                "update run set status = 'interrupted', ended = ? where number = ?", [beat or to_text(clock()), number]
            )


def _is_lost(process: str, beat: str | None, started: str, clock: Clock) -> bool:
    """Whether who ran it is gone: its process, or it told that it lives and does so no more."""
    if is_gone(process):
        return True
    if beat is None and is_here(process):
        return False  # it lives, and did not go on for so long that it says so
    return clock() - from_text(beat or started) > (_SILENT if is_here(process) else _SILENT + SKEW)


def _record(row: tuple[Any, ...], clock: Clock) -> RunRecord:
    *values, error, process, beat = row
    values[9] = bool(values[9])
    if values[7] == "running" and _is_lost(process, beat, values[5], clock):
        values[6], values[7] = beat, "interrupted"
    values.append(json.loads(error) if error else None)
    return RunRecord(*values)
