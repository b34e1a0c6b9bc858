"""Owners of what a run changes: looked up before it ends, and told within the transaction that records its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import Record
from andon.lake.refs import MAIN
from andon.model.letter import LetterKind
from andon.runs.planning.owner_letters import (
    branch_subject,
    change_subject,
    proposed_letters,
    published_letters,
    review_letters,
    waits_by_owner,
)
from andon.runs.planning.owners import awaited
from andon.runs.reviews import NO_CHANGES, OwnedChanges, owned_changes, require_approved, waits_for_owners

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.model.approval import AwaitedApproval
    from andon.model.commit import Commit, State
    from andon.runs.goal import Goal
    from andon.workspace.workspace import Workspace


class OwnersConcerned(Record):
    """What a run changes of what somebody owns.

    Attributes:
        owned: against what readers of main see.
        waiting: what of it must be approved before it is published there.
    """

    owned: OwnedChanges = NO_CHANGES
    waiting: tuple[AwaitedApproval, ...] = ()


def owners_concerned(workspace: Workspace, goal: Goal, before: State, after: State) -> OwnersConcerned:
    """Who owns what a run changes from `before` to `after` on the goal's branch."""
    if goal.branch == MAIN:
        owned = owned_changes(workspace, before, after)
        return OwnersConcerned(owned, tuple(waits_for_owners(workspace, goal, owned)))
    moved = {name for name in before.leaves.keys() | after.leaves.keys() if _code(before, name) != _code(after, name)}
    if not moved:
        return OwnersConcerned()
    main = workspace.lake.commits.state(workspace.lake.refs.resolve(MAIN))
    return OwnersConcerned(owned_changes(workspace, main, after).only(moved))


def tell_owners(
    workspace: Workspace,
    transaction: Transaction,
    goal: Goal,
    commit: Commit,
    concerned: OwnersConcerned,
    *,
    is_published: bool,
) -> None:
    """Write to owners what a run came to, as it is recorded.

    Raises:
        ConflictError: `lake.ref_moved` where an approval was taken back since.
    """
    letters, owned = workspace.letters, concerned.owned
    if not is_published:
        if concerned.waiting and commit.run is not None:
            letters.add(transaction, review_letters(concerned.waiting, commit.run, commit))
    elif goal.branch == MAIN:
        require_approved(workspace, transaction, goal, owned)
        letters.add(transaction, published_letters(owned.changes, owned.said, commit))
        now = to_text(workspace.clock())
        for mine in waits_by_owner(awaited(owned.reviewed, owned.said, None)).values():
            letters.end(transaction, change_subject(each.change for each in mine), now, [LetterKind.REVIEW])
        if goal.source is not None:
            letters.end(transaction, branch_subject(goal.source), now, [LetterKind.PROPOSED])
    else:
        letters.add(transaction, proposed_letters(owned.changes, owned.said, goal.branch, commit))


def _code(state: State, name: str) -> object:
    leaf = state.leaves.get(name)
    return None if leaf is None else (leaf.definition, leaf.files)
