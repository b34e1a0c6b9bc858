"""One run, whole: prepare, have it confirmed, execute, finish, and again while the branch moves meanwhile.

`prepare` (a plan with all it needs) → `execute` with `building/` (Parquet, versions; recorded in T1) → `finish` (a commit on `run:N` and
the move of the branch, in T2).
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from andon.base.cancel import Cancelled
from andon.base.clock import to_text
from andon.base.record import replace
from andon.errors import AndonError, ConflictError, DatasetError, UsageError
from andon.lake.refs import MAIN, require_branch
from andon.model.event import Notice, Planned, Reporter
from andon.model.plan import Action, Plan
from andon.model.run import RunResult, TaskStatus
from andon.runs.ahead import Ahead
from andon.runs.building.outcome import Progress
from andon.runs.finish import Finish, Running
from andon.runs.goal import ANY_PLAN, Goal, Listener, PlanUnconfirmed, RunOptions
from andon.runs.origin import noted_origin
from andon.runs.prepare import Prepared, Preparer
from andon.runs.watch import RunWatch
from andon.state.runs import RunBegin
from andon.workspace.branching import create_branch

if TYPE_CHECKING:
    from andon.lake.leases import Hold
    from andon.model.commit import Commit
    from andon.runs.planning.gather import Gatherer
    from andon.runs.planning.merging import MergeSide
    from andon.workspace.base import Base
    from andon.workspace.workspace import Workspace

_log = logging.getLogger(__name__)

#: How often a run whose branch moved meanwhile is planned again.
REPLANS = 3
#: What happened to a run that goes on with another plan.
_PLANNED_AGAIN = ("lake.ref_moved", "lake.lease_lost")


def _as_given(listener: Listener) -> Listener:
    return listener


class GoalRunner:
    """Plans and runs towards goals, for one workspace.

    Args:
        ended: told of a branch whose run ended, however it did, and who listened to it.
        heard: gives who listens in the place of a listener.
    """

    def __init__(
        self,
        workspace: Workspace,
        preparer: Preparer,
        ended: Callable[[str, Listener], None] | None = None,
        heard: Callable[[Listener], Listener] = _as_given,
    ) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._preparer = preparer
        self._ended = ended
        self._heard = heard
        self._finish = Finish(workspace)

    def plan(self, goal: Goal, options: RunOptions, *, steps_only: bool = False) -> Plan:
        """What reaching `goal` would take; `steps_only` and what is raised as of `Preparer.prepare`."""
        return self._preparer.prepare(goal, options, estimate=True, steps_only=steps_only).plan

    def reach(self, goal: Goal, options: RunOptions, listener: Listener) -> RunResult:
        """Plan for `goal`, execute, commit, and move the branch; planned again while the branch moves.

        Raises:
            ProjectError: the project is wrong; nothing was done.
            ConflictError: the folder or another publish stands in the way; what was built is kept.
            PlanUnconfirmed: a change of `main` that `options.agreed` is not for, with nobody to ask.
            DatasetError: `build.interrupted` if it was stopped.
            MachineError: the machine failed; `main` is as it was.
        """
        began = time.perf_counter()
        listener = self._heard(listener)
        if self._workspace.take_new():
            listener.report(Notice(f"new lake made in {self._workspace.settings.get('storage')}"))
        self._make_branch(goal.branch, listener.report)
        goal = _read_once(goal)
        for attempt in range(REPLANS + 1):
            is_last = attempt == REPLANS
            # who was too late each time plans, at last, within a turn: what was built is only taken again
            has_turn = is_last and listener.agree is None  # a person may think for long
            turn = self._lake.turn(goal.branch) if has_turn else contextlib.nullcontext()
            # what is found to be built stays until it is named
            with turn, self._lake.leases.reading() as hold, self._ahead(listener) as ahead:
                prepared, thinking = self._agreed(goal, options, listener, ahead)
                options, began = prepared.options, began + thinking
                try:
                    return self._executed(prepared, listener, began, ahead, hold)
                except ConflictError as error:
                    if error.code not in _PLANNED_AGAIN or is_last:
                        raise
                    listener.report(Notice(f"{error.message}: planning again"))
        raise AssertionError("unreachable")

    def _ahead(self, listener: Listener) -> Ahead:
        return Ahead(self._workspace, self._preparer.raw, listener.cancel)

    def _executed(self, prepared: Prepared, listener: Listener, began: float, ahead: Ahead, hold: Hold) -> RunResult:
        """As `_execute`; who waits for the end of runs hears of it."""
        try:
            return self._execute(prepared, listener, began, ahead, hold)
        finally:
            self._tell_ended(prepared.goal.branch, listener)

    def _tell_ended(self, branch: str, listener: Listener) -> None:
        """A defect in what comes after a run is no failure of the run: what it published is there."""
        if self._ended is None:
            return
        try:
            self._ended(branch, listener)
        except Exception as defect:  # noqa: BLE001 - whatever it is, the run is over
            _log.exception("a defect after a run of %s", branch)
            listener.report(Notice(f"what comes after a run was not done: a defect ({type(defect).__name__})"))

    def _agreed(self, goal: Goal, options: RunOptions, listener: Listener, ahead: Ahead) -> tuple[Prepared, float]:
        """The plan for `goal`, once somebody agreed to it, and the seconds that they took to think. They are asked about what is then
        done, by the same reading of the folder.

        Raises:
            PlanUnconfirmed: nobody can be asked.
        """
        thinking = 0.0
        is_sure = goal.policy == "none" or goal.branch != MAIN or options.agreed == ANY_PLAN
        prepared = self._preparer.prepare(goal, options, ahead=ahead.starting if is_sure else None)
        while not _is_agreed(prepared):
            if listener.agree is None:
                raise PlanUnconfirmed.of(self._looked_at(goal, options, prepared), options.agreed)
            self._new_texts(prepared)  # read now: whoever thinks about a plan may edit meanwhile
            shown = self.plan(goal, options)
            asked = time.perf_counter()
            listener.agree(shown)
            thinking += time.perf_counter() - asked
            options = replace(options, agreed=shown.digest)
            prepared = self._preparer.prepare(goal, options)  # on top of what was published while they thought
        return prepared, thinking

    def _looked_at(self, goal: Goal, options: RunOptions, prepared: Prepared) -> Plan:
        """The plan as somebody looks at it, where it changes code that is there: it says whom it breaks."""
        leaves = prepared.gathered.state.leaves
        is_read = any(step.code_changed and step.dataset in leaves for step in prepared.plan.steps)
        return self.plan(goal, options) if is_read else prepared.plan

    def _make_branch(self, branch: str, report: Reporter) -> None:
        ref = self._lake.refs.find(branch)
        if ref is not None:
            require_branch(ref)
            return
        try:
            made = create_branch(self._workspace, branch)
        except UsageError as error:
            if error.code != "lake.ref_exists":
                raise
            return  # another run made it at this moment
        report(Notice(f"made the branch {branch} at {made.commit[:8]}"))

    def _execute(self, prepared: Prepared, listener: Listener, began: float, ahead: Ahead, hold: Hold) -> RunResult:
        plan, goal = prepared.plan, prepared.goal
        for notice in plan.notices:
            listener.report(Notice(notice))
        # An undo or a redo is one, whether or not it changes anything for readers.
        # So is a merge that somebody decided, lest it be asked for again.
        is_merge = goal.merged is not None and bool(prepared.gathered.decided)
        if goal.target is None and not is_merge and not plan.works and not _leaves_change(prepared):
            return self._finish.nothing(prepared, listener, began)
        self._lake.home.require(self._lake.database)  # lest all is built and nothing of it published
        number = self._workspace.runs.begin(self._begin(prepared))
        watch = RunWatch(self._workspace.runs, number, listener.report, plan.notices)
        run = Running(number, replace(listener, report=watch), began, watch)
        try:
            with watch.watching(), noted_origin(self._workspace, number), hold.telling():
                return self._build(prepared, run, ahead, hold)
        except (KeyboardInterrupt, Cancelled):
            self._finish.stopped(run, "interrupted")
            raise _interrupted(number) from None
        except ConflictError as error:
            is_moved = error.code in _PLANNED_AGAIN
            self._finish.stopped(run, "moved" if is_moved else "failed", None if is_moved else error)
            raise
        except BaseException as error:
            if listener.cancel.is_cancelled:  # what was stopped in the middle raises whatever it raises
                self._finish.stopped(run, "interrupted")
                raise _interrupted(number) from error
            self._finish.stopped(run, "failed", error if isinstance(error, AndonError) else None)
            raise

    def _begin(self, prepared: Prepared) -> RunBegin:
        caller, options, goal = self._workspace.caller, prepared.options, prepared.goal
        return RunBegin(
            goal.branch,
            prepared.head.id,
            str(goal.kind),
            caller.author,
            to_text(prepared.moment),
            caller.face,
            options.select,
            prepared.plan.is_change,
            options.message is not None,
        )

    def _build(self, prepared: Prepared, run: Running, ahead: Ahead, hold: Hold) -> RunResult:
        from andon.runs.checked_run import CheckedRun

        listener, plan = run.listener, prepared.plan
        self._store_code(prepared)
        listener.report(Planned(plan, run.number))
        listener.cancel.check()
        with (
            self._lake.locks.writing(),
            ahead.engines(run.number, prepared.moment) as engines,
            listener.cancel.calling(engines.interrupt),
        ):
            check = CheckedRun(self._workspace, prepared, run.number, engines)
            progress = Progress()
            if plan.builds:
                from andon.runs.execute import Execution

                execution = Execution(self._workspace, self._preparer.raw)
                progress = execution.build(prepared, run.number, listener, engines, check, ahead)
            _require_current(progress, prepared.goal.branch)
            if any(result.status is TaskStatus.FAILED for result in progress.results):
                hold.require()  # what a task reads may have been taken away
            listener.cancel.check()
            return self._finish.commit(prepared, run, progress, check)

    def _store_code(self, prepared: Prepared) -> None:
        """Keep the texts of the merged code: the run reads those, never the folder."""
        self._lake.objects.put_texts(self._new_texts(prepared))

    def _new_texts(self, prepared: Prepared) -> list[bytes]:
        """The texts of the merged code that the lake does not know."""
        before = prepared.gathered.state.files()
        side = prepared.gathered.side
        new = {
            path: sha
            for path, sha in prepared.gathered.code.files.items()
            if before.get(path) != sha and side.code.get(path) == sha
        }
        known = self._lake.objects.has_texts(new.values()) if new else set()
        return [side.read(path, sha) for path, sha in new.items() if sha not in known]


def _read_once(goal: Goal) -> Goal:
    """`goal` with a folder that is looked at once: asked about, or planned again, a run takes what it took at first, never an edit that
    was saved since."""
    taken: list[tuple[MergeSide, Base | None]] = []

    def side(head: Commit, gatherer: Gatherer) -> MergeSide:
        if taken:
            return taken[0][0]
        found = goal.side(head, gatherer)
        if found.is_folder:
            found = replace(found, read=_remembering(found.read))
            taken.append((found, goal.base(head, gatherer)))
        return found

    def base(head: Commit, gatherer: Gatherer) -> Base | None:
        return taken[0][1] if taken else goal.base(head, gatherer)

    return replace(goal, side=side, base=base)


def _remembering(read: Callable[[str, str], bytes]) -> Callable[[str, str], bytes]:
    texts: dict[str, bytes] = {}

    def remembering(path: str, sha: str) -> bytes:
        if sha not in texts:
            texts[sha] = read(path, sha)
        return texts[sha]

    return remembering


def _is_agreed(prepared: Prepared) -> bool:
    """Whether a plan changes no code of `main`, or is the one that `agreed` names."""
    plan, agreed = prepared.plan, prepared.options.agreed
    if prepared.goal.policy == "none" or not plan.is_change or plan.branch != MAIN:
        return True
    return agreed in (ANY_PLAN, plan.digest)


def _interrupted(run: int) -> DatasetError:
    return DatasetError(
        "build.interrupted",
        "stopped; nothing was published",
        where=f"run:{run}",
        hint="run again: what was built is reused",
    )


def _leaves_change(prepared: Prepared) -> bool:
    """Whether a commit would say something else than the head although nothing is built."""
    if dict(prepared.shared) != dict(prepared.gathered.state.shared):
        return True
    leaves = prepared.gathered.state.leaves
    for step in prepared.plan.steps:
        if step.action in (Action.REUSE, Action.CHECK):
            leaf = leaves.get(step.dataset)
            if leaf is None or step.code_changed or leaf.build != step.build:
                return True
    return False


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
