"""Which commits are taken back: against what readers see when publishes, undos and redos are played one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from andon.lake.undo import PUBLISHES, brought, redo_target, undo_target, with_undone
from andon.model.commit import Commit, CommitKind

#: What people do, and a number that chooses among what it may be done to.
STEPS = st.lists(st.tuples(st.sampled_from(["publish", "undo", "redo", "older", "accept"]), st.integers(0, 9)))


@dataclass
class Played:
    """A branch on which every publish puts one thing before readers.

    Attributes:
        commits: oldest first.
        seen: what readers see after each commit.
    """

    commits: list[Commit] = field(default_factory=list)
    seen: list[frozenset[str]] = field(default_factory=list)

    @property
    def newest_first(self) -> list[Commit]:
        return self.commits[::-1]

    def add(self, kind: CommitKind, seen: frozenset[str], target: str | None = None) -> None:
        number = len(self.commits)
        parents = (self.commits[-1].id,) if self.commits else ()
        self.commits.append(Commit(f"c{number}", parents, number, "", kind, "ana", "", "", target=target))
        self.seen.append(seen)

    def revert(self, kind: CommitKind, target: Commit) -> None:
        """Take back what `target` changed for readers."""
        at = self.commits.index(target)
        before, after, now = self.seen[at - 1], self.seen[at], self.seen[-1]
        self.add(kind, (now - (after - before)) | (before - after), target.id)


def play(steps: list[tuple[str, int]]) -> Played:
    played = Played()
    played.add(CommitKind.INIT, frozenset())
    for step, number in steps:
        live = [c for c, is_undone in with_undone(played.newest_first) if not is_undone and c.kind in PUBLISHES]
        if step == "publish":
            kind = PUBLISHES[number % 3]
            played.add(kind, played.seen[-1] | {f"c{len(played.commits)}"})
        elif step == "accept":
            played.add(CommitKind.ACCEPT, played.seen[-1])
        elif step == "undo" and (target := undo_target(played.newest_first)) is not None:
            played.revert(CommitKind.UNDO, target)
        elif step == "older" and live:
            played.revert(
                CommitKind.UNDO, brought(live[number % len(live)], {c.id: c for c in played.commits}.__getitem__)
            )
        elif step == "redo" and (choice := redo_target(played.newest_first)) is not None:
            played.revert(CommitKind.REDO, choice.undo)
    return played


def is_taken_back(commit: Commit, later: list[Commit]) -> bool:
    """By the definition, read naively: something that still counts names it."""
    return any(
        other.target == commit.id and not is_taken_back(other, later[number + 1 :])
        for number, other in enumerate(later)
    )


@given(STEPS)
def test_readers_see_the_publishes_that_are_not_taken_back(steps: list[tuple[str, int]]) -> None:
    played = play(steps)
    firsthand = [kind for kind in PUBLISHES if kind is not CommitKind.REDO]
    shown = {c.id for c, is_undone in with_undone(played.newest_first) if not is_undone and c.kind in firsthand}
    assert shown == played.seen[-1]


@given(STEPS)
def test_taken_back_is_what_something_that_counts_names(steps: list[tuple[str, int]]) -> None:
    commits = play(steps[:12]).commits
    found = {commit.id: is_undone for commit, is_undone in with_undone(reversed(commits))}
    assert found == {c.id: is_taken_back(c, commits[number + 1 :]) for number, c in enumerate(commits)}


@given(STEPS)
def test_an_undo_and_its_redo_leave_what_was(steps: list[tuple[str, int]]) -> None:
    played = play(steps)
    before = played.seen[-1]
    if undo_target(played.newest_first) is None:
        return
    again = play(steps)
    target = undo_target(again.newest_first)
    assert target is not None
    again.revert(CommitKind.UNDO, target)
    choice = redo_target(again.newest_first)
    assert choice is not None
    assert choice.undo == again.commits[-1]
    assert choice.since == ()
    again.revert(CommitKind.REDO, choice.undo)
    assert again.seen[-1] == before


@given(STEPS)
def test_a_redo_is_of_the_newest_undo_that_counts_and_names_what_came_after(steps: list[tuple[str, int]]) -> None:
    history = play(steps).newest_first
    choice = redo_target(history)
    undos = [c for c, is_undone in with_undone(history) if not is_undone and c.kind is CommitKind.UNDO]
    assert (choice.undo if choice else None) == (undos[0] if undos else None)
    if choice:
        later = history[: history.index(choice.undo)]
        cancelled = {c.id for c, is_undone in with_undone(history) if is_undone}
        assert list(choice.since) == [c for c in later if c.kind in PUBLISHES and c.target not in cancelled]


def test_no_history_has_nothing_to_take_back() -> None:
    assert list(with_undone(())) == []
    assert undo_target(()) is None
    assert redo_target(()) is None
