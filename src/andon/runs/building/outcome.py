"""What one task came to: a version with the build that made it, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from andon.model.build import Build
from andon.model.check_result import CheckResult
from andon.model.dataset import Definition
from andon.model.plan import Step
from andon.model.run import TaskResult
from andon.model.version import DataFile, Version


@dataclass(frozen=True, slots=True)
class Asked:
    """What checks said of a result: all of it, and those that hold it, so that nothing may read it."""

    results: tuple[CheckResult, ...] = ()
    holding: tuple[CheckResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A task's result.

    Attributes:
        fresh: whether version and build are new to the catalog (else they were there: reuse by key).
        asked: what checks said of the result before anything may read it.
        told: what of it people should hear in the summary of the run.
        new: the files of the version that nothing names yet, where not all are new.
        beside: what was made in the same write, and is recorded with it: the rows that were set aside.
        recorded: whether it is recorded with another one.
        ahead: seconds that it took before its task began.
    """

    version: Version | None
    build: Build
    version_id: str
    rows: int | None
    fresh: bool
    note: str | None = None
    definition: Definition | None = field(default=None, repr=False)
    asked: Asked = Asked()
    told: str | None = None
    new: tuple[DataFile, ...] | None = None
    beside: tuple[Outcome, ...] = ()
    recorded: bool = False
    ahead: float = 0.0


@dataclass
class Progress:
    """What became of the steps so far.

    Attributes:
        builds: `{dataset: the build that its leaf will name}`.
        versions: `{dataset: version id}`, for what is downstream.
        results: in the order in which they ended.
        failed: datasets that have no result, or one that a check holds, each with why; what reads them is skipped for that.
        checks: of the results, in that order.
    """

    builds: dict[str, Build] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    results: list[TaskResult] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    checks: list[CheckResult] = field(default_factory=list)


class Execute(Protocol):
    """Takes one step; called from several threads at once."""

    def __call__(self, step: Step, versions: Mapping[str, str]) -> Outcome:
        """Build the step's dataset from the given input versions.

        Raises:
            AndonError: if it can't be built.
        """
        ...
