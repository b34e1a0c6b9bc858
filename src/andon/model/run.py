"""A run: one execution of a plan, made of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from andon.model.check_result import CheckResult


class TaskStatus(StrEnum):
    """How a task ended. `held`: it was built, and a check keeps it from readers."""

    OK = "ok"
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of one step.

    Attributes:
        rows: of the resulting version; None for views, drops and failures.
        seconds: wall time.
        error: for failures, as `AndonError.to_json()`.
    """

    dataset: str
    action: str
    reason: str
    status: TaskStatus
    rows: int | None = None
    seconds: float = 0.0
    version: str | None = None
    error: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """As in `run --json`."""
        document: dict[str, Any] = {
            "dataset": self.dataset,
            "action": self.action,
            "reason": self.reason,
            "status": str(self.status),
            "rows": self.rows,
            "seconds": round(self.seconds, 4),
            "version": self.version,
        }
        if self.error:
            document["error"] = self.error
        return document


@dataclass(frozen=True, slots=True)
class RunResult:
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
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """Checks that failed or could not run, those that hold first."""
        return tuple(sorted((c for c in self.checks if c.failed), key=lambda c: not c.holds))

    def to_json(self) -> dict[str, Any]:
        """The document of `run --json`."""
        return {
            "run": self.run,
            "branch": self.branch,
            "base": self.base,
            "commit": self.commit,
            "published": self.published,
            "held": self.held,
            "seconds": round(self.seconds, 4),
            "change": self.is_change,
            "notices": list(self.notices),
            "tasks": [t.to_json() for t in self.tasks],
            "checks": [c.to_json() for c in self.checks],
        }
