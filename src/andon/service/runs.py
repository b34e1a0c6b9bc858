"""Plan, run, refresh: the folder's code or the branch's own, from here to a published commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from andon.errors import UsageError
from andon.model.commit import CommitKind
from andon.model.plan import Plan
from andon.model.row_diff import RowDiff
from andon.model.run import RunResult
from andon.model.verdict import Verdict
from andon.runs.goal import ANY_PLAN, DEFAULTS, POLICIES, Goal, Line, RunOptions

if TYPE_CHECKING:
    from andon.runs.planning.outlook import Outlook
    from andon.runs.run import GoalRunner
    from andon.service.row_diffs import RowDiffs
    from andon.workspace.workspace import Workspace

#: Datasets whose rows are compared by themselves after a run; more is for `diff`.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """What a run on a branch or a publish changed, for people.

    Attributes:
        base: the commit before.
        rows: how the rows of each dataset differ that was there before.
        verdicts: of the datasets whose code changed.
        totals: rows of each dataset now.
    """

    base: str
    rows: tuple[RowDiff, ...] = ()
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    totals: Mapping[str, int | None] = field(default_factory=dict)


class Runs:
    """Plans and runs for one workspace."""

    def __init__(self, workspace: Workspace, runner: GoalRunner, outlook: Outlook, row_diffs: RowDiffs) -> None:
        self._workspace = workspace
        self._runner = runner
        self._outlook = outlook
        self._row_diffs = row_diffs

    def plan(self, options: RunOptions = DEFAULTS) -> Plan:
        """What `run` with these options would do.

        Raises:
            ProjectError, ConflictError, UsageError: as `run`.
        """
        return self._runner.plan(self._change_goal(options), options)

    def run(self, options: RunOptions = DEFAULTS, line: Line | None = None) -> RunResult:
        """Build what the folder's code says and publish it.

        Args:
            options: `agreed` allows a change of `main`.
            line: hears of progress, and may stop the run.

        Raises:
            ProjectError: the project is wrong; nothing was done.
            ConflictError: the folder or another publish stands in the way; what was built is kept.
            PlanUnconfirmed: `usage.confirmation_needed`, with the plan.
            MachineError: the machine failed; `main` is as it was.
        """
        return self._runner.reach(self._change_goal(options), options, line or Line())

    def refresh(self, options: RunOptions = DEFAULTS, line: Line | None = None) -> RunResult:
        """Build the branch's own code on today's inputs and publish what is healthy. Raises as `run`."""
        return self._runner.reach(self._refresh_goal(options), replace(options, agreed=ANY_PLAN), line or Line())

    def changes(self, result: RunResult) -> Shown:
        """What a published change of code changed for readers; nothing for a refresh."""
        if result.run is None or not result.published or not result.is_change:
            return Shown(result.base)
        before, after = self._workspace.lake.commits.get(result.base), self._workspace.lake.commits.get(result.commit)
        moved = self._workspace.lake.commits.changed_leaves(before, after)
        names = [d for d, (old, new) in moved.items() if old and new and old.version != new.version]
        rows = self._row_diffs.summary(before, after, names[:_MOST])
        totals = {task.dataset: task.rows for task in result.tasks}
        return Shown(result.base, rows, self._outlook.between(before, after, names), totals)

    # -- goals

    def _change_goal(self, options: RunOptions) -> Goal:
        branch = self._workspace.branch(options.branch)
        return Goal(
            branch,
            lambda _, gatherer: gatherer.folder(),
            lambda *_: self._workspace.bases.of(branch),
            CommitKind.CHANGE,
            self._policy(options, "publish.change"),
        )

    def _refresh_goal(self, options: RunOptions) -> Goal:
        branch = self._workspace.branch(options.branch)
        return Goal(
            branch,
            lambda head, gatherer: gatherer.own(self._workspace.lake.commits.state(head)),
            lambda *_: self._workspace.bases.of(branch),
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
