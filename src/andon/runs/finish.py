"""Ending a run: its results, the next state of the lake, the commit and the move of the branch, the folder's new base."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.database import Transaction
from andon.base.record import Record, replace
from andon.errors import AndonError, ConflictError
from andon.lake.commits import Draft
from andon.lake.refs import Mover, RefMove
from andon.model.commit import Commit, CommitKind, Leaf, State, in_force
from andon.model.event import Ended, Planned
from andon.model.plan import Plan
from andon.model.release import Release, carried_on
from andon.model.run import RunResult, TaskResult, TaskStatus
from andon.runs.building.outcome import Progress
from andon.runs.common_base import CommonBase
from andon.runs.goal import Goal, Listener
from andon.runs.held_cords import require_free
from andon.runs.inspection.ages import ages
from andon.runs.looked import last_look, looked_at
from andon.runs.next_commit import commit_kind, commit_message, next_state
from andon.runs.owners_told import OwnersConcerned, owners_concerned, tell_owners
from andon.runs.planning.owners import awaited_because
from andon.runs.prepare import Prepared
from andon.runs.taken import taken
from andon.settings.schedules import SCHEDULES
from andon.state.looks import ALL
from andon.state.runs import RunEnd, RunFilter
from andon.state.unchanged import PlannedOn

if TYPE_CHECKING:
    from andon.model.check_result import CheckResult
    from andon.runs.checked_run import CheckedRun
    from andon.runs.inspection.settle import Settled
    from andon.runs.watch import RunWatch
    from andon.workspace.workspace import Workspace

#: How often a finished commit is moved on top of a head that changed nothing it wrote or read.
REBASES = 50


class Running(Record):
    """A run that was begun: its number, who listens to it, when it began (`time.perf_counter`), and who notes what happens."""

    number: int
    listener: Listener
    began: float
    watch: RunWatch

    @property
    def seconds(self) -> float:
        """Wall time since it began."""
        return time.perf_counter() - self.began


#: So many runs may have come since one that left something.
_BESIDE = 50


class Finish:
    """Ends runs for one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._common = CommonBase(workspace)

    def nothing(self, prepared: Prepared, listener: Listener, began: float) -> RunResult:
        """End a run that has nothing to do: no run is recorded and no commit made; folder and branch agree, so the base moves on."""
        results = self._results(prepared.plan, Progress())
        self._common.remember(prepared, prepared.head.id, prepared.gathered.state)
        project = prepared.gathered.project
        promises = SCHEDULES in project.settings or any(dataset.refresh for dataset in project.datasets.values())
        if promises or self._left_something(prepared.goal.branch):
            looks, branch = self._workspace.looks, prepared.goal.branch
            looks.keep(branch, looked_at(prepared, results, prepared.head.id, lambda: looks.of(branch)))
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
            checks=ages(self._workspace, prepared),
        )
        listener.report(Planned(prepared.plan, None))
        listener.report(Ended(result))
        return result

    def _left_something(self, branch: str) -> bool:
        """Whether a run of a branch came to nothing or was held since all was up to date: that there is nothing to do any more is told by
        no other record."""
        looks = self._workspace.looks.of(branch)
        whole = last_look(looks, ALL, is_of_files=True)
        newest = self._workspace.runs.newest(_BESIDE, only=RunFilter(branch=branch))
        return any(
            run.status in ("held", "failed") and (whole is None or whole.at <= run.logical_time) for run in newest
        )

    def stopped(self, run: Running, status: str, error: AndonError | None = None) -> None:
        """Record that a run ended without a commit, unless its end is recorded already.

        Args:
            error: what ended it.
        """
        how = RunEnd(
            status,
            run.seconds,
            tasks=run.watch.tasks,
            notes=run.watch.notes,
            error=error.to_json() if error is not None else None,
        )
        with contextlib.suppress(AndonError), self._lake.database.write() as transaction:
            if self._workspace.runs.is_running(transaction, run.number):
                self._workspace.runs.end(transaction, run.number, how)

    def commit(self, prepared: Prepared, run: Running, progress: Progress, check: CheckedRun) -> RunResult:
        """Ask what must hold, write the run's commit, name it `run:N`, and move the branch if the policy allows; the move with the
        run's outcome at once. Where checks keep a part back, `run:N` shows all that was built and the branch what is healthy.

        Raises:
            ConflictError: `lake.ref_moved` if the branch's new head touched what this run wrote or read.
        """
        end = self._end(prepared, progress, check, run)
        results = self._with_history(end.settled.said)
        named = RefMove(f"run:{run.number}", "run", None, "run")
        if _brought_nothing(prepared, end):
            mover = Mover(self._workspace.caller.author, to_text(self._workspace.clock()))
            with self._lake.database.write() as transaction:
                self._lake.refs.move(transaction, named, prepared.head.id, mover)
                self._record(transaction, prepared, run, prepared.head, end, check)
            self._common.remember(prepared, prepared.head.id, end.state)
            return self._result(prepared, run, prepared.head, end, results)
        is_part = end.held is None and bool(end.settled.kept)
        if is_part:
            draft = self._draft(prepared, run.number, prepared.head, end.settled.whole, end)
            self._lake.commit(draft, end.settled.whole, [named], secrets.token_hex(16))
        request = prepared.options.request or secrets.token_hex(16)
        with self._lake.turn(prepared.goal.branch) if end.held is None else contextlib.nullcontext():
            commit, state = self._moved(prepared, run, end, check, request, [] if is_part else [named])
        if end.held is None:
            self._common.remember(prepared, commit.id, state)
        return self._result(prepared, run, commit, end, results)

    def _moved(
        self, prepared: Prepared, run: Running, end: _End, check: CheckedRun, request: str, named: Sequence[RefMove]
    ) -> tuple[Commit, State]:
        """The run's commit, on top of what the branch has come to, and what it holds."""
        head, state = prepared.head, end.state
        for _ in range(REBASES):
            draft = self._draft(prepared, run.number, head, state, end)
            moves = [*named]
            if end.held is None:
                moves.append(RefMove(prepared.goal.branch, "branch", head.id, str(prepared.goal.kind)))
            try:
                commit = self._lake.commit(
                    draft,
                    state,
                    moves,
                    request,
                    also=lambda transaction, commit: self._record(transaction, prepared, run, commit, end, check),
                )
                return commit, state
            except ConflictError as error:
                if error.code != "lake.ref_moved":
                    raise
                rebased = self._rebase(prepared, state, head)
                if rebased is None:
                    raise
                head, state = rebased
        raise ConflictError("lake.ref_moved", "the branch moves faster than this run can follow", hint="run again")

    def _result(
        self, prepared: Prepared, run: Running, commit: Commit, end: _End, checks: Sequence[CheckResult]
    ) -> RunResult:
        result = RunResult(
            run.number,
            prepared.goal.branch,
            prepared.head.id,
            commit.id,
            published=end.held is None,
            held=end.held,
            seconds=run.seconds,
            tasks=end.results,
            is_change=prepared.plan.is_change,
            notices=prepared.plan.notices,
            checks=tuple(checks),
        )
        run.listener.report(Ended(result))
        return result

    def _with_history(self, said: Sequence[CheckResult]) -> Sequence[CheckResult]:
        if not said:
            return ()
        from andon.runs.inspection.history import CheckHistory

        return CheckHistory(self._workspace).with_history(said)

    def _end(self, prepared: Prepared, progress: Progress, check: CheckedRun, run: Running) -> _End:
        """What the run came to, and whether that may be published."""
        from andon.runs.inspection.settle import blamed, held_because, told

        head = prepared.gathered.state
        results = self._results(prepared.plan, progress)
        settled = check.settle(next_state(prepared, progress), progress)
        held = _held(prepared.goal, results, moved=settled.state != head)
        if prepared.goal.policy == "healthy":
            results = told(settled.kept, results)
            if held is None and settled.kept and settled.state == head:
                held = held_because(settled.holding)
            if held is None and settled.stuck:
                held = held_because(settled.stuck)
        else:
            holding = check.holding(settled)
            results = told(blamed(holding), results)
            if holding and (held is None or any(r.status is TaskStatus.HELD for r in results)):
                held = held if prepared.goal.policy == "none" else held_because(holding)
        if held is None:
            held = run.listener.judge(results, settled.said)
        owners = OwnersConcerned()
        if held is None:
            owners = owners_concerned(self._workspace, prepared.goal, head, settled.state)
            held = awaited_because(owners.waiting, f"run:{run.number}") if owners.waiting else None
        state = settled.state if held is None else settled.whole
        return _End(results, settled, state, held, owners)

    def _draft(self, prepared: Prepared, run: int, head: Commit, state: State, end: _End) -> Draft:
        merged, part = taken(prepared, end.results)
        lifted = prepared.gathered.passed if end.held is None else ()
        return Draft(
            parents=(head.id, merged.id) if merged is not None else (head.id,),
            kind=commit_kind(prepared),
            author=self._workspace.caller.author,
            message=prepared.options.message or commit_message(prepared, end.results, state),
            time=to_text(self._workspace.clock()),
            run=run,
            rejected=tuple({*head.rejected, *prepared.goal.rejected} - {*prepared.goal.lifted, *lifted}),
            acceptances=in_force((*head.acceptances, *prepared.goal.acceptances), state),
            target=prepared.goal.target,
            releases=self._releases(prepared, head, state, end),
            part=part if end.held is None else None,
        )

    def _releases(self, prepared: Prepared, head: Commit, state: State, end: _End) -> tuple[Release, ...]:
        """Rows that checks do not set aside any more in `state`: of datasets that a check keeps as they were it is as it was."""
        before = prepared.head.releases
        kept = end.settled.kept if end.held is None else {}
        added = [r for r in prepared.releases if r not in before and r.dataset not in kept]
        withdrawn = [r for r in before if r not in prepared.releases and r.dataset not in kept]
        return tuple(r for r in carried_on(head.releases, added, withdrawn) if r.dataset in state.leaves)

    def _record(
        self,
        transaction: Transaction,
        prepared: Prepared,
        run: Running,
        commit: Commit,
        end: _End,
        check: CheckedRun,
    ) -> None:
        """The run's outcome, within the transaction that moves the refs: the last moment to stop it, if it waited for that.

        Raises:
            ConflictError: `lake.ref_moved` if somebody holds since what it would change.
        """
        run.listener.cancel.check()
        run.listener.may_publish(transaction)
        if end.held is None:
            gathered, cords = prepared.gathered, prepared.cords
            require_free(self._workspace, transaction, prepared.goal, gathered, cords, end.state)
        workspace = self._workspace
        tell_owners(workspace, transaction, prepared.goal, commit, end.owners, is_published=end.held is None)
        statuses = {r.status for r in end.results}
        status = "failed" if TaskStatus.FAILED in statuses else "held" if end.is_held else "done"
        begun = run.watch.beginnings
        how = RunEnd(
            status,
            run.seconds,
            commit.id,
            published=end.held is None,
            held=end.held,
            tasks=[replace(result, began=begun.get(result.dataset)) for result in end.results],
            notes=run.watch.notes,
            on=_planned_on(prepared),
        )
        workspace.runs.end(transaction, run.number, how)
        workspace.check_results.record(transaction, check.fresh, check.newest)
        workspace.check_results.record_run(transaction, run.number, end.settled.said)
        looks, branch = workspace.looks, prepared.goal.branch
        if end.held is None:
            seen, shown = end.results, commit.id
        else:  # what came out as readers have it is up to date, whatever is held beside it
            keeps_all = _keeps_all_that_is_new(prepared, end)
            seen = end.results if keeps_all else _as_published(prepared, end.results)
            shown = prepared.head.id
        if seen:
            looks.record(transaction, branch, looked_at(prepared, seen, shown, lambda: looks.of(branch, transaction)))
        if end.held is None:
            run.listener.published(transaction, commit.id)

    def _results(self, plan: Plan, progress: Progress) -> tuple[TaskResult, ...]:
        """What became of every step, those that were not taken included."""
        done = {r.dataset: r for r in progress.results}
        counts = self._lake.objects.row_counts(s.version for s in plan.steps if s.version and s.dataset not in done)
        results = []
        for step in plan.steps:
            result = done.get(step.dataset)
            if result is None:
                rows = counts.get(step.version or "", (None, 0))[0]
                result = TaskResult(step.dataset, step.action, step.reason, TaskStatus.OK, rows, version=step.version)
            elif result.status is TaskStatus.OK and result.version is not None:
                result = replace(result, version=progress.versions.get(step.dataset, result.version))
            results.append(result)
        return tuple(results)

    def _rebase(self, prepared: Prepared, state: State, base: Commit) -> tuple[Commit, State] | None:
        """Our changes on top of the branch's new head, if it changed nothing that we wrote or read; else None."""
        ref = self._lake.refs.find(prepared.goal.branch)
        if ref is None:
            return None
        head = self._lake.commits.get(ref.commit)
        if ref.commit == base.id:
            return None  # the branch is where it was: somebody holds something since
        commits = self._lake.commits
        if dict(commits.shared(base)) != dict(commits.shared(head)) or base.rejected != head.rejected:
            return None
        theirs = commits.changed_leaves(base, head)
        if prepared.checks.book is not None and theirs.keys() & prepared.checks.book.reads(prepared.checks.datasets):
            return None  # a check reads both sides: it must be asked of both together
        old, new = commits.state(base).leaves, commits.state(head)
        ours = {d for d in old.keys() | state.leaves.keys() if old.get(d) != state.leaves.get(d)}
        reads = {p for d in ours if d in prepared.gathered.definitions for p in prepared.gathered.definitions[d].inputs}
        if theirs.keys() & (ours | reads):
            return None
        # Neither may they have read what we wrote: their new dataset would stand beside an input that it never saw.
        made = self._lake.objects.definitions({leaf.definition for _, leaf in theirs.values() if leaf is not None})
        if any(ours.intersection(definition.inputs) for definition in made.values()):
            return None
        if self._ask_about(new, theirs, ours):
            return None  # nor may their new lines name what we wrote: nobody asked them of it
        if dict(state.shared) != dict(commits.shared(base)):
            return None
        leaves = dict(new.leaves)
        for dataset in ours:
            if dataset in state.leaves:
                leaves[dataset] = state.leaves[dataset]
            else:
                leaves.pop(dataset, None)
        return head, State(leaves, state.shared)

    def _ask_about(
        self, state: State, theirs: Mapping[str, tuple[Leaf | None, Leaf | None]], ours: Collection[str]
    ) -> bool:
        """Whether lines that another publish brought (it changed `theirs` and made `state`) name one of `ours`."""
        edited = {name for name, (before, now) in theirs.items() if now is not None and _files(before) != now.files}
        if not edited:
            return False
        from andon.runs.inspection.book import names_in
        from andon.workspace.code import project_at

        datasets = project_at(self._workspace, state).datasets
        return any(name in datasets and not names_in(datasets[name]).isdisjoint(ours) for name in edited)


