"""What can be taken back, or brought again, of the commits that a log lists. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.lake.undo import PUBLISHES, undo_target
from andon.model.commit import CommitKind

if TYPE_CHECKING:
    from andon.service.history import LogEntry


class Takeback(StrEnum):
    """What can be done about a commit: `undo` of the newest publish, `undo older`, `redo` of an undo that is the newest, `nothing`."""

    UNDO = "undo"
    OLDER = "undo older"
    REDO = "redo"
    NOTHING = "nothing"


class Revocable(Record):
    """A commit of a log, and what can be done about it."""

    entry: LogEntry
    can: Takeback


def can_be_undone(entry: LogEntry) -> bool:
    """Whether it is a publish that nobody took back yet, with something before it."""
    return not entry.undone and entry.commit.kind in PUBLISHES and entry.commit.parent is not None


def revocable(entries: Sequence[LogEntry]) -> list[Revocable]:
    """The newest commits of a branch, newest first, with what can be done about each."""
    newest = undo_target(each.commit for each in entries)
    found = []
    for number, entry in enumerate(entries):
        can = Takeback.NOTHING
        if number == 0 and entry.commit.kind is CommitKind.UNDO:
            can = Takeback.REDO
        elif newest is not None and entry.commit.id == newest.id:
            can = Takeback.UNDO
        elif can_be_undone(entry):
            can = Takeback.OLDER
        found.append(Revocable(entry, can))
    return found
