"""Tasks of runs that found nothing to do: they say what the commit says that was planned on, so it is named instead of them.

A run of a lake with thousands of datasets has thousands of such tasks beside the few that did something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from andon.base.database import Database, Transaction
from andon.base.record import Record
from andon.model.plan import UNCHANGED, Action
from andon.model.run import TaskResult, TaskStatus

#: Tables of the newest step of `andon.state.schema`.
TABLES = ("create table unchanged_tasks (run bigint primary key, base text not null)",)

#: By the datasets of a commit, given its id, their versions and how many rows these have.
Standing = Callable[[str], Mapping[str, tuple[str, int | None]]]


class PlannedOn(Record):
    """The commit that a run was planned on, with the version of each dataset."""

    commit: str
    versions: Mapping[str, str]


def nowhere(_: str) -> Mapping[str, tuple[str, int | None]]:
    """What stands in a commit where there are no commits."""
    return {}


class UnchangedTasks:
    """Writes and reads them.

    Args:
        standing: tells what a commit holds.
    """

    def __init__(self, database: Database, standing: Standing) -> None:
        self._database = database
        self._standing = standing

    def forget(self, transaction: Transaction, run: int) -> None:
        """Have none of a run."""
        transaction.execute("delete from unchanged_tasks where run = ?", [run])

    def rest(
        self, transaction: Transaction, run: int, tasks: Iterable[TaskResult], on: PlannedOn | None
    ) -> list[TaskResult]:
        """Note the tasks of a run that its commit tells; those that are left are to be written each by itself.

        Where a dataset of the commit has no task at all, as in a run of some datasets, all are left.
        """
        left = list(tasks)
        if on is None or not on.versions or not on.versions.keys() <= {task.dataset for task in left}:
            return left
        told = {task.dataset for task in left if _is_told(task, on.versions.get(task.dataset))}
        if told:
            transaction.execute("insert into unchanged_tasks (run, base) values (?, ?)", [run, on.commit])
        return [task for task in left if task.dataset not in told]

    def beside(self, run: int, others: Iterable[TaskResult]) -> list[TaskResult]:
        """All tasks of a run, by dataset, given those that are written by themselves."""
        found = {task.dataset: task for task in others}
        for dataset, (version, rows) in self._at(run).items():
            found.setdefault(dataset, _told(dataset, version, rows))
        return [found[dataset] for dataset in sorted(found)]

    def first_of(self, runs: Iterable[int], dataset: str) -> int | None:
        """The first of these runs that told of a dataset which had nothing to do, if it has no task of its own there."""
        own = "select 1 from task where run = ? and dataset = ?"
        return next((r for r in runs if dataset in self._at(r) and not self._database.query(own, [r, dataset])), None)

    def later(self, run: int) -> list[int]:
        """The runs of the same branch after `run` that have such tasks, newest first; no publishes, which show what another branch made."""
        sql = (
            "select o.number from unchanged_tasks u join run o on o.number = u.run join run r on r.number = ?"
            " where u.run > r.number and o.branch = r.branch and o.kind <> 'publish' order by o.number desc"
        )
        return [int(number) for (number,) in self._database.query(sql, [run])]

    def _at(self, run: int) -> Mapping[str, tuple[str, int | None]]:
        rows = self._database.query("select base from unchanged_tasks where run = ?", [run])
        return self._standing(str(rows[0][0])) if rows else {}


def _told(dataset: str, version: str, rows: int | None) -> TaskResult:
    return TaskResult(dataset, Action.REUSE, UNCHANGED, TaskStatus.OK, rows, version=version)


def _is_told(task: TaskResult, version: str | None) -> bool:
    """Whether a task is just what is told of a dataset that stands as it stood in `version`."""
    return version is not None and task == _told(task.dataset, version, task.rows)
