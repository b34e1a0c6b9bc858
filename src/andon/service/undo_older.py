"""Undo of a publish that others followed: its code is taken out of what is published now, and what follows is planned on today's inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from andon.base.record import Record, replace
from andon.base.text import plural
from andon.errors import ConflictError, UsageError
from andon.lake.undo import PUBLISHES, brought, with_undone
from andon.model.commit import Commit
from andon.model.plan import Plan
from andon.model.run import RunResult
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.reverts import undo_goal

_Done = TypeVar("_Done")

if TYPE_CHECKING:
    from andon.runs.run import GoalRunner
    from andon.service.run_changes import RunChanges, Shown
    from andon.service.undo import Undoing
    from andon.workspace.workspace import Workspace


class UndoWanted(Record):
    """What an undo would take back, and whether somebody should agree to it first.

    Attributes:
        target: the publish.
        datasets: those that it changed.
        restores: whether readers get again what they saw before; else the rest is planned anew.
        reason: why it is asked about although it restores; None where it needs no asking.
    """

    target: Commit
    datasets: tuple[str, ...]
    restores: bool
    reason: str | None

    @property
    def question(self) -> str | None:
        """What somebody should agree to; None where nothing is asked."""
        head = f"{self.target.id[:8]} ({self.target.message}"
        if not self.restores:
            return f"this would take {head}) out of what is published since, and plan the rest anew"
        if self.reason is None:
            return None
        return f"this would take back {head}; {plural(len(self.datasets), 'dataset')}), and {self.reason}"


class TriedUndo(Record):
    """An older publish reverted aside: nothing is published yet.

    Attributes:
        target: the publish.
        plan: what reverting it takes, with verdicts.
        result: of the run that built it; its commit is `run:N`.
        changes: what it changes for readers.
    """

    target: Commit
    plan: Plan
    result: RunResult
    changes: Shown


class Reverting:
    """Reverts older publishes of one workspace's branches."""

    def __init__(self, workspace: Workspace, runner: GoalRunner, run_changes: RunChanges, undoing: Undoing) -> None:
        self._workspace = workspace
        self._runner = runner
        self._run_changes = run_changes
        self._undoing = undoing
        self._lake = workspace.lake

    def wanted(self, ref: str | None = None, branch: str | None = None) -> UndoWanted:
        """What undoing `ref` means, the newest publish without it.

        Raises:
            UsageError: `lake.nothing_to_undo`; as `find`.
        """
        target, datasets = self._undoing.undo_preview(branch)
        is_older = ref is not None and self._lake.refs.resolve(ref).id != target.id
        if is_older or not self._undoing.is_restore(branch):
            target = self.find(ref, branch) if ref is not None and is_older else target
            return UndoWanted(target, datasets, False, None)
        return UndoWanted(target, datasets, True, self._undoing.needs_asking(target))

    def find(self, ref: str, branch: str | None = None) -> Commit:
        """The publish of the branch that `ref` (an id, its beginning, or any ref) names; for a redo, the one that it brought again.

        Raises:
            UsageError: `usage.bad_argument` if it is no publish of this branch, or undone already; `lake.ref_not_found`.
        """
        name = self._workspace.branch(branch)
        wanted = self._lake.refs.resolve(ref)
        for commit, is_undone in with_undone(self._lake.commits.first_parents(self._lake.refs.resolve(name))):
            if commit.id != wanted.id:
                continue
            if commit.kind not in PUBLISHES or commit.parent is None:
                raise self._no_publish(wanted, name, f"is no publish but `{commit.kind}`")
            if is_undone:
                raise self._no_publish(wanted, name, "is undone already")
            first = brought(commit, self._lake.commits.get)
            return commit if first.id == commit.id else self.find(first.id, branch)
        raise self._no_publish(wanted, name, f"is not in the history of {name}")

    def attempt(self, target: Commit, branch: str | None = None, listener: Listener | None = None) -> TriedUndo:
        """Build what reverting `target` gives, aside, and compare it with what readers see.

        Raises:
            ConflictError: `lake.folder_conflict` when what it changed was changed again since.
        """
        name = self._workspace.branch(branch)
        goal = undo_goal(self._workspace, name, target)
        options = RunOptions(branch=name, publish="none")
        plan = self._told(lambda: self._runner.plan(goal, options), target)
        aside = replace(goal, policy="none")
        result = self._told(lambda: self._runner.reach(aside, options, listener or Listener()), target)
        head = self._lake.refs.resolve(name)
        return TriedUndo(target, plan, result, self._run_changes.between(head, self._lake.commits.get(result.commit)))

    def revert(
        self,
        target: Commit,
        branch: str | None = None,
        message: str | None = None,
        listener: Listener | None = None,
        request: str | None = None,
    ) -> RunResult:
        """Publish the branch without what `target` changed; what it brought stays out until it is changed or accepted.

        Raises:
            ConflictError: as `attempt`.
        """
        name = self._workspace.branch(branch)
        text = message or f"undo {target.id[:8]}: {target.message}"
        options = RunOptions(branch=name, message=text, agreed=ANY_PLAN, request=request)
        goal = undo_goal(self._workspace, name, target)
        return self._told(lambda: self._runner.reach(goal, options, listener or Listener()), target)

    # -- parts

    def _told(self, act: Callable[[], _Done], target: Commit) -> _Done:
        """What `act` gives; a conflict is told as one with later changes."""
        try:
            return act()
        except ConflictError as error:
            if error.code != "lake.folder_conflict":
                raise
            names = ", ".join(f"`{path}`" for path in error.details.get("files", ())[:5])
            raise ConflictError(
                error.code,
                f"what {target.id[:8]} changed was changed again since: {names}",
                where=error.where,
                hint="undo the newer publish first (`andon log` names it), or edit the file and run",
                details=error.details,
            ) from error

    def _no_publish(self, commit: Commit, branch: str, why: str) -> UsageError:
        return UsageError(
            "usage.bad_argument", f"{commit.id[:8]} {why}", where=branch, hint="`andon log` lists the publishes"
        )
