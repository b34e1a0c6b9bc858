"""A run: one execution of a plan, made of tasks."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from andon.base.document import UNSET, Document, Documented, ErrorDocument, UnsetType, from_json
from andon.model.check_result import CheckDocument, CheckResult


class TaskStatus(StrEnum):
    """How a task ended. `held`: it was built, and a check keeps it from readers. While its run goes on, or where that was killed, it may
    also be `waiting` or `running`; one that its run did not see the end of is `stopped`."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    OK = "ok"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"


class TaskDocument(Document):
    """What became of one step."""

    dataset: str
    action: str
    reason: str
    status: TaskStatus
    rows: int | None
    seconds: float
    version: str | None
    error: ErrorDocument | UnsetType = UNSET
    note: str | UnsetType = UNSET


class TaskResult(Documented):
    """What became of one step.

    Attributes:
        rows: of the resulting version; None for views, drops and failures.
        seconds: wall time.
        error: for failures, as `AndonError.to_json()`.
        note: what of a load people should hear.
        began: seconds after the run was recorded; None where nothing was done, or nobody noted it.
    """

    dataset: str
    action: str
    reason: str
    status: TaskStatus
    rows: int | None = None
    seconds: float = 0.0
    version: str | None = None
    error: dict[str, Any] | None = None
    note: str | None = None
    began: float | None = None

    def document(self) -> TaskDocument:
        """As in `run --json`."""
        error = from_json(ErrorDocument, self.error) if self.error else UNSET
        # by its fields, since a run of thousands of datasets has as many
        return TaskDocument(
            dataset=self.dataset,
            action=self.action,
            reason=self.reason,
            status=self.status,
            rows=self.rows,
            seconds=round(self.seconds, 4),
            version=self.version,
            error=error,
            note=self.note or UNSET,
        )


class RunDocument(Document):
    """How a run ended."""

    run: int | None
    branch: str
    base: str
    commit: str
    published: bool
    held: str | None
    seconds: float
    change: bool
    notices: list[str]
    tasks: list[TaskDocument]
    checks: list[CheckDocument]


class RunResult(Documented):
    """How a run ended.

    Attributes:
        run: its number; None when there was nothing to do and none was recorded.
        commit: the commit that holds its result (on `run:N`, and on the branch if published).
        published: whether the branch shows that result now (also true when there was nothing to do).
        held: why not, or None.
        checks: what was asked of the result, in the order of datasets and lines.
    """

    run: int | None
    branch: str
    base: str
    commit: str
    published: bool
    held: str | None
    seconds: float
    tasks: tuple[TaskResult, ...]
    is_change: bool = False
    notices: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()

    @property
    def changes_readers(self) -> bool:
        """Whether it published a change of code: then what readers see may be another."""
        return self.run is not None and self.published and self.is_change

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """Checks that failed or could not run, those that hold first."""
        return tuple(sorted((c for c in self.checks if c.failed), key=lambda c: not c.holds))

    def document(self) -> RunDocument:
        """The document of `run --json`."""
        return RunDocument.about(self, seconds=round(self.seconds, 4), change=self.is_change)
