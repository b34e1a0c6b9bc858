"""Whose approval a change needs, looked up: before it is published, and when an owner looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.errors import ConflictError
from andon.lake.refs import MAIN
from andon.model.commit import CommitKind, State
from andon.runs.planning.owners import awaited, changed_code, planned_code

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from andon.base.database import Transaction
    from andon.model.approval import AwaitedApproval
    from andon.model.dataset import Dataset, Definition
    from andon.model.plan import Step
    from andon.runs.goal import Goal
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace

#: What takes back, or brings back what was published so before, waits for nobody.
_FREE = (CommitKind.UNDO, CommitKind.REDO)


class OwnedChanges(Record):
    """Changes of code that one state makes of another one.

    Attributes:
        changes: `{dataset: id of the change}` of those that have an owner.
        said: what is said of them before.
    """

    changes: Mapping[str, str]
    said: Mapping[str, Dataset]

    @property
    def reviewed(self) -> dict[str, str]:
        """Those whose owner wants to approve them."""
        return {name: change for name, change in self.changes.items() if self.said[name].review is not None}

    def only(self, names: Collection[str]) -> OwnedChanges:
        """Those of some datasets."""
        return OwnedChanges({name: change for name, change in self.changes.items() if name in names}, self.said)


NO_CHANGES = OwnedChanges({}, {})


def owned_changes(
    workspace: Workspace, before: State, after: State, new: Mapping[str, Definition] | None = None
) -> OwnedChanges:
    """The changes of code of datasets that have an owner. No project is read where no file that was changed speaks of one.

    Args:
        new: definitions of `after` that may not be kept yet, by id.
    """
    moved = {
        name: leaf
        for name, leaf in before.leaves.items()
        if (now := after.leaves.get(name)) is None or (leaf.definition, leaf.files) != (now.definition, now.files)
    }
    if not moved:
        return NO_CHANGES
    objects = workspace.lake.objects
    texts = objects.texts({sha for leaf in moved.values() for _, sha in leaf.files})
    moved = {
        name: leaf for name, leaf in moved.items() if any(b"owner" in texts.get(sha, b"") for _, sha in leaf.files)
    }
    if not moved:
        return NO_CHANGES
    from andon.workspace.code import project_at

    there = {name: after.leaves[name] for name in moved if name in after.leaves}
    known = {
        **objects.definitions({leaf.definition for leaves in (moved, there) for leaf in leaves.values()}),
        **(new or {}),
    }
    datasets = project_at(workspace, before).datasets
    said = {name: datasets[name] for name in moved if name in datasets and datasets[name].owner is not None}
    return OwnedChanges(changed_code({name: moved[name] for name in said}, there, known), said)


def planned_waits(
    workspace: Workspace, goal: Goal, before: State, steps: Sequence[Step], gathered: Gathered
) -> tuple[AwaitedApproval, ...]:
    """What of a plan would wait for an owner's approval, were all of it published."""
    if goal.branch != MAIN or goal.kind in _FREE:
        return ()
    after = State(planned_code(before.leaves, steps, gathered.definitions, gathered.files), before.shared)
    new = {definition.id: definition for definition in gathered.definitions.values()}
    return tuple(waits_for_owners(workspace, goal, owned_changes(workspace, before, after, new)))


def waits_for_owners(workspace: Workspace, goal: Goal, owned: OwnedChanges) -> list[AwaitedApproval]:
    """What of a publish to main waits for an owner's approval. Branches are free: a change is proposed there."""
    if goal.branch != MAIN or goal.kind in _FREE:
        return []
    return still_waiting(workspace, owned, workspace.caller.author)


def still_waiting(
    workspace: Workspace, owned: OwnedChanges, author: str | None, reader: Transaction | None = None
) -> list[AwaitedApproval]:
    """Those of `owned` that somebody else than `author` owns, wants to approve, and did not.

    Args:
        author: None: whoever that is.
        reader: the transaction to read within.
    """
    changes = owned.reviewed
    if not awaited(changes, owned.said, author):
        return []
    approved = (each.change for each in workspace.approvals.of(changes.values(), reader))
    return awaited(changes, owned.said, author, approved)


def require_approved(workspace: Workspace, transaction: Transaction, goal: Goal, owned: OwnedChanges) -> None:
    """Refuse to publish what was approved when it was planned, and is not any more.

    Raises:
        ConflictError: `lake.ref_moved`: planned again, it waits for its owner.
    """
    if goal.branch != MAIN or goal.kind in _FREE:
        return
    waiting = still_waiting(workspace, owned, workspace.caller.author, transaction)
    if waiting:
        raise ConflictError("lake.ref_moved", f"the approval of {waiting[0].dataset} was taken back meanwhile")
