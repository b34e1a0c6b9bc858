"""Plan, run and refresh: from code and files to a published commit.

The path of one run: `gather` (merge folder and head, load the project, look at raw files) → `schemas` (contracts, binding) → `build.plan`
(pure steps) → `build.runner` with `build.tasks` (Parquet, versions; recorded in T1) → a commit on `run:N` and the move of the branch (T2).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.graph import find_cycle
from andon.errors import ConflictError, DatasetError, Problem, ProjectError, UsageError
from andon.lake.refs import MAIN, require_branch
from andon.model.commit import CommitKind
from andon.model.event import Notice, Planned, Reporter, silent
from andon.model.plan import Action, Plan, Step
from andon.model.run import RunResult
from andon.runs.building.outcome import Progress
from andon.runs.checked_run import CheckedRun, look
from andon.runs.finish import Finish
from andon.runs.goal import DEFAULTS, POLICIES, Confirm, Goal, Prepared, RunOptions
from andon.runs.planning.changes import Changes
from andon.runs.planning.gather import Gathered, Gatherer, Side, code_notices
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.steps import Situation, datasets_taken, plan_steps
from andon.workspace.engines import Engines, Probe

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.workspace.workspace import Workspace

#: How often a run whose branch moved meanwhile is planned again.
REPLANS = 3


class Builds:
    """Plans and runs for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._raw = RawFiles(workspace.root, self._lake.storage)
        self._finish = Finish(workspace)
        self._probe = Probe()

    def close(self) -> None:
        """Free the engine that binds."""
        self._probe.close()

    # -- verbs

    def plan(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `run` with these options would do.

        Raises:
            ProjectError, ConflictError, UsageError: as `run`.
        """
        return self._prepare(self._change_goal(options), options, estimate=True).plan

    def plan_afresh(self) -> Plan:
        """What a first run into this lake would do, whatever the folder had in common with another one. Raises as `plan`."""
        goal = replace(self._change_goal(DEFAULTS), base=lambda *_: None)
        return self._prepare(goal, DEFAULTS).plan

    def plan_goal(self, goal: Goal, options: RunOptions) -> Plan:
        """What reaching `goal` would take."""
        return self._prepare(goal, options, estimate=True).plan

    def run(
        self, options: RunOptions = DEFAULTS, report: Reporter = silent, confirm: Confirm | None = None
    ) -> RunResult:
        """Build what the folder's code says and publish it.

        Args:
            report: hears of progress.
            confirm: asked before a change of `main`; None where nobody can be asked, which refuses it.

        Raises:
            ProjectError: the project is wrong; nothing was done.
            ConflictError: the folder or another publish stands in the way; what was built is kept.
            UsageError: `usage.confirmation_needed`.
            MachineError: the machine failed; `main` is as it was.
        """
        return self.reach(self._change_goal(options), options, report, confirm)

    def refresh(self, options: RunOptions = DEFAULTS, report: Reporter = silent) -> RunResult:
        """Build the branch's own code on today's inputs and publish what is healthy. Raises as `run`."""
        return self.reach(self._refresh_goal(options), options, report, lambda _: True)

    def reach(self, goal: Goal, options: RunOptions, report: Reporter, confirm: Confirm | None) -> RunResult:
        """Plan for `goal`, execute, commit, and move the branch; planned again while the branch moves."""
        began = time.perf_counter()
        if self._workspace.is_new:
            report(Notice(f"new lake made in {self._workspace.settings.get('storage')}"))
        self._make_branch(goal.branch, report)
        confirmed: tuple[Step, ...] | None = None
        for attempt in range(REPLANS + 1):
            prepared = self._prepare(goal, options)
            plan = prepared.plan
            if confirmed is None or _shape(confirmed) != _shape(plan.works):
                if goal.policy != "none":
                    self._confirm(plan, confirm)
                confirmed = plan.works
            try:
                return self._execute(prepared, options, report, began)
            except ConflictError as error:
                if error.code != "lake.ref_moved" or attempt == REPLANS:
                    raise
                report(Notice(f"{error.message}: planning again"))
        raise AssertionError("unreachable")

    # -- goals

    def _change_goal(self, options: RunOptions) -> Goal:
        branch = self._workspace.branch(options.branch)
        return Goal(
            branch,
            lambda _, gatherer: gatherer.folder(),
            lambda *_: self._workspace.folder.base(branch),
            CommitKind.CHANGE,
            self._policy(options, "publish.change"),
        )

    def _refresh_goal(self, options: RunOptions) -> Goal:
        branch = self._workspace.branch(options.branch)
        return Goal(
            branch,
            lambda head, gatherer: gatherer.own(self._lake.commits.state(head)),
            lambda *_: self._workspace.folder.base(branch),
            CommitKind.REFRESH,
            self._policy(options, "publish.refresh"),
        )

    def _policy(self, options: RunOptions, setting: str) -> str:
        policy = options.publish or str(self._workspace.settings.get(setting))
        if policy not in POLICIES:
            raise UsageError(
                "usage.bad_argument", f"`{policy}` is not a way to publish", hint=f"one of {', '.join(POLICIES)}"
            )
        return policy

    def _make_branch(self, branch: str, report: Reporter) -> None:
        ref = self._lake.refs.find(branch)
        if ref is not None:
            require_branch(ref)
            return
        try:
            made = self._workspace.branches.create(branch)
        except UsageError as error:
            if error.code != "lake.ref_exists":
                raise
            return  # another run made it at this moment
        report(Notice(f"made the branch {branch} at {made.commit[:8]}"))

    # -- preparing

    def _prepare(self, goal: Goal, options: RunOptions, *, estimate: bool = False) -> Prepared:
        ref = self._lake.refs.find(goal.branch) or self._lake.refs.find(MAIN)
        assert ref is not None  # a lake always has main
        head = self._lake.commits.get(ref.commit)
        gatherer = Gatherer(self._workspace)
        side = goal.side(head, gatherer)
        gathered = gatherer.gather(head, side, goal.base(head, gatherer), drop=options.drop, lenient=True)
        if gathered.project.problems:
            raise _merged(
                ProjectError.of([*gathered.project.problems, *self._further_problems(gathered)]), gathered, side
            )
        selected = self._selected(gathered, options)
        taken = datasets_taken(gathered.definitions, gathered.state.leaves, selected)
        moment = options.now or self._workspace.clock()
        try:
            bound = self._bind(gathered, taken)
        except ProjectError as error:
            raise _merged(error, gathered, side) from error
        objects = self._lake.objects
        changed = [
            leaf.definition
            for d, leaf in gathered.state.leaves.items()
            if d in gathered.definitions and leaf.definition != gathered.definitions[d].id
        ]
        lost: set[str] = set()
        old = objects.definitions(changed)
        changes = Changes(self._workspace, gathered, bound, old, moment)
        situation = Situation(
            definitions=gathered.definitions,
            files=gathered.files,
            leaves=gathered.state.leaves,
            sources=gathered.sources,
            selected=selected,
            forced=frozenset(taken if selected is None else selected & taken) if options.force else frozenset(),
            moment=moment,
            known=lambda keys: self._known(keys, lost),
            old=old,
            seconds=objects.seconds_by_dataset() if estimate else {},
            prove=changes.prove if options.proofs else None,
        )
        looked = look(self._workspace, gathered, bound, plan_steps(situation), moment, whole=selected is None)
        if looked.problems:
            raise _merged(ProjectError.of(looked.problems), gathered, side)
        steps = looked.steps
        if estimate:
            steps = self._workspace.outlook.of_plan(steps, gathered, head, bound, changes)
        done = frozenset(s.dataset for s in steps)
        shared = gathered.shared if selected is None else _shared(gathered, done)
        is_change = any(s.code_changed for s in steps) or dict(shared) != dict(gathered.state.shared)
        failures = [f"{d} will fail: {e.message}" for d, e in sorted(gathered.failures.items()) if d in taken]
        notices = [*failures, *gathered.notices, *_left_behind(gathered, selected, done)]
        plan = Plan(head.id, goal.branch, steps, is_change, tuple(notices))
        forced = situation.forced | {s.dataset for s in steps if s.key in lost}
        return Prepared(
            goal,
            head,
            gathered,
            side,
            plan,
            done,
            bound,
            moment,
            forced,
            shared,
            looked.book,
            looked.datasets,
            options.proofs,
        )

    def _known(self, keys: Iterable[str], lost: set[str]) -> Mapping[str, Build]:
        """Current builds by recipe key; `lost` takes the keys of those whose data files are not there: they must be built again."""
        builds = self._lake.objects.builds_by_key(keys)
        versions = self._lake.objects.versions({build.version for build in builds.values()})
        lost.update(
            key
            for key, build in builds.items()
            if build.version not in versions or self._lake.objects.is_lost(versions[build.version])
        )
        return {key: build for key, build in builds.items() if key not in lost}

    def _further_problems(self, gathered: Gathered) -> Sequence[Problem]:
        """What binding finds in the sound part of a project with problems, so that all are told together."""
        definitions = gathered.definitions
        bad = {problem.file for problem in gathered.project.problems}
        if find_cycle({d: definition.inputs for d, definition in definitions.items()}):
            return ()
        try:
            self._bind(gathered, {d for d, definition in definitions.items() if definition.entry not in bad})
        except ProjectError as error:
            return error.problems
        return ()

    def _bind(self, gathered: Gathered, taken: set[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Contracts of new files and columns of changed code; nothing is loaded for it when there is neither."""
        leaves, definitions = gathered.state.leaves, gathered.definitions
        sources = [gathered.sources[d] for d in taken & gathered.sources.keys()]
        files = any(s.added or s.changed or s.removed or s.contract is None for s in sources)
        if not files and all(d in leaves and leaves[d].definition == definitions[d].id for d in taken):
            return {}
        from andon.runs.planning.schemas import bind_changed, establish_contracts

        establish_contracts(gathered, self._raw, taken)
        return bind_changed(self._workspace, gathered, self._raw, taken, self._probe)

    def _selected(self, gathered: Gathered, options: RunOptions) -> frozenset[str] | None:
        if not options.select and not options.exclude:
            return None
        datasets = gathered.project.datasets
        leaves = gathered.state.leaves
        needs: dict[str, Sequence[str]] = {d: x.definition.inputs for d, x in datasets.items()}
        needs.update({d: () for d in leaves if d not in needs})  # deleted ones can be selected too
        from andon.project.select import Selectable, select

        among = Selectable(
            needs,
            {d: x.tags for d, x in datasets.items()},
            {d: x.owner for d, x in datasets.items()},
            {d: x.definition.entry for d, x in datasets.items()},
            frozenset(
                d
                for d in needs
                if d not in leaves
                or d not in datasets
                or leaves[d].files != gathered.files.get(d)
                or leaves[d].definition != datasets[d].definition.id
            ),
        )
        return frozenset(select(options.select, among, options.exclude))

    def _confirm(self, plan: Plan, confirm: Confirm | None) -> None:
        if not plan.is_change or plan.branch != MAIN:
            return
        if confirm is None:
            raise UsageError(
                "usage.confirmation_needed",
                "this changes the code that `main` is made by, and nothing can be asked here",
                hint="`andon plan` shows what would change; `--yes` does it, `--branch NAME` does it aside",
            )
        if not confirm(plan):
            raise UsageError(
                "usage.confirmation_needed", "not confirmed; nothing was done", hint="`andon plan` shows it again"
            )

    # -- executing

    def _execute(self, prepared: Prepared, options: RunOptions, report: Reporter, began: float) -> RunResult:
        plan = prepared.plan
        works = plan.works
        for notice in plan.notices:
            report(Notice(notice))
        if not works and not self._leaves_change(prepared):
            return self._finish.nothing(prepared, report, began)
        goal = prepared.goal
        run = self._workspace.runs.begin(
            goal.branch, prepared.head.id, str(goal.kind), self._workspace.author, to_text(prepared.moment)
        )
        try:
            report(Planned(plan, run))
            self._store_code(prepared)
            with Engines(self._workspace, run, prepared.moment) as engines:
                check = CheckedRun(self._workspace, prepared, run, engines)
                progress = Progress()
                if plan.builds:
                    from andon.runs.execute import Execution

                    progress = Execution(self._workspace, self._raw).build(prepared, run, report, engines, check)
                _require_current(progress, goal.branch)
                return self._finish.commit(prepared, options, run, progress, check, report, began)
        except KeyboardInterrupt:
            self._finish.stopped(run, began, "interrupted")
            raise DatasetError(
                "build.interrupted",
                "stopped; nothing was published",
                where=f"run:{run}",
                hint="run again: what was built is reused",
            ) from None
        except ConflictError as error:
            self._finish.stopped(run, began, "moved" if error.code == "lake.ref_moved" else "failed")
            raise
        except BaseException:
            self._finish.stopped(run, began, "failed")
            raise

    def _leaves_change(self, prepared: Prepared) -> bool:
        if dict(prepared.shared) != dict(prepared.gathered.state.shared):
            return True
        leaves = prepared.gathered.state.leaves
        for step in prepared.plan.steps:
            if step.action in (Action.REUSE, Action.CHECK):
                leaf = leaves.get(step.dataset)
                if leaf is None or step.code_changed or leaf.build != step.build:
                    return True
        return False

    def _store_code(self, prepared: Prepared) -> None:
        """Keep the texts of the merged code: the run reads those, never the folder."""
        before = prepared.gathered.state.files()
        side = prepared.side
        new = {
            path: sha
            for path, sha in prepared.gathered.code.files.items()
            if before.get(path) != sha and side.code.get(path) == sha
        }
        known = self._lake.objects.has_texts(new.values()) if new else set()
        self._lake.objects.put_texts([side.read(path, sha) for path, sha in new.items() if sha not in known])


def _require_current(progress: Progress, branch: str) -> None:
    """Refuse results that read what another run built first: their input would stand beside them with another content.

    Raises:
        ConflictError: `lake.ref_moved`; planned again, the first one's input is known and what reads it is built on that.
    """
    for build in progress.builds.values():
        for name, version in build.inputs.items():
            if progress.versions.get(name, version) != version:
                raise ConflictError(
                    "lake.ref_moved",
                    f"`{name}` was built by another run at the same time, with another content",
                    where=branch,
                    hint="run the same command again; what was built is reused",
                    retryable=True,
                )


def _merged(error: ProjectError, gathered: Gathered, side: Side) -> ProjectError:
    """`error` with a hint where the code is not the folder's alone: what is missing may be what an undo keeps out."""
    notices = code_notices(gathered.code, side)
    return replace(error, hint="; ".join(notices)) if notices else error


def _shape(steps: Sequence[Step]) -> list[tuple[str, Action]]:
    return sorted((s.dataset, s.action) for s in steps)


def _shared(gathered: Gathered, done: frozenset[str]) -> Mapping[str, str]:
    """The shared files of the next commit with a selection: only those that its definitions use are taken."""
    used = {p for d in done if d in gathered.definitions for p, _ in gathered.definitions[d].files}
    result = dict(gathered.state.shared)
    for path in used & gathered.shared.keys():
        result[path] = gathered.shared[path]
    return result


def _left_behind(gathered: Gathered, selected: frozenset[str] | None, done: frozenset[str]) -> list[str]:
    if selected is None:
        return []
    behind = sorted(
        d
        for d, definition in gathered.definitions.items()
        if d not in done and d in gathered.state.leaves and done.intersection(definition.inputs)
    )
    return [f"not selected, and left behind: {', '.join(behind)}"] if behind else []
