"""What people hold, looked up for a run: when it is planned, and again within the transaction that publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.errors import ConflictError
from andon.model.commit import CommitKind
from andon.runs.planning.cords import changes_held, held_back

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.lake.objects import Objects
    from andon.model.commit import State
    from andon.model.cord import Cord
    from andon.model.dataset import Definition
    from andon.runs.goal import Goal
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace


def cords_of(workspace: Workspace, goal: Goal, reader: Transaction | None = None) -> tuple[Cord, ...]:
    """What people hold of what a goal may change. An undo takes back what is wrong: no cord is in its way.

    Args:
        reader: the transaction to read within.
    """
    return () if goal.kind is CommitKind.UNDO else tuple(workspace.cords.standing(goal.branch, reader))


def published_code(objects: Objects, state: State) -> Mapping[str, Definition]:
    """By dataset the code that readers' results were made by."""
    known = objects.definitions({leaf.definition for leaf in state.leaves.values()})
    return {name: known[leaf.definition] for name, leaf in state.leaves.items() if leaf.definition in known}


def require_free(
    workspace: Workspace,
    transaction: Transaction,
    goal: Goal,
    gathered: Gathered,
    planned: Sequence[Cord],
    state: State,
) -> None:
    """Refuse to publish `state` where somebody holds something of it since it was planned.

    Args:
        gathered: what it was planned from.
        planned: what people held then.

    Raises:
        ConflictError: `lake.ref_moved`: planned again, it stays as it is.
    """
    new = [cord for cord in cords_of(workspace, goal, transaction) if cord not in planned]
    if not new:
        return
    held = held_back(new, gathered.definitions, published_code(workspace.lake.objects, gathered.state))
    if changes_held(held, gathered.state.leaves, state):
        raise ConflictError("lake.ref_moved", f"{new[0].dataset} was held meanwhile: {new[0].said}")
