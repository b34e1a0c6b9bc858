"""What checks said before: of a run, of a version, of a dataset over time, and when a failing one last passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.model.check_result import CheckResult

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


class CheckHistory:
    """The kept results of one lake's checks."""

    def __init__(self, workspace: Workspace) -> None:
        self._results = workspace.check_results
        self._runs = workspace.runs

    def with_history(self, results: Sequence[CheckResult]) -> list[CheckResult]:
        """Results; those that fail know when they last passed."""
        return [replace(r, last_good=self._last_good(r)) if r.failed else r for r in results]

    def of_dataset(self, dataset: str, limit: int = 1000) -> list[CheckResult]:
        """Results of a dataset's checks in all runs that met them, newest run first."""
        return self._results.of_dataset(dataset, limit)

    def of_version(self, dataset: str, version: str) -> list[CheckResult]:
        """What checks said of a version, the newest answer of each, in the order of the lines."""
        newest: dict[str, CheckResult] = {}
        for result in self._results.of_dataset(dataset):
            if result.version == version:
                newest.setdefault(result.check, result)
        return sorted(newest.values(), key=lambda r: (r.line or 0, r.label))

    def of_run(self, run: int) -> list[CheckResult]:
        """The results that a run met."""
        return self.with_history(self._results.of_run(run))

    def _last_good(self, result: CheckResult) -> dict[str, Any] | None:
        found = self._results.last_good(result.check)
        if found is None:
            return None
        run, value, bad = found
        record = self._runs.find(run)
        return {"run": run, "commit": record.commit if record else None, "value": value, "bad": bad}
