"""The Python face: `andon.open(path)` gives a lake to ask, plan, run and undo. Thin: every verb is a call of the service.

lake = andon.open("acme")
lake.sql("select * from marts.revenue_by_month").df()
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text
from andon.base.record import replace
from andon.engines.duckdb.parameters import Parameters
from andon.model.approval import ApprovalsDocument, ApprovedDocument, DisapprovedDocument
from andon.model.due import Due
from andon.model.event import Reporter, silent
from andon.model.plan import Plan
from andon.model.reverted import Reverted
from andon.model.run import RunResult
from andon.model.unit_tests import TestResult
from andon.python.analyses import LakeAnalyses
from andon.python.branches import Branches
from andon.python.channels import Channels
from andon.python.contracts import LakeContracts
from andon.python.dataset_questions import LakeQuestions
from andon.python.incidents import IncidentLake
from andon.python.insights import LakeInsights
from andon.python.letters import LakeLetters
from andon.python.quarantine import LakeQuarantine
from andon.python.requests import LakeRequests
from andon.python.result import Result
from andon.python.sources import LakeSources
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.dataset_page import Page
from andon.service.datasets import DatasetInfo
from andon.service.history import Diff, LogEntry
from andon.service.lineage import Impact, Trail
from andon.service.profiles import ToldProfile, ToldProfileDiff
from andon.service.pull import Pulled, pull
from andon.service.row_diffs import RowOptions
from andon.service.schema_changes import SchemaChange
from andon.service.service import Service
from andon.service.status import Status

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.service.checks import CheckReport
    from andon.service.lock_checks import LockCheck
    from andon.service.proposing import ProposedChecks
    from andon.service.run_log import RunShown


def open(path: str | Path = ".", **settings: str) -> Lake:
    """The lake of the project at or above `path`.

    Args:
        path: a folder.
        settings: settings that win over all others, with `_` for `.` (`engine_threads="2"`).

    Raises:
        UsageError: `usage.no_project`.
    """
    flags = {name.replace("_", ".", 1): value for name, value in settings.items()}
    return Lake(Service.find(Path(path), face="python", flags=flags))


class Lake(IncidentLake):
    """A project's lake. `at` makes one that reads another commit."""

    # -- asking

    def sql(self, query: str, parameters: Parameters | None = None, *, at: str | None = None) -> Result:
        """Ask one SELECT over datasets, of the branch's head (at each call) or of the commit that `at` names.

        Args:
            parameters: values of `?` as a list, or of `$name` as a mapping. A value is never read as SQL.

        Raises:
            UsageError: what is wrong with the query or with a parameter.
        """
        ref = at or self._ref
        answer = self._service.querying.ask(query, ref, parameters=parameters)
        return Result(answer, lambda: self._service.trust.notes(answer.commit, answer.datasets, ref))

    def at(self, ref: str) -> Lake:
        """The same lake, read at the commit that `ref` names (`main~1`, `main@2026-11-01`, a tag, `run:41`)."""
        return Lake(self._service, ref)

    def datasets(self, *select: str) -> list[DatasetInfo]:
        """All datasets, or those that a selection names."""
        return self._service.datasets.list(self._ref, select)

    def show(self, dataset: str) -> Page:
        """All that is known about a dataset."""
        return self._service.datasets.show(dataset, self._ref)

    def show_run(self, run: int) -> RunShown:
        """All that is kept of a run: where it came from, its tasks, its checks, its log.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return self._service.run_log.show(str(run))

    def check_locks(self, *datasets: str) -> LockCheck:
        """Whether what the locks of the project's Python files name is still to be had, and whole where it is kept; nothing is written.

        Raises:
            UsageError: `usage.bad_argument` for a name that has no lock.
        """
        from andon.service.lock_checks import check_locks

        return check_locks(self._service.workspace, datasets)

    def lineage(
        self,
        dataset: str,
        column: str | None = None,
        at: str | None = None,
        *,
        up: bool = True,
        down: bool = True,
        depth: int | None = None,
    ) -> Trail:
        """Where a dataset, a column or a raw file comes from, to the files, and where it goes, to the insights.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.column_not_found`.
        """
        target = dataset if column is None else f"{dataset}.{column}"
        return self._service.lineages.lineage(target, at or self._ref, up=up, down=down, depth=depth)

    def impact(self, dataset: str, column: str | None = None, at: str | None = None) -> Impact:
        """What a change of a dataset, a column or a raw file would reach."""
        target = dataset if column is None else f"{dataset}.{column}"
        return self._service.lineages.impact(target, at or self._ref)

    def profile(self, dataset: str, at: str | None = None) -> ToldProfile:
        """What the values of a dataset look like; made when first asked for, then kept.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`.
        """
        return self._service.profiles.told(dataset, at or self._ref)

    def profile_diff(self, dataset: str, against: str, at: str | None = None) -> ToldProfileDiff:
        """What moved in the values of a dataset since the commit `against`, the most important first."""
        return self._service.profiles.told_compare(dataset, at or self._ref, against)

    def status(self) -> Status:
        """Where the folder stands against its branch."""
        return self._service.standing.status()

    # -- building

    def plan(self, *select: str, branch: str | None = None, **options: Any) -> Plan:
        """What `run` would do, step by step, and why."""
        return self._service.runs.plan(_options(select, branch, options))

    def due(self, *select: str, branch: str | None = None, **options: Any) -> Due:
        """Which datasets a refresh is due for, by what their `refresh` promises, and why; `now` looks ahead.

        Raises:
            UsageError: `usage.query_failed` where the SQL of a `when` fails.
        """
        return self._service.promises.due(_options(select, branch, options))

    def run(
        self, *select: str, branch: str | None = None, yes: bool = True, report: Reporter = silent, **options: Any
    ) -> RunResult:
        """Build what the folder's code says and publish it.

        Args:
            select: terms of a selection; none means all.
            branch: the branch to publish on; None means the one that the folder works on.
            yes: False refuses a change of `main` (a call in a program is explicit, so that it need not be asked again).
            report: hears of progress.
            options: `publish`, `exclude`, `force`, `full`, `forward`, `now`, `drop`, `mine`, `theirs`, `message` as on the command line.
        """
        chosen = replace(_options(select, branch, options), agreed=ANY_PLAN if yes else None)
        return self._service.runs.run(chosen, Listener(report))

    def refresh(self, *select: str, branch: str | None = None, report: Reporter = silent, **options: Any) -> RunResult:
        """Build the branch's own code on today's inputs and publish what is healthy."""
        return self._service.runs.refresh(_options(select, branch, options), Listener(report))

    def optimize(self, *select: str, branch: str | None = None, report: Reporter = silent, **options: Any) -> RunResult:
        """Put small files of published tables together and publish that; no row changes, and nothing that reads them is built again."""
        return self._service.runs.optimize(_options(select, branch, options), Listener(report))

    def backfill(
        self,
        dataset: str,
        start: datetime,
        end: datetime,
        *,
        branch: str | None = None,
        publish: str = "whole",
        report: Reporter = silent,
        **options: Any,
    ) -> list[RunResult]:
        """Fill a table that grows by time from `start` to before `end`, and bring what reads it up to date.

        Args:
            publish: `whole`: all at once, `batch`: each batch when it is filled.
            options: `message` as on the command line.

        Returns:
            How each run ended.

        Raises:
            UsageError: `usage.bad_argument` for a dataset that does not grow by time.
        """
        chosen = replace(_options((), branch, options), agreed=ANY_PLAN)
        return list(self._service.backfills.fill(dataset, start, end, chosen, Listener(report), publish=publish))

    def upload(
        self,
        file: str | Path,
        dataset: str,
        *,
        replaces: bool = False,
        reading: str = "",
        report: Reporter = silent,
        **options: Any,
    ) -> RunResult:
        """Lay a CSV, JSON, Parquet or Excel file into the project as a raw file of the source `dataset`, and publish its rows.

        Where it is not published, the folder is as it was before.

        Args:
            replaces: in place of what was uploaded for the dataset before; else its rows are added.
            reading: options for the reader in the new source, as SQL: `sheet = 'Leads'`.
            options: `publish`, `message` as on the command line.

        Raises:
            UsageError: `usage.exists` for a content that is there already; `usage.bad_argument`.
        """
        chosen, runs = replace(_options((), None, options), agreed=ANY_PLAN), self._service.runs
        return self._service.uploads.publish(
            Path(file), dataset, chosen, lambda its: runs.run(its, Listener(report)), replaces=replaces, reading=reading
        )

    def test(self, *select: str, exclude: Sequence[str] = (), again: bool = False) -> list[TestResult]:
        """Run the unit tests of `tests/*.yml`: those of all datasets, or of those that a selection names.

        Args:
            again: run also the tests that did not change, of definitions that did not change, since they ran.

        Returns:
            The results; a test that fails is one, never raised.
        """
        return self._service.unit_tests.run(select, exclude, again=again)

    def check(self, *select: str, at: str | None = None, again: bool = False) -> CheckReport:
        """Ask the checks of the selected datasets; nothing is built or published.

        Args:
            at: a ref: its own lines on its own data. None: the folder's lines on what the branch publishes.
            again: ask anew what was answered before.

        Raises:
            ProjectError: lines that can't be read.
        """
        return self._service.checks.run(select, at or self._ref, again=again)

    def check_history(self, dataset: str) -> list[CheckResult]:
        """Results of a dataset's checks in all runs that met them, the newest run first."""
        return self._service.checks.history(dataset)

    def suggest(self, *select: str, at: str | None = None, write: bool = False) -> list[ProposedChecks]:
        """Checks that may be added to datasets, each with its evidence and how it would have done on earlier versions.

        Args:
            at: beside the lines of that commit, on its data; None: beside the folder's, on what the branch publishes.
            write: add those that would never have failed to the files of the datasets.

        Raises:
            ProjectError: `project.cannot_add` for a file that can't be added to; then no file is changed.
        """
        found = self._service.proposing.suggest(select, at or self._ref)
        if write:
            self._service.proposing.write(found)
        return found

    # -- history

    @property
    def branches(self) -> Branches:
        """Branches and tags."""
        return Branches(self._service)

    @property
    def sources(self) -> LakeSources:
        """What comes in: list, check, load, add."""
        return LakeSources(self._service, _options)

    @property
    def insights(self) -> LakeInsights:
        """What data serves: list, show, add, check, pin, outcome."""
        return LakeInsights(self._service, self._ref)

    @property
    def analyses(self) -> LakeAnalyses:
        """Scripts and notebooks that are run against one commit: list, log, show, run, reproduce, copy."""
        return LakeAnalyses(self._service, self._ref)

    @property
    def questions(self) -> LakeQuestions:
        """What people ask about datasets and columns: list, show, ask, answer, close, reopen, edit, withdraw."""
        return LakeQuestions(self._service, self._ref)

    @property
    def requests(self) -> LakeRequests:
        """What people need and nobody could serve: list, show, ask, claim, join, answer, withdraw, measures."""
        return LakeRequests(self._service)

    @property
    def quarantine(self) -> LakeQuarantine:
        """Rows that checks set aside: list, show, release."""
        return LakeQuarantine(self._service, self._ref)

    @property
    def contracts(self) -> LakeContracts:
        """Contracts of other tools: export, import_file."""
        return LakeContracts(self._service, self._ref)

    @property
    def channels(self) -> Channels:
        """By which ways people are told of incidents: list, test."""
        return Channels(self._service)

    @property
    def letters(self) -> LakeLetters:
        """What you are told of what is yours: list, see."""
        return LakeLetters(self._service)

    def publish(self, branch: str, into: str = "main", report: Reporter = silent, **options: Any) -> RunResult:
        """Publish a branch; `options`: `publish`, `mine`, `theirs`, `message` as on the command line."""
        chosen = replace(_options((), None, options), agreed=ANY_PLAN)
        return self._service.branches.publish(branch, into, chosen, Listener(report))

    def undo(self, branch: str | None = None) -> Reverted:
        """Take the newest publish back."""
        return self._service.undoing.undo(branch)

    def redo(self, branch: str | None = None) -> Reverted:
        """Bring back what the newest undo took."""
        return self._service.undoing.redo(branch)

    def accept(self, *paths: str, branch: str | None = None) -> str:
        """Let what undos took out at `paths` (files or folders; `.` is all) pass again; returns the id of the commit that says so."""
        return self._service.undoing.accept_rejected(*paths, branch=branch)[0].id

    def accept_result(self, run: int, *checks: str, reason: str, report: Reporter = silent) -> RunResult:
        """Publish the result of a run in spite of the named checks, once; the reason is kept in the commit."""
        return self._service.checks.accept(run, checks, reason, Listener(report))

    def approve(self, ref: str, *datasets: str, changes: Sequence[str] = ()) -> ApprovedDocument:
        """Agree, as owner, to exactly what a run or a branch changes of datasets that say `review: owner`.

        Args:
            changes: ids of the changes that you looked at: nothing else is agreed to.
        """
        return self._service.approving.approve(ref, datasets, changes)

    def disapprove(self, ref: str, *datasets: str) -> DisapprovedDocument:
        """Take back, as owner, what you agreed to and nobody published yet."""
        return self._service.approving.withdraw(ref, datasets)

    def approvals(self, ref: str) -> ApprovalsDocument:
        """What of a run or a branch owners approve before it is published, and whether they did."""
        return self._service.approving.show(ref)

    def pull(self) -> Pulled:
        """Bring the branch's newer files into the folder; texts that both changed are merged."""
        return pull(self._service.workspace)

    def log(self, dataset: str | None = None, limit: int = 20) -> list[LogEntry]:
        """The newest commits, newest first."""
        return self._service.history.log(self._ref, dataset, limit)

    def schema_log(self, dataset: str, limit: int = 20) -> list[SchemaChange]:
        """Every change of a dataset's columns and types, newest first."""
        return self._service.history.schema_log(dataset, self._ref, limit)

    def diff(
        self,
        a: str,
        b: str,
        rows: bool | str | Sequence[str] = False,
        where: str | None = None,
        output: str | Path | None = None,
        limit: int = 20,
        tolerance: str | None = None,
    ) -> Diff:
        """How commit `b` differs from commit `a`.

        Args:
            rows: datasets whose rows are compared (`Diff.rows`); True means all that differ.
            where: an SQL condition; only rows that satisfy it before or after count.
            tolerance: `0.01` or `0.1%`: numbers of rows with one key that differ by no more count as the same.
            output: a Parquet file for all rows that differ; of one dataset.
            limit: changed rows that are kept as examples.
        """
        if rows is False:
            if where is not None or tolerance is not None or output is not None:
                raise ValueError("`where`, `tolerance` and `output` need `rows`")
            return self._service.history.diff(a, b)
        names = () if rows is True else (rows,) if isinstance(rows, str) else tuple(rows)
        options = RowOptions(where, limit, tolerance, Path(output) if output is not None else None)
        return self._service.history.diff_rows(a, b, names, options)

    def close(self) -> None:
        """Close the catalog and the engine."""
        self._service.close()

    def __enter__(self) -> Lake:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        ref = self._ref or self._service.workspace.branch()
        commit = self._service.workspace.lake.refs.resolve(ref)
        count = len(self._service.workspace.lake.commits.state(commit).leaves)
        return f"<andon lake {self._service.workspace.root.name}: {count} datasets at {ref} ({commit.id[:8]}, {commit.time[:16]})>"


def _options(select: tuple[str, ...], branch: str | None, options: dict[str, Any]) -> RunOptions:
    now = options.pop("now", None)
    if isinstance(now, str):
        now = from_text(now)
    elif isinstance(now, datetime) and now.tzinfo is None:
        raise ValueError("`now` must have a time zone")
    for name in ("exclude", "mine", "theirs"):
        value = options.pop(name, ())
        options[name] = (value,) if isinstance(value, str) else tuple(value)
    return RunOptions(select=select, branch=branch, now=now, **options)