class _End(Record):
    """What a run came to: results of its tasks and checks, the state that its commit holds, why that is not published, and whose
    datasets it changes."""

    results: tuple[TaskResult, ...]
    settled: Settled
    state: State
    held: str | None
    owners: OwnersConcerned

    @property
    def is_held(self) -> bool:
        """Whether a check, or an owner who has not approved it, keeps something from readers."""
        return any(r.status is TaskStatus.HELD for r in self.results) or (
            self.held is not None and bool(self.settled.holding or self.owners.waiting)
        )


def _planned_on(prepared: Prepared) -> PlannedOn:
    """What the run was planned on: what it finds unchanged is what that shows."""
    leaves = prepared.gathered.state.leaves
    return PlannedOn(prepared.gathered.head.id, {name: leaf.version for name, leaf in leaves.items()})


def _files(leaf: Leaf | None) -> tuple[tuple[str, str], ...] | None:
    return leaf.files if leaf is not None else None


def _brought_nothing(prepared: Prepared, end: _End) -> bool:
    """Whether what was asked, a database or to fill a table, brought what is there, so that there is nothing to commit."""
    loads = any(source.load is not None for source in prepared.gathered.sources.values())
    asks = loads or bool(prepared.wishes.fill)
    return (
        asks and prepared.goal.kind is CommitKind.REFRESH and end.held is None and end.state == prepared.gathered.state
    )


