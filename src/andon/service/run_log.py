"""Runs as they were recorded: what became of each step, what was asked of the result."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from andon.base.document import UNSET, Document, Documented, ErrorDocument, UnsetType, from_json
from andon.base.record import replace, values_of
from andon.errors import UsageError
from andon.lake.undo import with_undone
from andon.model.build import engine_words, is_other
from andon.model.check_result import CheckDocument, CheckResult
from andon.model.origin import Origin
from andon.model.plan import Action
from andon.model.run import TaskDocument, TaskResult, TaskStatus
from andon.runs.inspection.personal import discreet_kept
from andon.state.runs import RunFilter, RunNote
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.model.build import Build
    from andon.state.runs import RunRecord
    from andon.workspace.workspace import Workspace

#: So far back it is looked whether a publish was taken back.
_LOOKED = 1000


class RunInfo(Document):
    """A run in a list.

    Attributes:
        status: `running`, `done`, `held`, `failed`, `interrupted`, or `moved` (planned again).
        commit: what it made, at `run:N` too; `message` is that commit's.
        error: what it failed by, where that was no task.
    """

    number: int
    branch: str
    kind: str
    author: str
    status: str
    started: str
    ended: str | None
    seconds: float | None
    commit: str | None
    published: bool
    held: str | None
    message: str | None
    error: ErrorDocument | UnsetType = UNSET


class RunTask(TaskDocument):
    """What became, or has become so far, of one step.

    Attributes:
        began: seconds after the run was recorded; missing where nothing was done or nobody noted it.
        engine: what made it, where that is not DuckDB, as it tells itself; missing while nothing is made.
    """

    began: float | UnsetType = UNSET
    engine: str | UnsetType = UNSET


class RunPage(RunInfo, kw_only=True):
    """All that is kept of a run; while it goes on, as far as it is.

    Attributes:
        notes: what it told people.
        origin: where it came from; missing where nobody noted that.
        diff: what of its folder's code was otherwise than in git's commit, as git tells it.
    """

    base: str
    logical_time: str
    tasks: list[RunTask]
    checks: list[CheckDocument]
    notes: list[RunNote]
    origin: Origin | UnsetType = UNSET
    diff: str | UnsetType = UNSET


class RunShown(Documented):
    """All that is kept of a run.

    Attributes:
        results: of its checks, without values of personal columns.
        origin: where it came from; None where nobody noted that.
        diff: what of its folder's code was otherwise than in git's commit, as git tells it.
    """

    info: RunInfo
    base: str
    logical_time: str
    tasks: tuple[RunTask, ...]
    results: tuple[CheckResult, ...]
    notes: tuple[RunNote, ...]
    origin: Origin | None = None
    diff: str | None = None

    def document(self) -> RunPage:
        """As the server shows it."""
        checks = [replace(result.document(), run=result.run) for result in self.results]
        return RunPage.about(self, **values_of(self.info), checks=checks)


class RunHistory:
    """Looks at the runs of one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def newest(self, limit: int = 20, before: int | None = None, only: RunFilter | None = None) -> list[RunInfo]:
        """Runs, the newest first: those below the number `before`, and of them `only` which are wanted."""
        records = self._workspace.runs.newest(limit, before, only)
        return [info_of(self._workspace, record) for record in records]

    def show(self, run: str) -> RunShown:
        """One run, by its number or as `run:41`.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        text = run.removeprefix("run:")
        record = self._workspace.runs.find(int(text)) if text.isdecimal() and len(text) < 16 else None
        if record is None:
            raise UsageError(
                "lake.ref_not_found", f"there is no run `{run[:20]}`", where=run[:20], hint="`/api/v1/runs` lists them"
            )
        tasks = self._workspace.runs.tasks(record.number)
        engines = self._engines(record, tasks)
        marked = masked_columns(self._workspace)
        origin = self._workspace.origins.of(record.number)
        kept = origin.git.diff if origin is not None and origin.git else None
        return RunShown(
            info_of(self._workspace, record),
            record.base,
            record.logical_time,
            tuple(_task(task, record.status, engines.get(task.dataset)) for task in tasks),
            tuple(discreet_kept(result, marked) for result in self._workspace.check_results.of_run(record.number)),
            tuple(self._workspace.runs.notes(record.number)),
            origin,
            self._workspace.origins.diff(kept) if kept is not None else None,
        )

    def made(self, run: int, dataset: str) -> Build | None:
        """How a run made a dataset; None where it did not."""
        return next((each for each in self._workspace.lake.objects.builds_of(dataset) if each.run == run), None)

    def _engines(self, record: RunRecord, tasks: Sequence[TaskResult]) -> dict[str, str]:
        """What made the datasets that a run built, where that is not DuckDB."""
        built = {task.dataset for task in tasks if task.action == Action.BUILD and task.version is not None}
        if record.commit is None or not built:
            return {}
        lake = self._workspace.lake
        leaves = lake.commits.state(lake.commits.get(record.commit)).leaves
        ids = {leaves[name].build: name for name in built & leaves.keys()}
        return {
            ids[id]: engine_words(build.engine) for id, build in lake.objects.builds(ids).items() if is_other(build)
        }

    def is_in_force(self, run: RunInfo) -> bool:
        """Whether what a run published is still part of its branch's history, and not taken back."""
        refs, commits = self._workspace.lake.refs, self._workspace.lake.commits
        if not run.published or run.commit is None or refs.find(run.branch) is None:
            return False
        history = islice(with_undone(commits.first_parents(refs.head(run.branch))), _LOOKED)
        return any(commit.id == run.commit and not is_undone for commit, is_undone in history)


def info_of(workspace: Workspace, record: RunRecord) -> RunInfo:
    """A run with what it says of itself: in the words of its commit, or by what it failed."""
    message = workspace.lake.commits.get(record.commit).message if record.commit is not None else None
    error = from_json(ErrorDocument, record.error) if record.error else UNSET
    return RunInfo.about(record, message=message, error=error)


def _task(task: TaskResult, run: str, engine: str | None) -> RunTask:
    """A task; of a run that goes on no more no task does."""
    status, reason = task.status, task.reason
    if run != "running" and status is TaskStatus.RUNNING:
        status = TaskStatus.STOPPED
    elif run != "running" and status is TaskStatus.WAITING:
        status, reason = TaskStatus.SKIPPED, "the run ended before"
    document = replace(task, status=status, reason=reason).document()
    began = UNSET if task.began is None else round(task.began, 4)
    return RunTask(**values_of(document), began=began, engine=engine or UNSET)
