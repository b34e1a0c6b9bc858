"""Undo, redo, and lifting what an undo keeps out. What is taken back or brought again is decided in `lake/undo.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.paths import is_at
from andon.errors import ConflictError, HeldError, UsageError
from andon.lake.commits import Draft
from andon.lake.refs import MAIN, RefMove, require_branch
from andon.lake.undo import causes_of, redo_target, undo_target
from andon.model.commit import Cause, Commit, CommitKind, Leaf, in_force, shows_the_same, sorted_causes
from andon.model.reverted import Reverted
from andon.runs.goal import ANY_PLAN, Goal, Listener, RunOptions
from andon.runs.planning.owner_letters import published_letters
from andon.runs.reviews import NO_CHANGES, owned_changes
from andon.service.reverts import TakenBackError, redo_goal, undo_goal
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.base.database import Transaction
    from andon.lake.commits import LeafChanges
    from andon.runs.run import GoalRunner
    from andon.service.cords import CordDesk
    from andon.workspace.workspace import Workspace

#: How often it is looked again what is to be undone, where others undid it meanwhile.
_LOOKS = 5


class Undoing:
    """Takes back and brings again what one workspace's branches published.

    Args:
        moved: told of a branch that shows something else without a run, and who listened.
    """

    def __init__(
        self, workspace: Workspace, runner: GoalRunner, cords: CordDesk, moved: Callable[[str, Listener], None]
    ) -> None:
        self._workspace = workspace
        self._runner = runner
        self._cords = cords
        self._moved = moved
        self._lake = workspace.lake

    def undo_preview(self, branch: str | None = None) -> tuple[Commit, tuple[str, ...]]:
        """The publish that `undo` would take back, and the datasets it changed.

        Raises:
            UsageError: `lake.nothing_to_undo`.
        """
        head = self._head(branch)
        target = undo_target(self._lake.commits.first_parents(head))
        if target is None or target.parent is None:
            raise UsageError("lake.nothing_to_undo", "no publish is left to undo", hint="`andon log` shows the history")
        changes = self._lake.commits.changed_leaves(self._lake.commits.get(target.parent), target)
        return target, _seen(changes)

    def is_restore(self, branch: str | None = None) -> bool:
        """Whether `undo` gives readers again what they saw before, to the letter; else an older publish was taken out since, and what
        follows from both is planned, built and checked."""
        target, _ = self.undo_preview(branch)
        return self._head(branch).root == target.root

    def needs_asking(self, target: Commit) -> str | None:
        """Why an undo of `target` should be confirmed first, or None."""
        run = self._workspace.runs.find(target.run) if target.run is not None else None
        if run is not None and run.kind == CommitKind.REFRESH:
            by = "" if target.author == self._workspace.caller.author else f" by {target.author}"
            return f"it is a refresh{by}: it took in new data and changed no code"
        if target.author != self._workspace.caller.author:
            return f"it was published by {target.author}"
        return None

    def undo(
        self,
        branch: str | None = None,
        expect: str | None = None,
        message: str | None = None,
        request: str | None = None,
        listener: Listener | None = None,
    ) -> Reverted:
        """Revert the newest publish that is not undone yet, as a new commit. No data moves.

        Where an older publish was taken out since, readers never saw what is left: then it is planned, built and checked like a change.

        Args:
            expect: id (or its beginning) of the commit that should be taken back; refused if another one would be.
            listener: who has a say within the transaction that publishes.

        Raises:
            UsageError: `lake.nothing_to_undo`.
            ConflictError: `lake.ref_moved` if the branch moved, or another publish than `expect` is the newest.
            HeldError: `run.held` if what was planned could not be published.
        """
        name = self._workspace.branch(branch)
        if (done := self.answered(request, name)) is not None:
            return done
        for _ in range(_LOOKS):
            with self._lake.turn(name):
                head = self._head(name)
                target, _ = self.undo_preview(name)
                if expect is not None and not target.id.startswith(expect):
                    raise ConflictError(
                        "lake.ref_moved",
                        f"the newest publish is {target.id[:8]} now, not {expect[:8]}",
                        where=name,
                        hint="`andon log` shows what happened",
                    )
                text = message or f"undo {target.id[:8]}: {target.message}"
                done = self._undone(name, head, target, text, request, listener) if head.root == target.root else None
            if done is not None:
                self._moved(name, listener or Listener())
                return done
            try:
                return self._reach(undo_goal(self._workspace, name, target), target, text, request, listener)
            except TakenBackError as error:  # by another one meanwhile: the newest is another now
                late = error
        raise late

    def _undone(
        self, name: str, head: Commit, target: Commit, text: str, request: str | None, listener: Listener | None
    ) -> Reverted:
        """Give readers again what they saw before `target`, to the letter; within the turn in which the head was looked at."""
        commits = self._lake.commits
        before = commits.get(target.parent or "")
        changes = commits.changed_leaves(before, target)
        causes = causes_of(commits, self._lake.objects, before, target, changes)
        draft = Draft(
            parents=(head.id,),
            kind=CommitKind.UNDO,
            author=self._workspace.caller.author,
            message=text,
            time=to_text(self._workspace.clock()),
            rejected=tuple({*head.rejected, *causes}),
            acceptances=in_force((*head.acceptances, *before.acceptances), commits.state(before)),
            releases=before.releases,
            target=target.id,
        )
        move = RefMove(name, "branch", head.id, "undo")
        commit = self._lake.commit(draft, before.root, [move], request, self._also(name, head, before, listener))
        return Reverted(name, commit, target, _seen(changes), sorted_causes(causes))

    def redo(
        self,
        branch: str | None = None,
        request: str | None = None,
        *,
        expect: str | None = None,
        listener: Listener | None = None,
    ) -> Reverted:
        """Revert the newest undo, as a new commit, unless the same datasets were published again since.

        Where others were published since, what follows from both is planned, built and checked like a change.

        Args:
            expect: id of the undo that should be reverted; refused if it would be another one.
            listener: who has a say within the transaction that publishes.

        Raises:
            UsageError: `lake.nothing_to_redo`.
            ConflictError: `lake.ref_moved`; `cord.held` where somebody holds what it would change.
            HeldError: `run.held` if what was planned could not be published.
        """
        name = self._workspace.branch(branch)
        if (done := self.answered(request, name)) is not None:
            return done
        for _ in range(_LOOKS):
            with self._lake.turn(name):
                head = self._head(name)
                undo, target, changes = self._redo_wanted(name, head, expect)
                text = f"redo {target.id[:8]}: {target.message}"
                done = None
                if head.root == undo.root:
                    done = self._redone(name, head, undo, target, changes, text, request, listener)
            if done is not None:
                self._moved(name, listener or Listener())
                return done
            try:
                return self._reach(redo_goal(self._workspace, name, undo), target, text, request, listener)
            except TakenBackError as error:
                late = error
        raise late

    def _redo_wanted(self, name: str, head: Commit, expect: str | None) -> tuple[Commit, Commit, LeafChanges]:
        """The undo that a redo reverts, what that took back, and what it changed. Raises as `redo`."""
        commits = self._lake.commits
        choice = redo_target(commits.first_parents(head))
        if choice is None or choice.undo.parent is None or choice.undo.target is None:
            raise UsageError("lake.nothing_to_redo", "no undo is left to redo", hint="`andon log` shows the history")
        undo, before = choice.undo, commits.get(choice.undo.parent)
        if expect is not None and undo.id != expect:
            message = f"the undo {expect[:8]} is not the newest that is left to redo: that is {undo.id[:8]}"
            raise UsageError("lake.nothing_to_redo", message, where=name, hint="`andon log` shows the history")
        changes = commits.changed_leaves(before, undo)
        self._require_not_again(name, changes.keys() | self._shared_between(before, undo), choice.since)
        self._cords.require_free(name, changes)
        return undo, commits.get(choice.undo.target), changes

    def _redone(
        self,
        name: str,
        head: Commit,
        undo: Commit,
        target: Commit,
        changes: LeafChanges,
        text: str,
        request: str | None,
        listener: Listener | None,
    ) -> Reverted:
        """Give readers again what they saw before `undo`; within the turn in which the head was looked at."""
        commits = self._lake.commits
        before = commits.get(undo.parent or "")
        lifted = set(undo.rejected) - set(before.rejected)
        draft = Draft(
            parents=(head.id,),
            kind=CommitKind.REDO,
            author=self._workspace.caller.author,
            message=text,
            time=to_text(self._workspace.clock()),
            rejected=tuple(set(head.rejected) - lifted),
            acceptances=in_force((*head.acceptances, *before.acceptances), commits.state(before)),
            releases=before.releases,
            target=undo.id,
        )
        move = RefMove(name, "branch", head.id, "redo")
        asked, view = self._also(name, head, before, listener), View(self._workspace, name, head)

        def also(transaction: Transaction, commit: Commit) -> None:
            self._cords.require_free(name, changes, transaction, view)  # it may be held since
            asked(transaction, commit)

        commit = self._lake.commit(draft, before.root, [move], request, also)
        return Reverted(name, commit, target, _seen(changes), ())

    def accept_rejected(self, *places: str, branch: str | None = None) -> tuple[Commit, tuple[Cause, ...]]:
        """Let what undos took out at `places` (project files, raw files, folders of them; `.` is all) pass again, as one commit.

        Raises:
            UsageError: `usage.bad_argument` if nothing is rejected at one of them.
        """
        name, request = self._workspace.branch(branch), self._workspace.caller.request
        if (done := self._lake.refs.moved_by(request, name, "branch")) is not None:
            commit = self._lake.commits.get(done.commit)
            before = self._lake.commits.get(commit.parent or "")
            return commit, tuple(cause for cause in before.rejected if cause not in commit.rejected)
        with self._lake.turn(name):
            head = self._head(name)
            for place in places:
                if not any(is_at(cause.path, place) for cause in head.rejected):
                    known = ", ".join(sorted({f"`{c.path}`" for c in head.rejected})) or "nothing"
                    raise UsageError(
                        "usage.bad_argument",
                        f"nothing is rejected at `{place}` on {name}",
                        where=place,
                        hint=f"rejected: {known}",
                    )
            lifted = tuple(c for c in head.rejected if any(is_at(c.path, place) for place in places))
            draft = Draft(
                (head.id,),
                CommitKind.ACCEPT,
                self._workspace.caller.author,
                f"accept {_listed(sorted({c.path for c in lifted}))} again",
                to_text(self._workspace.clock()),
                None,
                tuple(c for c in head.rejected if c not in lifted),
                head.acceptances,
                releases=head.releases,
            )
            move = RefMove(name, "branch", head.id, "accept")
            commit = self._lake.commit(draft, head.root, [move], request)
        return commit, lifted

    def rejected(self, branch: str | None = None) -> tuple[Cause, ...]:
        """What undos keep out of a branch."""
        return self._head(branch).rejected

    def answered(self, request: str | None, branch: str | None = None) -> Reverted | None:
        """What an undo or redo with this request id did, if there was one."""
        move = self._lake.refs.answered(request) if request is not None else None
        if move is None or move.new is None or move.ref != self._workspace.branch(branch):
            return None
        commits = self._lake.commits
        commit = commits.get(move.new)
        assert commit.parent is not None  # undos and redos have both
        assert commit.target is not None
        target, before = commits.get(commit.target), commits.get(commit.parent)
        if commit.kind is CommitKind.REDO and target.target is not None:
            target = commits.get(target.target)
        causes = set(commit.rejected) - set(before.rejected)
        return Reverted(move.ref, commit, target, _seen(commits.changed_leaves(before, commit)), sorted_causes(causes))

    # -- parts

    def _also(
        self, branch: str, head: Commit, after: Commit, listener: Listener | None
    ) -> Callable[[Transaction, Commit], None]:
        """What is done within the transaction that moves a branch from `head` to what `after` holds: whoever listens has a say, and
        hears of it; owners are told."""
        workspace, commits, listens = self._workspace, self._lake.commits, listener or Listener()
        is_main = branch == MAIN
        owned = owned_changes(workspace, commits.state(head), commits.state(after)) if is_main else NO_CHANGES

        def also(transaction: Transaction, commit: Commit) -> None:
            listens.may_publish(transaction)
            workspace.letters.add(transaction, published_letters(owned.changes, owned.said, commit))
            listens.published(transaction, commit.id)

        return also

    def _reach(
        self, goal: Goal, target: Commit, message: str, request: str | None, listener: Listener | None = None
    ) -> Reverted:
        """Publish what an undo or a redo leads to.

        Raises:
            HeldError: `run.held`.
        """
        options = RunOptions(branch=goal.branch, message=message, agreed=ANY_PLAN, request=request)
        result = self._runner.reach(goal, options, listener or Listener())
        if not result.published:
            raise HeldError(
                "run.held",
                f"{result.held}; nothing was published",
                where=f"run:{result.run}",
                hint=f"`andon diff {goal.branch} run:{result.run}` shows what it would be; `andon redo` brings back what was undone",
            )
        commits = self._lake.commits
        commit = commits.get(result.commit)
        changes = commits.changed_leaves(commits.get(commit.parent or ""), commit)
        return Reverted(goal.branch, commit, target, _seen(changes), goal.rejected)

    def _require_not_again(self, branch: str, changed: Set[str], since: Iterable[Commit]) -> None:
        """Refuse a redo of what was published again: which of both is wanted, only people know."""
        commits = self._lake.commits
        for later in since:
            earlier = commits.get(later.parent or "")
            again = changed & (commits.changed_leaves(earlier, later).keys() | self._shared_between(earlier, later))
            if again:
                raise UsageError(
                    "lake.nothing_to_redo",
                    f"`{min(again)}` was published again since that undo, in {later.id[:8]}",
                    where=branch,
                    hint="run the code that you want again; `andon accept --rejected PATH` lets an undone file pass",
                )

    def _shared_between(self, one: Commit, other: Commit) -> set[str]:
        """Shared files in which two commits differ."""
        before, after = self._lake.commits.shared(one), self._lake.commits.shared(other)
        return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}

    def _head(self, branch: str | None) -> Commit:
        """The head of a branch that is about to move, or is asked what it would do.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.protected`.
        """
        name = self._workspace.branch(branch)
        ref = self._lake.refs.find(name)
        if ref is None:
            return self._lake.refs.resolve(name)  # says what is known
        require_branch(ref)
        return self._lake.commits.get(ref.commit)


def _seen(changes: Mapping[str, tuple[Leaf | None, Leaf | None]]) -> tuple[str, ...]:
    """The datasets of which readers see something else, or that have other code: not those that were only built again."""
    return tuple(name for name, pair in changes.items() if not shows_the_same(*pair))


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
