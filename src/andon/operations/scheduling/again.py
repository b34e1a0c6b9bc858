"""Deciding again and again: as long as nothing is new the decisions are those of before, and cost nothing."""

from __future__ import annotations

from datetime import datetime

from andon.base.clock import SKEW, to_text
from andon.base.record import Record
from andon.model.decision import Decision
from andon.operations.scheduling.book import ScheduleBook
from andon.operations.scheduling.decide import Decider
from andon.operations.scheduling.facts import ScheduleFacts


class _Kept(Record):
    book: ScheduleBook
    known: ScheduleFacts
    since: datetime
    until: datetime
    decisions: tuple[Decision, ...]


class DecidingAgain:
    """Decides again and again. While nothing is known anew and no time came, the decisions are those of before, and cost nothing."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def decide(self, book: ScheduleBook, known: ScheduleFacts, now: datetime) -> tuple[Decision, ...]:
        """As `decide`; what was decided of the same book before may be given again."""
        kept = self._kept
        if kept is not None and kept.book is book and kept.since <= now < kept.until and kept.known == known:
            return kept.decisions
        decider = Decider(book, known, now)
        found = decider.decisions()
        ahead = max(known.looks.values(), default="") > to_text(now + SKEW)
        self._kept = None if ahead else _Kept(book, known, now, decider.until(), found)
        return found

    def until(self, decisions: tuple[Decision, ...]) -> datetime | None:
        """When time alone may change what was decided last, if that were these decisions; None where it may at any moment."""
        kept = self._kept
        return kept.until if kept is not None and kept.decisions is decisions else None