def _keeps_all_that_is_new(prepared: Prepared, end: _End) -> bool:
    """Whether checks keep back all that a refresh brought: the rest was brought up to date all the same, and is as it was."""
    is_healthy = prepared.goal.policy == "healthy" and prepared.goal.kind is CommitKind.REFRESH
    return is_healthy and bool(end.settled.kept) and end.settled.state == prepared.gathered.state


def _held(goal: Goal, results: Sequence[TaskResult], moved: bool) -> str | None:
    failed = [r.dataset for r in results if r.status is TaskStatus.FAILED]
    skipped = [r.dataset for r in results if r.status is TaskStatus.SKIPPED]
    if goal.policy == "none":
        return "built aside, as asked"
    if failed and goal.policy == "all-or-nothing":
        return f"{failed[0]} failed" + (f" and {len(failed) - 1} more" if len(failed) > 1 else "")
    if skipped and goal.policy == "all-or-nothing":
        return f"{skipped[0]} was skipped" + (f" and {len(skipped) - 1} more" if len(skipped) > 1 else "")
    if failed and not moved:
        return f"nothing is healthy: {len(failed)} failed, {len(skipped)} skipped"
    return None


def _as_published(prepared: Prepared, results: Sequence[TaskResult]) -> tuple[TaskResult, ...]:
    """The results of a refresh that are what readers have already."""
    if not prepared.gathered.side.is_own:
        return ()
    leaves = prepared.gathered.state.leaves
    return tuple(r for r in results if r.dataset in leaves and r.version == leaves[r.dataset].version)
