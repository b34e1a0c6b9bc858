"""Plan, run, refresh: the folder's code or the branch's own, from here to a published commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.commit import CommitKind
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.project.select import select, selectable
from andon.runs.goal import ANY_PLAN, DEFAULTS, Goal, Listener, RunOptions
from andon.runs.planning.bases import common_base
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.runs.run import GoalRunner
    from andon.workspace.workspace import Workspace


class Runs:
    """Plans and runs for one workspace."""

    def __init__(self, workspace: Workspace, runner: GoalRunner) -> None:
        self._workspace = workspace
        self._runner = runner

    def plan(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `run` with these options would do.

        Raises:
            ProjectError, ConflictError, UsageError: as `run`.
        """
        return self._runner.plan(self._change_goal(options), options)

    def steps(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `run` with these options would do, and why: not how long it takes, what it means and for whom. Raises as `plan`."""
        return self._runner.plan(self._change_goal(options), options, steps_only=True)

    def plan_refresh(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `refresh` with these options would do. Raises as that."""
        return self._runner.plan(self.refresh_goal(options), options)

    def run(self, options: RunOptions = DEFAULTS, listener: Listener | None = None) -> RunResult:
        """Build what the folder's code says and publish it.

        Args:
            options: `agreed` allows a change of `main`.
            listener: hears of progress, and may stop the run.

        Raises:
            ProjectError: the project is wrong; nothing was done.
            ConflictError: the folder or another publish stands in the way; what was built is kept.
            PlanUnconfirmed: `usage.confirmation_needed`, with the plan.
            MachineError: the machine failed; `main` is as it was.
        """
        return self._runner.reach(self._change_goal(options), options, listener or Listener())

    def refresh(self, options: RunOptions = DEFAULTS, listener: Listener | None = None) -> RunResult:
        """Build the branch's own code on today's inputs and publish what is healthy. Raises as `run`."""
        return self._runner.reach(self.refresh_goal(options), replace(options, agreed=ANY_PLAN), listener or Listener())

    def optimize(self, options: RunOptions = DEFAULTS, listener: Listener | None = None) -> RunResult:
        """Put small files of published tables together and publish that: no row changes, and nothing that reads them is built again.

        Args:
            options: `select`, `exclude`: of which tables; without, of all.

        Raises:
            UsageError, MachineError: as `run`.
        """
        from andon.runs.building.packing import small_runs

        branch = self._workspace.branch(options.branch)
        commit = self._workspace.lake.refs.head(branch)
        state = self._workspace.lake.commits.state(commit)
        project = project_at(self._workspace, state)
        chosen = set(state.leaves)
        if options.select or options.exclude:
            needs = {d: x.definition.inputs for d, x in project.datasets.items() if d in state.leaves}
            files = {d: leaf.files for d, leaf in state.leaves.items()}
            among = selectable({d: project.datasets[d] for d in needs}, needs, files=files)
            chosen = select(options.select, among, options.exclude)
        leaves = {d: leaf for d, leaf in state.leaves.items() if d in chosen}
        versions = self._workspace.lake.objects.versions({leaf.version for leaf in leaves.values()})
        packs = sorted(d for d, leaf in leaves.items() if small_runs(versions[leaf.version].files, 2))
        if not packs:
            return RunResult(None, branch, commit.id, commit.id, published=True, held=None, seconds=0.0, tasks=())
        goal = Goal(
            branch,
            lambda head, gatherer: replace(gatherer.commit(head), is_own=True, asks=False),
            lambda head, gatherer: gatherer.base_of(head),
            CommitKind.REFRESH,
            "all-or-nothing",
            updates_folder=False,
        )
        what = ", ".join(packs[:3]) + (f" and {len(packs) - 3} more" if len(packs) > 3 else "")
        wanted = replace(
            options,
            select=tuple(f"{name}+" for name in packs),
            exclude=(),
            pack=tuple(packs),
            message=options.message or f"optimize: files of {what} put together",
            agreed=ANY_PLAN,
        )
        return self._runner.reach(goal, wanted, listener or Listener())

    # -- goals

    def _change_goal(self, options: RunOptions) -> Goal:
        branch = self._workspace.branch(options.branch)
        return Goal(
            branch,
            lambda _, gatherer: gatherer.folder(),
            lambda *_: common_base(self._workspace, branch),
            CommitKind.CHANGE,
            self._policy(options, "publish.change"),
        )

    def refresh_goal(self, options: RunOptions) -> Goal:
        """Where a refresh leads."""
        branch = self._workspace.branch(options.branch)
        return Goal(
            branch,
            lambda head, gatherer: gatherer.own(self._workspace.lake.commits.state(head)),
            lambda *_: common_base(self._workspace, branch),
            CommitKind.REFRESH,
            self._policy(options, "publish.refresh"),
        )

    def unasked_goal(self, options: RunOptions) -> Goal:
        """Where a refresh leads, to be looked at only: no database is asked."""
        goal = self.refresh_goal(options)
        return replace(goal, side=lambda head, gatherer: replace(goal.side(head, gatherer), asks=False))

    def _policy(self, options: RunOptions, setting: str) -> str:
        return options.policy(str(self._workspace.settings.get(setting)))
