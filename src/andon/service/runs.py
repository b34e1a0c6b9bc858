"""Plan, run, refresh: the folder's code or the branch's own, from here to a published commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.commit import CommitKind
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.runs.goal import ANY_PLAN, DEFAULTS, Goal, Listener, RunOptions
from andon.runs.planning.bases import common_base

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

    def _policy(self, options: RunOptions, setting: str) -> str:
        return options.policy(str(self._workspace.settings.get(setting)))
