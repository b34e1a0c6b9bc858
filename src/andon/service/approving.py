"""Approvals: the owner of a dataset that says `review: owner` agrees to what others change of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.errors import UsageError
from andon.lake.refs import MAIN
from andon.model.approval import Approval, ApprovedDocument
from andon.runs.planning.owners import is_owner
from andon.runs.reviews import reviewed_changes, still_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.workspace.workspace import Workspace

#: Nobody is called so: what waits for whoever it is.
_NOBODY = ""


class ApprovalDesk:
    """Takes the approvals of one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def approve(self, ref: str, datasets: Sequence[str] = ()) -> ApprovedDocument:
        """Agree to exactly what a run or a branch changes of main's code, as owner; approved again it is the same approval.

        Args:
            ref: `run:41`, or a branch.
            datasets: the only ones; empty: all that the caller owns.

        Raises:
            UsageError: `lake.ref_not_found`; `review.nothing` where nothing waits for an owner; `review.not_owner` where what
                does is not the caller's.
        """
        lake, author = self._workspace.lake, self._workspace.caller.author
        commit = lake.refs.resolve(ref)
        before = lake.commits.state(lake.refs.resolve(MAIN))
        changes, said = reviewed_changes(self._workspace, before, lake.commits.state(commit))
        unknown = sorted(set(datasets) - changes.keys())
        if not changes or unknown:
            named = unknown[0] if unknown else ref
            raise UsageError(
                "review.nothing",
                f"{ref} changes nothing of {named} that an owner approves"
                if unknown
                else f"no owner has to approve {ref}",
                where=named,
                hint=f"`andon diff {MAIN} {ref}` shows what it changes",
            )
        mine = [name for name in sorted(datasets or changes) if is_owner(said[name].owner or _NOBODY, author)]
        others = sorted(set(datasets) - set(mine))
        if not mine or others:
            name = (others or sorted(changes))[0]
            owner = said[name].owner
            raise UsageError(
                "review.not_owner",
                f"{name} is {owner}'s: {author} can't approve what changes it",
                where=name,
                hint=f"{owner} says `andon approve {ref}`",
            )
        at = to_text(self._workspace.clock())
        with lake.database.write() as transaction:
            made = [
                self._workspace.approvals.add(transaction, Approval(name, changes[name], ref, commit.id, author, at))
                for name in mine
            ]
        return ApprovedDocument(ref, commit.id, made, still_waiting(self._workspace, changes, said, _NOBODY))
