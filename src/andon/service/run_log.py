"""Runs as they were recorded: what became of each step, what was asked of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.record import replace
from andon.errors import UsageError
from andon.model.check_result import CheckDocument
from andon.model.run import TaskDocument
from andon.runs.inspection.personal import discreet_kept
from andon.service.masks import masked_columns

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


class RunInfo(Document):
    """A run in a list.

    Attributes:
        status: `running`, `done`, `held`, `failed`, `interrupted`, or `moved` (planned again).
        commit: what it made, at `run:N` too.
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


class RunPage(RunInfo):
    """All that is kept of a run."""

    base: str
    logical_time: str
    tasks: list[TaskDocument]
    checks: list[CheckDocument]


class RunHistory:
    """Looks at the runs of one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def newest(self, limit: int = 20, before: int | None = None) -> list[RunInfo]:
        """Runs, the newest first: those below the number `before`."""
        return [RunInfo.about(record) for record in self._workspace.runs.newest(limit, before)]

    def show(self, run: str) -> RunPage:
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
        marked = masked_columns(self._workspace)
        kept = [discreet_kept(result, marked) for result in self._workspace.check_results.of_run(record.number)]
        return RunPage.about(
            record,
            tasks=[task.document() for task in self._workspace.runs.tasks(record.number)],
            checks=[replace(result.document(), run=result.run) for result in kept],
        )
