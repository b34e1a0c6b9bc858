"""What checks said before: of a run, of a dataset at a commit or over time, and when a failing one last passed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.record import Record, replace
from andon.checks.judge import Measured, judge
from andon.checks.language.mentions import is_age
from andon.errors import ProjectError
from andon.model.check import Check, CheckStatus, MaxAge
from andon.model.check_result import CheckResult, result_key
from andon.model.commit import Commit, State
from andon.model.dataset import Definition
from andon.model.mask import MASK
from andon.model.project import Project
from andon.runs.inspection.results import judged, unjudged

if TYPE_CHECKING:
    from datetime import datetime

    from andon.state.check_results import ToldCheck
    from andon.workspace.workspace import Workspace


class OwnCode(Record):
    """A commit's own code beside its own state."""

    project: Project
    definitions: Mapping[str, Definition]
    state: State

    @classmethod
    def of(cls, project: Project, state: State) -> OwnCode:
        """Code beside a state, with its definitions."""
        return cls(project, {name: one.definition for name, one in project.datasets.items()}, state)


class CheckHistory:
    """The kept results of one lake's checks."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._results = workspace.check_results
        self._runs = workspace.runs

    def with_history(self, results: Sequence[CheckResult]) -> list[CheckResult]:
        """Results; those that fail know when they last passed."""
        return [replace(r, last_good=self._last_good(r)) if r.failed else r for r in results]

    def of_dataset(self, dataset: str, limit: int = 1000) -> list[CheckResult]:
        """Results of a dataset's checks in all runs that met them, newest run first."""
        return self._results.of_dataset(dataset, limit)

    def of_commit(self, dataset: str, commit: Commit, state: State, project: Project) -> list[CheckResult]:
        """What each check that a commit states of a dataset said of the versions that the commit has, in the order of the lines.

        Another branch may have asked other lines of the same versions, or the same line beside other versions: neither is this
        commit's. A check that was never asked of these is skipped, and says so.

        Args:
            state, project: of the commit.
        """
        versions = {name: leaf.version for name, leaf in state.leaves.items()}
        told = self._results.told_of(dataset, versions[dataset])

        def is_of_these(line: ToldCheck) -> bool:
            result = line.result
            return result.version == versions[dataset] and all(versions.get(o) == v for o, v in result.others)

        return [
            self._worded(check, self._known(told.get(check.id, []), commit, is_of_these), commit, versions[dataset])
            for check in self._stated(dataset, state, project)
        ]

    def ages(
        self, commit: Commit, state: State, project: Project, now: datetime, names: Iterable[str] | None = None
    ) -> list[CheckResult]:
        """The checks of age of a commit, judged by `now` from the newest values that are known; nothing is asked of data, in one statement.
        Left out is what was never asked, and what reads a clock itself or personal values, which are not kept.

        Args:
            names: of which datasets; None means all.
        """
        wanted = state.leaves.keys() & (project.datasets.keys() if names is None else set(names))
        old = sorted(
            name
            for name in wanted
            if name in project.datasets and any(is_age(line.text) for line in project.datasets[name].checks)
        )
        checks: dict[str, Check] = {}
        for check in (check for name in old for check in self._stated(name, state, project)):
            if isinstance(check.form, MaxAge):
                checks[result_key(check.id, state.leaves[check.dataset].version)] = check
        kept = self._results.find(checks) if checks else {}
        found = []
        for key, check in checks.items():
            known = kept.get(key)
            if known is None or known.value == MASK:
                continue
            measured = Measured(value=known.newest, is_infinite=known.value == "infinity")
            asked = unjudged(check, key, known.version, how="kept", run=known.run, at=to_text(now))
            result = judged(asked, judge(check, measured, now))
            found.append(self._worded(check, result, commit, known.version))
        return found

    def _known(
        self, told: Sequence[ToldCheck], commit: Commit, is_of_these: Callable[[ToldCheck], bool]
    ) -> CheckResult | None:
        """What is known of a check: by the run that made the commit, else by the newest that readers know, else by the newest.

        What is compared with the published version differs by branch. Lines are read as they are needed: there may be very many.
        """
        own = next((line for line in told if line.run == commit.run and is_of_these(line)), None)
        if own is not None:
            return own.result
        newest = next((line for line in told if is_of_these(line)), None)
        published = next((line for line in told if self._is_published(line.run) and is_of_these(line)), newest)
        return published.result if published is not None else None

    def _stated(self, dataset: str, state: State, project: Project) -> Sequence[Check]:
        """The checks that the code states; none where its lines don't fit what is there, which no run publishes."""
        from andon.runs.inspection.book import CheckBook

        book = CheckBook(self._workspace, OwnCode.of(project, state), {})
        try:
            if dataset not in project.datasets or book.read([dataset]):
                return ()
            return sorted((item.check for item in book.of(dataset)), key=lambda c: (c.line or 0, c.label))
        except ProjectError:
            return ()

    def _worded(self, check: Check, found: CheckResult | None, commit: Commit, version: str) -> CheckResult:
        """The result that readers of the commit should see, as the commit's own line words it."""
        if found is None:
            return replace(
                unjudged(check, result_key(check.id, version), version),
                status=CheckStatus.SKIPPED,
                reason="not asked of this version yet",
                why=check.why,
                file=check.file,
                line=check.line,
            )
        accepted = next((a for a in commit.acceptances if a.subject == found.subject), None)
        return replace(
            found,
            accepted=accepted.to_json() if accepted is not None and found.failed else None,
            label=check.label,
            text=check.text,
            severity=check.severity,
            why=check.why,
            file=check.file,
            line=check.line,
        )

    def _is_published(self, run: int) -> bool:
        record = self._runs.find(run)
        return record is not None and record.published

    def of_run(self, run: int) -> list[CheckResult]:
        """The results that a run met."""
        return self.with_history(self._results.of_run(run))

    def _last_good(self, result: CheckResult) -> dict[str, Any] | None:
        found = self._results.last_good(result.check)
        if found is None:
            return None
        run, value, bad = found
        if result.value == MASK:  # a column was marked since
            value = MASK
        elif result.value in (None, "infinity"):  # it may have been marked, and shows no value that would tell
            value = None
        record = self._runs.find(run)
        return {"run": run, "commit": record.commit if record else None, "value": value, "bad": bad}
