"""Whose approval a change needs, looked up: before it is published, and when an owner looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.lake.refs import MAIN
from andon.model.commit import CommitKind
from andon.runs.planning.owners import awaited, changed_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from andon.model.approval import AwaitedApproval
    from andon.model.commit import State
    from andon.model.dataset import Dataset
    from andon.runs.goal import Goal
    from andon.workspace.workspace import Workspace

#: What takes back, or brings back what was published so before, waits for nobody.
_FREE = (CommitKind.UNDO, CommitKind.REDO)


def reviewed_changes(workspace: Workspace, before: State, after: State) -> tuple[dict[str, str], dict[str, Dataset]]:
    """The changes of code of datasets whose owner wants to approve them, `{dataset: id}`, and what is said of them before.

    No project is read where no file that was changed speaks of a review.
    """
    moved = {
        name: leaf
        for name, leaf in before.leaves.items()
        if (now := after.leaves.get(name)) is None or (leaf.definition, leaf.files) != (now.definition, now.files)
    }
    if not moved:
        return {}, {}
    objects = workspace.lake.objects
    texts = objects.texts({sha for leaf in moved.values() for _, sha in leaf.files})
    moved = {
        name: leaf for name, leaf in moved.items() if any(b"review" in texts.get(sha, b"") for _, sha in leaf.files)
    }
    if not moved:
        return {}, {}
    from andon.workspace.code import project_at

    there = {name: after.leaves[name] for name in moved if name in after.leaves}
    known = objects.definitions({leaf.definition for leaves in (moved, there) for leaf in leaves.values()})
    datasets = project_at(workspace, before).datasets
    said = {name: datasets[name] for name in moved if name in datasets and datasets[name].review is not None}
    changes = changed_code({name: moved[name] for name in said}, there, known)
    return changes, said


def waiting_for_owners(workspace: Workspace, goal: Goal, before: State, after: State) -> list[AwaitedApproval]:
    """What of a publish to main waits for an owner's approval. Branches are free: a change is proposed there."""
    if goal.branch != MAIN or goal.kind in _FREE:
        return []
    changes, said = reviewed_changes(workspace, before, after)
    return still_waiting(workspace, changes, said, workspace.caller.author)


def still_waiting(
    workspace: Workspace, changes: Mapping[str, str], said: Mapping[str, Dataset], author: str
) -> list[AwaitedApproval]:
    """Those of `changes` that somebody else than `author` owns and nobody approved."""
    if not awaited(changes, said, author):
        return []
    approved = (each.change for each in workspace.approvals.of(changes.values()))
    return awaited(changes, said, author, approved)
