"""What a page offers to take back, or to bring again, of the commits that it lists."""

from __future__ import annotations

from andon.lake.undo import with_undone
from andon.model.commit import Commit, CommitKind
from andon.service.history import LogEntry
from andon.service.takebacks import can_be_undone, revocable


def log_of(*kinds: tuple[CommitKind, str | None]) -> list[LogEntry]:
    """The log of commits `c0`, `c1`, … with their targets, newest first."""
    commits = [
        Commit(f"c{n}", (f"c{n - 1}",) if n else (), n, "", kind, "ana", "", "", target=target)
        for n, (kind, target) in enumerate(kinds)
    ]
    return [LogEntry(commit, (), is_undone) for commit, is_undone in with_undone(reversed(commits))]


BEGUN = ((CommitKind.INIT, None), (CommitKind.CHANGE, None), (CommitKind.REFRESH, None))


def test_the_newest_publish_is_undone_by_one_press_and_older_ones_with_more_thought():
    assert [str(each.can) for each in revocable(log_of(*BEGUN))] == ["undo", "undo older", "nothing"]


def test_after_an_undo_it_can_be_redone_and_what_was_taken_back_offers_nothing():
    found = revocable(log_of(*BEGUN, (CommitKind.UNDO, "c2")))
    assert [str(each.can) for each in found] == ["redo", "nothing", "undo", "nothing"]


def test_an_acceptance_is_no_publish_and_the_publish_below_it_stays_the_one_to_undo():
    log = log_of(*BEGUN, (CommitKind.ACCEPT, None))
    assert [str(each.can) for each in revocable(log)] == ["nothing", "undo", "undo older", "nothing"]
    assert [can_be_undone(entry) for entry in log] == [False, True, True, False]
