"""Approvals: the owner of a dataset that says `review: owner` agrees to what others change of it, and may take that back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.record import Record
from andon.errors import ConflictError, UsageError
from andon.lake.refs import MAIN
from andon.model.approval import (
    Approval,
    ApprovalsDocument,
    ApprovedDocument,
    ChangeToApprove,
    DisapprovedDocument,
)
from andon.model.letter import LetterDraft, LetterKind, addressed
from andon.runs.planning.owner_letters import change_subject
from andon.runs.planning.owners import is_owner
from andon.runs.reviews import OwnedChanges, owned_changes, still_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.base.database import Transaction
    from andon.model.commit import Commit
    from andon.workspace.workspace import Workspace

#: How often somebody who agrees looks again because main or the branch moved meanwhile.
_LOOKS = 20


class _Review(Record):
    """What a ref changes of main that owners approve, looked at when main stood at `main`."""

    ref: str
    commit: Commit
    main: str
    owned: OwnedChanges


class ApprovalDesk:
    """Takes the approvals of one lake.

    Args:
        tell: hands over what people are to be told, now that it is written down.
    """

    def __init__(self, workspace: Workspace, tell: Callable[[], None]) -> None:
        self._workspace = workspace
        self._tell = tell

    def show(self, ref: str) -> ApprovalsDocument:
        """What of a run or a branch owners approve before it is published, and whether they did.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        review = self._look(ref)
        reviewed = review.owned.reviewed
        known = {(each.dataset, each.change): each for each in self._workspace.approvals.of(reviewed.values())}
        changes = [
            ChangeToApprove(name, review.owned.said[name].owner or "", change, known.get((name, change)))
            for name, change in sorted(reviewed.items())
        ]
        return ApprovalsDocument(ref, review.commit.id, changes)

    def approve(self, ref: str, datasets: Sequence[str] = (), changes: Sequence[str] = ()) -> ApprovedDocument:
        """Agree to exactly what a run or a branch changes of main's code, as owner; approved again it is the same approval.

        Args:
            ref: `run:41`, or a branch.
            datasets: the only ones; empty: all that the caller owns.
            changes: ids of the changes that the caller looked at: nothing else is agreed to.

        Raises:
            UsageError: `lake.ref_not_found`; `review.nothing` where nothing waits for an owner; `review.not_owner` where what
                does is not the caller's.
            ConflictError: `review.moved` where it is another change by now.
        """
        author = self._workspace.caller.author
        with self._still(ref) as (transaction, review):
            mine = self._mine(review, datasets)
            seen = set(changes)
            other = [name for name in mine if seen and review.owned.changes[name] not in seen]
            if other:
                raise ConflictError(
                    "review.moved",
                    f"what {ref} changes of {other[0]} is another change by now",
                    where=other[0],
                    hint=f"look at it again: `andon diff {MAIN} {ref}`",
                )
            at = to_text(self._workspace.clock())
            made = [
                self._workspace.approvals.add(
                    transaction, Approval(name, review.owned.changes[name], ref, review.commit.id, author, at)
                )
                for name in mine
            ]
            waiting = still_waiting(self._workspace, review.owned, None, transaction)
            left = {each.dataset for each in waiting}
            self._write(transaction, review, mine, at, is_approved=True, is_all=not left & self._owned_by_me(review))
        return ApprovedDocument(ref, review.commit.id, made, waiting)

    def withdraw(self, ref: str, datasets: Sequence[str] = ()) -> DisapprovedDocument:
        """Take back what was agreed to, as long as it is not published.

        Args:
            ref, datasets: as in `approve`.

        Raises:
            UsageError: as `approve`; `review.nothing` too where nothing is approved, or all of it is published.
        """
        author = self._workspace.caller.author
        with self._still(ref) as (transaction, review):
            mine = self._mine(review, datasets)
            ids = {name: review.owned.changes[name] for name in mine}
            standing = [
                each
                for each in self._workspace.approvals.of(ids.values(), transaction)
                if ids.get(each.dataset) == each.change
            ]
            if not standing:
                raise UsageError(
                    "review.nothing",
                    f"nothing of {ref} is approved that is yours",
                    where=ref,
                    hint=f"`andon approve {ref} --show` tells what waits for whom",
                )
            at = to_text(self._workspace.clock())
            for each in standing:
                self._workspace.approvals.withdraw(transaction, each, author, at)
            self._write(transaction, review, [each.dataset for each in standing], at, is_approved=False, is_all=False)
        return DisapprovedDocument(ref, review.commit.id, standing)

    # -- parts

    def _look(self, ref: str) -> _Review:
        lake = self._workspace.lake
        commit, main = lake.refs.resolve(ref), lake.refs.resolve(MAIN)
        owned = owned_changes(self._workspace, lake.commits.state(main), lake.commits.state(commit))
        common = lake.commits.merge_base(commit, main)
        if common is not None and common.id != main.id:  # what others published since is no change of it
            owned = owned.only(lake.commits.changed_leaves(common, commit))
        return _Review(ref, commit, main.id, owned)

    @contextmanager
    def _still(self, ref: str) -> Iterator[tuple[Transaction, _Review]]:
        """A transaction within which what a commit changes of main is what was looked at; people are told after it.

        Raises:
            ConflictError: `lake.ref_moved` where main moves faster than anybody can look.
        """
        lake = self._workspace.lake
        for _ in range(_LOOKS):
            review = self._look(ref)
            with lake.database.write() as transaction:
                main = lake.refs.find(MAIN, transaction)
                if main is None or main.commit != review.main:
                    continue
                yield transaction, review
            self._tell()
            return
        raise ConflictError("lake.ref_moved", f"`{MAIN}` moves faster than this can follow", hint="the same again")

    def _mine(self, review: _Review, datasets: Sequence[str]) -> list[str]:
        """The datasets of a review that are the caller's, of `datasets` where some are named.

        Raises:
            UsageError: `review.nothing`, `review.not_owner`.
        """
        ref, author, changes = review.ref, self._workspace.caller.author, review.owned.reviewed
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
        mine = sorted(self._owned_by_me(review) & set(datasets or changes))
        others = sorted(set(datasets) - set(mine))
        if not mine or others:
            name = (others or sorted(changes))[0]
            owner = review.owned.said[name].owner
            raise UsageError(
                "review.not_owner",
                f"{name} is {owner}'s: {author} can't approve what changes it",
                where=name,
                hint=f"{owner} says `andon approve {ref}`",
            )
        return mine

    def _owned_by_me(self, review: _Review) -> set[str]:
        author, said = self._workspace.caller.author, review.owned.said
        return {name for name in review.owned.reviewed if is_owner(said[name].owner, author)}

    def _write(
        self,
        transaction: Transaction,
        review: _Review,
        names: Sequence[str],
        at: str,
        *,
        is_approved: bool,
        is_all: bool,
    ) -> None:
        """Write to who proposed it what the caller agreed to, or does not any more."""
        letters, who, ref = self._workspace.letters, self._workspace.caller.author, review.ref
        all_mine = change_subject(review.owned.changes[name] for name in self._owned_by_me(review))
        subject = change_subject(review.owned.changes[name] for name in names)
        if is_all:
            letters.end(transaction, all_mine, at, [LetterKind.REVIEW])
        before = LetterKind.DISAPPROVED if is_approved else LetterKind.APPROVED
        letters.end(transaction, subject, at, [before])
        words = "approves what you change of it" if is_approved else "takes the approval of what you change of it back"
        draft = LetterDraft(
            LetterKind.APPROVED if is_approved else LetterKind.DISAPPROVED,
            f"{who} {words}: {review.commit.message.partition(chr(10))[0]}",
            subject,
            f"andon approve {ref} --show",
            f"/runs/{ref[4:]}" if ref.startswith("run:") and ref[4:].isdecimal() else f"/changes/{ref}",
            tuple(names),
        )
        letters.add(transaction, addressed(draft, [review.commit.author], who, at))
