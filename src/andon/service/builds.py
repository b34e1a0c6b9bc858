"""Plan, run and refresh: from code and files to a published commit.

The path of one run: `gather` (merge folder and head, load the project, look at raw files) → `schemas` (contracts, binding) → `build.plan`
(pure steps) → `build.runner` with `build.tasks` (Parquet, versions; recorded in T1) → a commit on `run:N` and the move of the branch (T2).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.build.plan import Situation, plan_steps
from andon.build.runner import Progress, Runner
from andon.build.select import Selectable, select
from andon.build.tasks import EngineSettings, Job, PythonSettings, Tasks
from andon.errors import AndonError, ConflictError, DatasetError, UsageError
from andon.lake.commits import Draft
from andon.lake.lake import RefMove
from andon.lake.refs import MAIN
from andon.model.commit import Commit, CommitKind, Leaf, State
from andon.model.event import Ended, Notice, Planned, Reporter, silent
from andon.model.plan import Action, Plan, Step
from andon.model.run import RunResult, Status, TaskResult
from andon.project.merge import next_base
from andon.service.folder import Base
from andon.service.gather import Gathered, Gatherer, Side
from andon.service.raw import RawFiles
from andon.service.schemas import bind_changed, columns_by_dataset, establish_contracts
from andon.sources.contract import describe
from andon.sources.explain import explain
from andon.sources.render import render

if TYPE_CHECKING:
    from andon.build.outcome import Outcome
    from andon.engines.duckdb.instance import Instance
    from andon.model.build import Build
    from andon.service.workspace import Workspace

#: How often a run whose branch moved meanwhile is planned again.
REPLANS = 3
#: How often a finished commit is moved on top of a head that changed nothing it wrote or read.
REBASES = 50

POLICIES = ("all-or-nothing", "healthy", "none")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a caller of `run`, `refresh` and `plan` may choose.

    Attributes:
        select, exclude: terms of a selection; empty means all.
        branch: the branch; None means the workspace's.
        publish: `all-or-nothing`, `healthy`, `none`, or None for the policy of the settings.
        force: build what is selected even where a result is known.
        now: the logical time; None means the clock.
        drop: without a base, drop what the folder lacks.
        message: of the commit.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    branch: str | None = None
    publish: str | None = None
    force: bool = False
    now: datetime | None = None
    drop: bool = False
    message: str | None = None


#: Options when nothing is chosen.
DEFAULTS = RunOptions()

#: Asked before a change of `main` is made; None where nothing can be asked.
Confirm = Callable[[Plan], bool]


@dataclass
class Goal:
    """Where a plan leads: which branch, what is merged into its head, over which base, and as what kind of commit."""

    branch: str
    side: Callable[[Commit, Gatherer], Side]
    base: Callable[[Commit, Gatherer], Base | None]
    kind: CommitKind
    policy: str
    merged: Commit | None = None
    updates_folder: bool = True


@dataclass
class Prepared:
    """A plan with all that executing it needs."""

    goal: Goal
    head: Commit
    gathered: Gathered
    side: Side
    plan: Plan
    taken: frozenset[str]
    bound: Mapping[str, Sequence[tuple[str, str]]]
    moment: datetime
    forced: frozenset[str]
    shared: Mapping[str, str]


class Builds:
    """Plans and runs for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._raw = RawFiles(workspace.root, self._lake.storage)
        self._probe: Instance | None = None

    # -- verbs

    def plan(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `run` with these options would do.

        Raises:
            ProjectError, ConflictError, UsageError: as `run`.
        """
        return self._prepare(self._change_goal(options), options, estimate=True).plan

    def plan_refresh(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `refresh` with these options would do."""
        return self._prepare(self._refresh_goal(options), options, estimate=True).plan

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
                self._confirm(plan, confirm)
                confirmed = plan.works
            try:
                return self._execute(prepared, options, report, began)
            except ConflictError as error:
                if error.code != "lake.ref_moved" or attempt == REPLANS:
                    raise
                report(Notice(f"{goal.branch} moved meanwhile: planning again on its new head"))
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
        if self._lake.refs.find(branch) is not None:
            return
        made = self._workspace.branches.create(branch)
        report(Notice(f"made the branch {branch} at {made.commit[:8]}"))

    # -- preparing

    def _prepare(self, goal: Goal, options: RunOptions, *, estimate: bool = False) -> Prepared:
        ref = self._lake.refs.find(goal.branch) or self._lake.refs.find(MAIN)
        assert ref is not None  # a lake always has main
        head = self._lake.commits.get(ref.commit)
        gatherer = Gatherer(self._workspace)
        side = goal.side(head, gatherer)
        gathered = gatherer.gather(head, side, goal.base(head, gatherer), drop=options.drop)
        selected = self._selected(gathered, options)
        taken = set(gathered.definitions) if selected is None else set(selected)
        moment = options.now or self._workspace.clock()
        establish_contracts(gathered, self._raw, taken & gathered.definitions.keys())
        schemas = bind_changed(self._workspace, gathered, self._raw, taken, self._instance)
        objects = self._lake.objects
        changed = [
            leaf.definition
            for d, leaf in gathered.state.leaves.items()
            if d in gathered.definitions and leaf.definition != gathered.definitions[d].id
        ]
        situation = Situation(
            definitions=gathered.definitions,
            files=gathered.files,
            leaves=gathered.state.leaves,
            sources=gathered.sources,
            selected=selected,
            forced=frozenset(taken) if options.force else frozenset(),
            moment=moment,
            known=lambda keys: objects.builds_by_key(keys),
            old=objects.definitions(changed),
            seconds=objects.seconds_by_dataset() if estimate else {},
        )
        steps = plan_steps(situation)
        done = frozenset(s.dataset for s in steps)
        shared = _shared(gathered, selected)
        is_change = any(s.code_changed for s in steps) or dict(shared) != dict(gathered.state.shared)
        notices = [*gathered.notices, *_left_behind(gathered, selected, done)]
        plan = Plan(head.id, goal.branch, steps, is_change, tuple(notices))
        return Prepared(goal, head, gathered, side, plan, done, schemas.bound, moment, situation.forced, shared)

    def _selected(self, gathered: Gathered, options: RunOptions) -> frozenset[str] | None:
        if not options.select and not options.exclude:
            return None
        datasets = gathered.project.datasets
        leaves = gathered.state.leaves
        needs: dict[str, Sequence[str]] = {d: x.definition.inputs for d, x in datasets.items()}
        needs.update({d: () for d in leaves if d not in needs})  # deleted ones can be selected too
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

    def _instance(self) -> Instance:
        if self._probe is None:
            from andon.engines.duckdb.instance import Instance

            self._probe = Instance(threads=1, files_never_change=False)
        return self._probe

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
            return self._nothing(prepared, report, began)
        goal = prepared.goal
        run = self._workspace.runs.begin(
            goal.branch, prepared.head.id, str(goal.kind), self._workspace.author, to_text(prepared.moment)
        )
        report(Planned(plan, run))
        try:
            self._store_code(prepared)
            progress = self._build(prepared, run, report) if works else Progress()
        except KeyboardInterrupt:
            self._stopped(run, began)
            raise DatasetError(
                "build.interrupted",
                "stopped; nothing was published",
                where=f"run:{run}",
                hint="run again: what was built is reused",
            ) from None
        except BaseException:
            self._stopped(run, began, "failed")
            raise
        return self._finish(prepared, options, run, progress, report, began)

    def _leaves_change(self, prepared: Prepared) -> bool:
        if dict(prepared.shared) != dict(prepared.gathered.state.shared):
            return True
        leaves = prepared.gathered.state.leaves
        for step in prepared.plan.steps:
            if step.action is Action.REUSE:
                leaf = leaves.get(step.dataset)
                if leaf is None or step.code_changed or leaf.build != step.build:
                    return True
        return False

    def _nothing(self, prepared: Prepared, report: Reporter, began: float) -> RunResult:
        results = tuple(_untouched(s) for s in prepared.plan.steps)
        self._remember(prepared, prepared.gathered.state)
        result = RunResult(
            None,
            prepared.goal.branch,
            prepared.head.id,
            prepared.head.id,
            published=True,
            held=None,
            seconds=time.perf_counter() - began,
            tasks=results,
            is_change=False,
            notices=prepared.plan.notices,
        )
        report(Planned(prepared.plan, None))
        report(Ended(result))
        return result

    def _store_code(self, prepared: Prepared) -> None:
        """Keep the texts of the merged code and copies of the raw files: the run reads those, never the folder."""
        known = self._lake.objects.has_texts(
            sha
            for path, sha in prepared.gathered.code.files.items()
            if prepared.gathered.state.files().get(path) != sha
        )
        side = prepared.side
        before = prepared.gathered.state.files()
        fresh = {
            path: sha
            for path, sha in prepared.gathered.code.files.items()
            if before.get(path) != sha and sha not in known and side.code.get(path) == sha
        }
        self._lake.objects.put_texts([side.read(path, sha) for path, sha in fresh.items()])

    def _build(self, prepared: Prepared, run: int, report: Reporter) -> Progress:
        gathered, settings = prepared.gathered, self._workspace.settings
        works = prepared.plan.works
        built = {s.dataset for s in works if s.action is Action.BUILD}
        raw: list[str] = []
        for name in sorted(built & gathered.sources.keys()):
            try:
                raw += self._raw.keep(gathered.sources[name].files)
                self._say_contract(gathered, name, report)
            except DatasetError as error:
                gathered.failures[name] = error
        cores = int(settings.get("engine.threads")) or os.cpu_count() or 1
        job = Job(
            lake=self._lake,
            run=run,
            moment=prepared.moment,
            definitions=gathered.definitions,
            leaves=gathered.state.leaves,
            sources={name: (s.files, s.contract) for name, s in gathered.sources.items()},
            failures=gathered.failures,
            bound=prepared.bound,
            read_source=_SourceReader(gathered, self._raw),
            engine=EngineSettings(
                cores,
                str(settings.get("engine.memory_limit") or ""),
                int(settings.get("engine.wide_above")),
                self._temporary(run),
            ),
            python=PythonSettings(self._workspace.folder.state / "environments", float(settings.get("python.timeout"))),
            forced=prepared.forced,
        )
        with Tasks(job) as tasks:
            tasks.register(columns_by_dataset({d: c for d, c in prepared.bound.items() if d in built}))
            tasks.relations.load(
                s.version
                for s in prepared.plan.steps
                if s.version is not None
                and s.action in (Action.REUSE, Action.KEEP)
                and _is_read(s.dataset, works, gathered)
            )

            def record(outcomes: Sequence[Outcome]) -> Mapping[str, Build]:
                winners = self._lake.objects.record(
                    [(o.version, o.build) for o in outcomes if o.version is not None],
                    [o.definition for o in outcomes if o.definition is not None],
                    raw=raw,
                    force=bool(prepared.forced),
                )
                raw.clear()
                return winners

            workers = int(settings.get("run.parallel")) or cores
            runner = Runner(tasks, record, report, workers, job.cancelled, tasks.interrupt)
            versions = {d: leaf.version for d, leaf in gathered.state.leaves.items() if d not in built}
            versions.update(
                {s.dataset: s.version for s in prepared.plan.steps if s.version and s.action is not Action.DROP}
            )
            try:
                return runner.run(works, {d: v for d, v in versions.items() if d not in built})
            finally:
                self._clean(job.engine)

    def _say_contract(self, gathered: Gathered, name: str, report: Reporter) -> None:
        build, source = gathered.builds.get(name), gathered.sources[name]
        if source.contract is not None and (build is None or build.contract != source.contract):
            for line in describe(source.contract):
                report(Notice(f"{name}: {line}"))

    def _temporary(self, run: int) -> Path:
        chosen = str(self._workspace.settings.get("engine.temp_directory") or "")
        root = self._workspace.root / chosen if chosen else self._workspace.folder.state / "tmp"
        return root / f"run-{run}"

    def _clean(self, engine: EngineSettings) -> None:
        import shutil

        shutil.rmtree(engine.temporary, ignore_errors=True)

    def _stopped(self, run: int, began: float, status: str = "interrupted") -> None:
        with contextlib.suppress(AndonError), self._lake.database.write() as transaction:
            seconds = time.perf_counter() - began
            self._workspace.runs.end(transaction, run, status, None, False, None, seconds, [])

    # -- finishing

    def _finish(
        self,
        prepared: Prepared,
        options: RunOptions,
        run: int,
        progress: Progress,
        report: Reporter,
        began: float,
    ) -> RunResult:
        results = _results(prepared.plan, progress)
        held = _held(prepared.goal, results)
        state = _next_state(prepared, progress)
        publish = held is None
        request = secrets.token_hex(16)
        head = prepared.head
        for _ in range(REBASES):
            draft = Draft(
                (head.id, prepared.goal.merged.id) if prepared.goal.merged else (head.id,),
                prepared.goal.kind,
                self._workspace.author,
                options.message or _message(results),
                to_text(self._workspace.clock()),
                run,
                head.rejected,
                head.acceptances,
            )
            moves = [RefMove(f"run:{run}", "run", None, "run")]
            if publish:
                moves.append(RefMove(prepared.goal.branch, "branch", head.id, str(prepared.goal.kind)))
            result_of = _ResultOf(prepared, run, results, publish, held, began)
            try:
                commit = self._lake.commit(
                    draft,
                    state,
                    moves,
                    request,
                    also=lambda transaction, commit: self._workspace.runs.end(
                        transaction,
                        run,
                        "failed" if any(r.status is Status.FAILED for r in results) else "done",
                        commit.id,
                        publish,
                        held,
                        time.perf_counter() - began,
                        results,
                    ),
                )
                break
            except ConflictError as error:
                if error.code != "lake.ref_moved":
                    raise
                rebased = self._rebase(prepared, state, head)
                if rebased is None:
                    self._stopped(run, began, "moved")
                    raise
                head, state = rebased
                continue
        else:
            raise ConflictError("lake.ref_moved", "the branch moves faster than this run can follow", hint="run again")
        if publish:
            self._remember(prepared, state)
        result = result_of(commit)
        report(Ended(result))
        return result

    def _rebase(self, prepared: Prepared, state: State, base: Commit) -> tuple[Commit, State] | None:
        """Our changes on top of the branch's new head, if it changed nothing that we wrote or read; else None."""
        ref = self._lake.refs.find(prepared.goal.branch)
        if ref is None:
            return None
        head = self._lake.commits.get(ref.commit)
        commits = self._lake.commits
        if dict(commits.shared(base)) != dict(commits.shared(head)) or base.rejected != head.rejected:
            return None
        theirs = commits.changed_leaves(base, head).keys()
        old = commits.state(base).leaves
        ours = {d for d in old.keys() | state.leaves.keys() if old.get(d) != state.leaves.get(d)}
        reads = {p for d in ours if d in prepared.gathered.definitions for p in prepared.gathered.definitions[d].inputs}
        if theirs & (ours | reads):
            return None
        if dict(state.shared) != dict(commits.shared(base)):
            return None
        leaves = dict(commits.state(head).leaves)
        for dataset in ours:
            if dataset in state.leaves:
                leaves[dataset] = state.leaves[dataset]
            else:
                leaves.pop(dataset, None)
        return head, State(leaves, state.shared)

    def _remember(self, prepared: Prepared, state: State) -> None:
        """Move the folder's base on: what folder and published head have in common now."""
        goal = prepared.goal
        if not goal.updates_folder:
            return
        folder = self._workspace.folder
        old = folder.base(goal.branch)
        gathered = prepared.gathered
        code, meanings = (dict(old.code), dict(old.meanings)) if old else ({}, {})
        if prepared.side.is_folder:
            code = next_base(old.code if old else None, state.files(), prepared.side.code)
            # A meaning belongs to the content that the base holds, which is not always the merged one.
            merged = gathered.code.files
            meanings = {p: m for p, m in meanings.items() if old is not None and code.get(p) == old.code.get(p)}
            meanings.update(
                {p: m for p, m in gathered.project.meanings.items() if p in code and merged.get(p) == code[p]}
            )
        raw = dict(old.raw) if old else {}
        builds = Gatherer(self._workspace).source_builds(state)
        for name, definition in gathered.definitions.items():
            if name in gathered.sources and name in builds:
                published = {f.path: f.sha256 for f in builds[name].files}
                here = {p: f.sha256 for p, f in prepared.side.raw(definition).items()}
                raw[name] = next_base(raw.get(name), published, here)
        new = Base(code, meanings, raw)
        if new != old and (prepared.side.is_folder or old is not None):
            folder.set_base(goal.branch, new)


@dataclass(frozen=True)
class _ResultOf:
    prepared: Prepared
    run: int
    results: tuple[TaskResult, ...]
    publish: bool
    held: str | None
    began: float

    def __call__(self, commit: Commit) -> RunResult:
        return RunResult(
            self.run,
            self.prepared.goal.branch,
            self.prepared.head.id,
            commit.id,
            self.publish,
            self.held,
            time.perf_counter() - self.began,
            self.results,
            self.prepared.plan.is_change,
            self.prepared.plan.notices,
        )


@dataclass
class _SourceReader:
    """Renders and explains sources for the tasks of a run."""

    gathered: Gathered
    raw: RawFiles
    lock: threading.Lock = field(default_factory=threading.Lock)

    def render(self, dataset: str) -> str:
        source = self.gathered.sources[dataset]
        return render(self.gathered.definitions[dataset], source.contract or {}, self._places(dataset))

    def explain(self, dataset: str, error: Exception) -> AndonError:
        return explain(error, self.gathered.definitions[dataset], self._places(dataset))

    def _places(self, dataset: str) -> dict[str, Path]:
        return {f.path: self.raw.place(f) for f in self.gathered.sources[dataset].files}


def _shape(steps: Sequence[Step]) -> list[tuple[str, Action]]:
    return sorted((s.dataset, s.action) for s in steps)


def _is_read(dataset: str, works: Sequence[Step], gathered: Gathered) -> bool:
    return any(dataset in gathered.definitions[s.dataset].inputs for s in works if s.dataset in gathered.definitions)


def _shared(gathered: Gathered, selected: frozenset[str] | None) -> Mapping[str, str]:
    """The shared files of the next commit: with a selection only those that selected definitions use are taken."""
    if selected is None:
        return gathered.shared
    used = {p for d in selected if d in gathered.definitions for p, _ in gathered.definitions[d].files}
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


def _untouched(step: Step) -> TaskResult:
    return TaskResult(step.dataset, step.action, step.reason, Status.OK, version=step.version)


def _results(plan: Plan, progress: Progress) -> tuple[TaskResult, ...]:
    done = {r.dataset: r for r in progress.results}
    results = []
    for step in plan.steps:
        result = done.get(step.dataset) or _untouched(step)
        if result.status is Status.OK and step.dataset in progress.versions and result.version is not None:
            result = replace(result, version=progress.versions[step.dataset])
        results.append(result)
    return tuple(results)


def _held(goal: Goal, results: Sequence[TaskResult]) -> str | None:
    failed = [r.dataset for r in results if r.status is Status.FAILED]
    skipped = [r.dataset for r in results if r.status is Status.SKIPPED]
    if goal.policy == "none":
        return "not to be published (--publish none)"
    if failed and goal.policy == "all-or-nothing":
        return f"{failed[0]} failed" + (f" and {len(failed) - 1} more" if len(failed) > 1 else "")
    changed = [r for r in results if r.status is Status.OK]
    if failed and not changed:
        return f"nothing is healthy: {len(failed)} failed, {len(skipped)} skipped"
    return None


def _next_state(prepared: Prepared, progress: Progress) -> State:
    gathered = prepared.gathered
    leaves: dict[str, Leaf] = dict(gathered.state.leaves)
    for step in prepared.plan.steps:
        name = step.dataset
        if step.action is Action.DROP:
            leaves.pop(name, None)
        elif name in progress.builds:
            build = progress.builds[name]
            leaves[name] = _leaf(gathered, name, build.key, build.id, build.version)
        elif step.action is Action.REUSE and step.key and step.build and step.version:
            leaves[name] = _leaf(gathered, name, step.key, step.build, step.version)
    return State(leaves, dict(prepared.shared))


def _leaf(gathered: Gathered, name: str, key: str, build: str, version: str) -> Leaf:
    definition = gathered.definitions[name]
    return Leaf(
        str(definition.kind),
        str(definition.materialize),
        definition.id,
        key,
        build,
        version,
        tuple(gathered.files[name]),
    )


def _message(results: Sequence[TaskResult]) -> str:
    """What a run did, in one line."""
    built = [r.dataset for r in results if r.action in (Action.BUILD, Action.VIEW) and r.status is Status.OK]
    dropped = [r.dataset for r in results if r.action is Action.DROP]
    parts = []
    if built:
        parts.append(f"built {', '.join(built[:3])}" + (f" and {len(built) - 3} more" if len(built) > 3 else ""))
    if dropped:
        parts.append(
            f"dropped {', '.join(dropped[:3])}" + (f" and {len(dropped) - 3} more" if len(dropped) > 3 else "")
        )
    return "; ".join(parts) or "code only, nothing built"
