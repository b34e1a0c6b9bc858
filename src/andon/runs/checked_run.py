"""Checks in plans and runs: which a plan must look at, what the tasks ask, and what of the result may be published."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.graph import reach
from andon.model.check import CheckKind, Severity
from andon.model.check_result import CheckResult
from andon.model.commit import Leaf, State
from andon.model.plan import Action, Step
from andon.model.quarantine import AsideRule, aside_of, is_aside
from andon.model.run import TaskStatus
from andon.model.version import Version
from andon.runs.building.outcome import Asked, Progress
from andon.runs.planning.gather import BoundCode
from andon.workspace.rates import hourly_rate, publish_budget

if TYPE_CHECKING:
    from andon.runs.inspection.ask import Checking
    from andon.runs.inspection.settle import Settled
    from andon.runs.prepare import Prepared
    from andon.workspace.engines import Engines
    from andon.workspace.workspace import Workspace


class CheckedRun:
    """The checks of one run: asked in its tasks and before its publish."""

    def __init__(self, workspace: Workspace, prepared: Prepared, run: int, engines: Engines) -> None:
        self._workspace = workspace
        self._prepared = prepared
        self._run = run
        self._engines = engines
        self._checking: Checking | None = None
        self._lock = threading.Lock()
        self._head_checks: dict[str, frozenset[str]] = {}
        self._head_rules: frozenset[str] | None = None
        builds = prepared.plan.builds
        self._waiting = {s.dataset for s in builds}
        self._needs = {d: definition.inputs for d, definition in prepared.gathered.definitions.items()}

    def of_task(self, dataset: str, version: Version, versions: Mapping[str, str]) -> Asked:
        """See `andon.runs.building.job.Check`: only what can't change any more in this run is read, so that a run repeats."""
        prepared = self._prepared
        if dataset not in prepared.checks.datasets:
            return Asked()
        above = reach(self._needs, [dataset])
        results = self._asking().of_task(
            dataset,
            version,
            versions,
            lambda name: name not in self._waiting or name in above or name == aside_of(dataset),
        )
        now = {**versions, dataset: version.id}
        files = tuple(prepared.gathered.files.get(dataset, ()))
        return Asked(results, tuple(c for c in results if c.holds and self._can_hold(c, now, files)))

    def aside(self, dataset: str, columns: Sequence[tuple[str, str]]) -> Sequence[AsideRule]:
        """Which rows of a result with these columns its checks set aside.

        Raises:
            DatasetError: where a line does not fit what was built.
        """
        from andon.runs.inspection.asides import aside_rules

        book = self._prepared.checks.book
        said = book.dataset(dataset) if book is not None else None
        if book is None or said is None:
            raise ValueError(f"the lines of {dataset}, which is built, were not looked at")
        return aside_rules(book, said, columns)

    def of_reused(self, steps: Sequence[Step]) -> dict[str, str]:
        """`{dataset: why}` of results that are taken over although a check holds them: nothing is built on those either."""
        prepared = self._prepared
        there = {d: leaf.version for d, leaf in prepared.gathered.state.leaves.items()}
        there.update({s.dataset: s.version for s in steps if s.version is not None and s.action is not Action.DROP})
        there = {d: version for d, version in there.items() if d not in self._waiting}
        taken = [s.dataset for s in steps if s.action in (Action.REUSE, Action.CHECK) and s.dataset in there]
        held: dict[str, str] = {}
        for dataset in taken:
            if dataset in prepared.checks.datasets:
                version = self._engines().relations.version(there[dataset])
                if self.of_task(dataset, version, there).holding:
                    held[dataset] = f"{dataset} is held by a check"
        return held

    def settle(self, whole: State, progress: Progress) -> Settled:
        """What of `whole`, the state with all that was built, may be published."""
        from andon.runs.inspection.settle import settle_healthy, settle_whole

        gathered, goal = self._prepared.gathered, self._prepared.goal
        found = [c for c in progress.checks if c.version == progress.versions.get(c.dataset)]
        found += self._unit_tests(whole)
        found += self._budgets(whole)
        if goal.policy == "healthy":
            return settle_healthy(whole, gathered.state, gathered.definitions, found, self._ask, self._can_hold_in)
        unfinished = {r.dataset for r in progress.results if r.status in (TaskStatus.FAILED, TaskStatus.SKIPPED)}
        return settle_whole(
            whole, found, lambda leaves: self._ask({d: x for d, x in leaves.items() if d not in unfinished})
        )

    def holding(self, settled: Settled) -> list[CheckResult]:
        """The results that hold the whole of a change."""
        return [c for c in settled.holding if self._can_hold_in(c, settled.whole)]

    @property
    def newest(self) -> Mapping[str, int | None]:
        """What `max_age` found, by key of the result."""
        return self._checking.newest if self._checking is not None else {}

    @property
    def fresh(self) -> Iterable[CheckResult]:
        """Results that were found in this run."""
        return self._checking.fresh.values() if self._checking is not None else ()

    def _ask(self, leaves: Mapping[str, Leaf]) -> Sequence[CheckResult]:
        looked = self._prepared.checks.datasets
        return self._asking().of_state(leaves, looked) if looked else ()

    def _can_hold_in(self, check: CheckResult, state: State) -> bool:
        leaf = state.leaves.get(check.dataset)
        versions = {name: state.leaves[name].version for name in check.datasets if name in state.leaves}
        return self._can_hold(check, versions, leaf.files if leaf is not None else ())

    def _can_hold(self, check: CheckResult, versions: Mapping[str, str], files: Sequence[tuple[str, str]]) -> bool:
        """Whether a failing check touches a changed version, or is new, or holds from now on; else it fails already, for all to see.

        Args:
            versions: of the datasets that it names.
            files: those of its dataset.
        """
        prepared = self._prepared
        head = prepared.gathered.state
        published = {name: leaf.version for name, leaf in head.leaves.items()}
        if check.kind is CheckKind.UNIT or any(versions.get(d) != published.get(d) for d in check.datasets):
            return True
        if check.file is not None and check.file.startswith("checks/"):  # a rule of a file of its own
            return dict(prepared.shared) != dict(head.shared) and check.check not in self._rules_before()
        before = head.leaves.get(check.dataset)
        if before is None or (tuple(files) == tuple(before.files) and dict(prepared.shared) == dict(head.shared)):
            return False
        return check.check not in self._before(check.dataset, before)

    def _unit_tests(self, whole: State) -> list[CheckResult]:
        """Results of the unit tests of datasets whose definition this run changes."""
        prepared = self._prepared
        tests = prepared.gathered.project.tests
        before = prepared.gathered.state.leaves
        changed = {
            test.dataset
            for test in tests
            if test.dataset in whole.leaves
            and (test.dataset not in before or before[test.dataset].definition != whole.leaves[test.dataset].definition)
        }
        if not tests:
            return []
        from andon.runs.inspection.unit_results import as_check
        from andon.runs.inspection.unit_tests import run_tests, with_changed_tests

        changed |= {d for d in with_changed_tests(prepared.gathered) if d in whole.leaves}
        if not changed:
            return []
        results = run_tests(self._workspace, BoundCode(prepared.gathered, prepared.bound), changed)
        return [as_check(result, whole.leaves[result.dataset].version, self._run) for result in results]

    def _budgets(self, whole: State) -> list[CheckResult]:
        """Whether what readers don't have yet kept to the budgets, by what its builds took, in this run or in an earlier one."""
        prepared, settings = self._prepared, self._workspace.settings
        said, head = prepared.gathered.project.datasets, prepared.gathered.state.leaves
        together = publish_budget(settings)
        moved = sorted(
            d for d, leaf in whole.leaves.items() if (old := head.get(d)) is None or old.version != leaf.version
        )
        limited = {
            d: whole.leaves[d]
            for d in moved
            if (together is not None or (d in said and said[d].budget is not None)) and not is_aside(d)
        }
        if not limited:
            return []
        from andon.runs.inspection.budgets import BuiltVersion, budget_result, publish_budget_result

        builds = self._workspace.lake.objects.builds(leaf.build for leaf in limited.values())
        built = [BuiltVersion(d, leaf.version, builds[leaf.build].seconds) for d, leaf in limited.items()]
        accepted = {each.subject: each for each in (*prepared.head.acceptances, *prepared.goal.acceptances)}
        rate = hourly_rate(settings)
        found = [
            budget_result(each, budget, rate, self._run, accepted)
            for each in built
            if each.dataset in said and (budget := said[each.dataset].budget) is not None
        ]
        if together is not None and (all_of_them := publish_budget_result(built, together, rate, self._run, accepted)):
            found.append(all_of_them)
        return found

    def _before(self, dataset: str, leaf: Leaf) -> frozenset[str]:
        """Ids of the checks that hold by the head's lines of a dataset."""
        if dataset not in self._head_checks:
            book = self._prepared.checks.book
            found = book.before(dataset, leaf.files) if book is not None else ()
            self._head_checks[dataset] = frozenset(c.id for c in found if c.severity is Severity.HOLD)
        return self._head_checks[dataset]

    def _rules_before(self) -> frozenset[str]:
        """Ids of the rules that hold in the head: of what their SQL means with the macros that it calls."""
        if self._head_rules is None:
            book = self._prepared.checks.book
            found = book.rules_before() if book is not None else ()
            self._head_rules = frozenset(c.id for c in found if c.severity is Severity.HOLD)
        return self._head_rules

    def _asking(self) -> Checking:
        """What asks for this run: one for all its tasks, or what one of them found out would not be recorded."""
        with self._lock:
            if self._checking is None:
                self._checking = self._opened()
            return self._checking

    def _opened(self) -> Checking:
        from andon.runs.inspection.ask import Checking
        from andon.runs.inspection.questions import AskContext

        prepared = self._prepared
        assert prepared.checks.book is not None  # there is something to look at
        setting = AskContext(
            published=prepared.gathered.state.leaves,
            definitions=prepared.gathered.definitions,
            moment=prepared.moment,
            run=self._run,
            acceptances=(*prepared.head.acceptances, *prepared.goal.acceptances),
            releases=prepared.releases,
            branch=prepared.goal.branch,
        )
        engines = self._engines
        return Checking(
            self._workspace, prepared.checks.book, setting, engines, engines.interrupt, engines.workers, engines.answers
        )
