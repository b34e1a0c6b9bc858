"""Numbers of changes: how long they took to reach readers, how many failed, how soon that was mended. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.clock import from_text
from andon.base.record import Record
from andon.model.commit import Commit, CommitKind
from andon.model.review import FailedChange, Share, Spread
from andon.operations.review.spread import share, spread


class ReviewedChange(Record):
    """A publish that changed code.

    Attributes:
        began: when the first commit of its branch was made (ISO text); None where it came straight from a folder.
    """

    commit: Commit
    began: str | None = None


class Mended(Record):
    """What came of something that a run brought: its incident, and when it was right again (ISO text)."""

    incident: int
    verified: str | None


def is_change(commit: Commit) -> bool:
    """Whether a commit of the branch's own history put other code before readers."""
    return commit.kind in (CommitKind.CHANGE, CommitKind.PUBLISH)


def lead_time(changes: Sequence[ReviewedChange]) -> Spread:
    """See `DEFINITIONS["lead_time"]`."""
    return spread(_seconds(each.began, each.commit.time) for each in changes if each.began is not None)


def failed(
    changes: Sequence[ReviewedChange], history: Sequence[Commit], brought: Mapping[int, Mended]
) -> list[FailedChange]:
    """The changes that failed, newest first: see `DEFINITIONS["change_failures"]`.

    Args:
        history: commits of the branch, newest first.
        brought: `{run: incident that it met first}`.
    """
    undone: dict[str, Commit] = {}
    for commit in history:
        if commit.kind is CommitKind.UNDO and commit.target is not None:
            undone[commit.target] = commit
    found = []
    for each in changes:
        commit = each.commit
        by_undo, met = undone.get(commit.id), brought.get(commit.run) if commit.run is not None else None
        if by_undo is None and met is None:
            continue
        ends = [moment for moment in (by_undo and by_undo.time, met and met.verified) if moment]
        restored = min((_seconds(commit.time, moment) for moment in ends), default=None)
        why = "undone" if by_undo is not None else f"incident {met.incident if met is not None else 0}"
        restored = None if restored is None else round(max(restored, 0.0), 1)
        found.append(FailedChange(commit.id, commit.time, commit.message, why, restored))
    return found


def failure_share(changes: Sequence[ReviewedChange], failures: Sequence[FailedChange]) -> Share:
    """See `DEFINITIONS["change_failures"]`."""
    return share(len(failures), len(changes))


def restore(failures: Sequence[FailedChange]) -> Spread:
    """See `DEFINITIONS["restore"]`."""
    return spread(each.restored for each in failures if each.restored is not None)


def _seconds(begin: str, end: str) -> float:
    return (from_text(end) - from_text(begin)).total_seconds()
