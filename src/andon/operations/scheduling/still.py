"""Whether all is as it was when a pass found nothing to do: then the next one, whoever makes it, finds nothing to do either.

What a pass goes by is little: where the branch is, what was noted of it, who works on it, the files beside it, the time. So the process
that found nothing keeps a hash of that and until when time alone changes nothing, and the next one compares: it reads neither the state
of the branch nor its code. Whatever differs makes a whole pass of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.clock import to_text
from andon.base.hashing import texts_id
from andon.base.record import Record, replace
from andon.errors import AndonError
from andon.operations.scheduling.files import facts_of

if TYPE_CHECKING:
    from andon.model.tick import TickWaiting
    from andon.operations.scheduling.book import ScheduleBook
    from andon.workspace.workspace import Workspace


class Still(Record, array_like=True):
    """What was kept of a pass that found nothing.

    Attributes:
        mark: hash of all that it went by.
        since, until: the moments between which time changes nothing of it (ISO text).
        line: the newest line of the record of passes: another one may say that something else was decided meanwhile.
        waiting: what is kept back, and why: dataset, kind, reason, until.
        patterns: of the files that sources read.
        is_daily: whether a new day changes something; `has_ages`, whether it counts how often somebody looks.
    """

    mark: str
    since: str
    until: str
    line: int
    waiting: tuple[tuple[str, str, str, str | None], ...]
    patterns: tuple[str, ...]
    is_daily: bool
    has_ages: bool


_STILL = Entries[Still]("still", Still, 2)


class Stillness:
    """Keeps and compares, for one workspace.

    Args:
        cadence: gives the seconds from one pass over a branch to the next.
    """

    def __init__(self, workspace: Workspace, cadence: Callable[[str, datetime], float]) -> None:
        self._workspace = workspace
        self._cadence = cadence

    def found(self, branch: str, now: datetime) -> Still | None:
        """What was kept, where nothing is due at `now`, as nothing was and all is as it was."""
        kept = self._kept(branch)
        if kept is None or not kept.since <= to_text(now) < kept.until or kept.line != self.line():
            return None
        return kept if kept.mark == self._mark(branch, kept, now) else None

    def seen(
        self, branch: str, book: ScheduleBook, now: datetime, line: int, waiting: Iterable[TickWaiting]
    ) -> Still | None:
        """What a pass over `book` goes by now; None where there is no mark of it. To be kept where a look after it finds nothing.

        Args:
            waiting: what it found to be kept back.
            line: the newest line of the record of passes.
        """
        patterns = dict.fromkeys(p for entry in book.entries.values() for p in entry.patterns)
        told = tuple((each.dataset, each.kind, each.reason, each.until) for each in waiting)
        is_daily = any(entry.is_daily for entry in book.entries.values())
        found = Still("", to_text(now), "", line, told, tuple(patterns), is_daily, bool(book.with_ages))
        mark = self._mark(branch, found, now)
        return replace(found, mark=mark) if mark is not None else None

    def keep(self, branch: str, found: Still, until: datetime) -> None:
        """Keep what was seen, up to when time changes something."""
        self._workspace.cache.put(_STILL, {self._key(branch): replace(found, until=to_text(until))})

    def went_on(self, branch: str, line: int) -> None:
        """Note that the record of passes has a new line, which says nothing new."""
        kept = self._kept(branch)
        if kept is not None:
            self._workspace.cache.put(_STILL, {self._key(branch): replace(kept, line=line)})

    def line(self) -> int:
        """The newest line of the record of passes."""
        return self._workspace.decisions.newest_line()

    def _key(self, branch: str) -> str:
        return f"{self._workspace.lake.id}:{branch}"

    def _kept(self, branch: str) -> Still | None:
        key = self._key(branch)
        return self._workspace.cache.get(_STILL, [key]).get(key)

    def _mark(self, branch: str, of: Still, now: datetime) -> str | None:
        """A hash of all that a pass goes by; None where somebody works on something, or a file may still be written."""
        workspace, at = self._workspace, to_text(now)
        ref = workspace.lake.refs.find(branch)
        if ref is None or not all(workspace.claims.is_free(claim) for claim in workspace.claims.held(branch)):
            return None
        files = self._files(of.patterns)
        if files is None:
            return None
        looks = [[name, look.at, look.commit, look.data] for name, look in workspace.looks.of(branch).items()]
        pauses = [[each.dataset, each.until, each.why, each.who] for each in workspace.pauses.of(branch, at).values()]
        cords = [[str(each.number), each.dataset] for each in workspace.cords.standing(branch)]
        tries = [[each.dataset, each.at, each.again, each.mark] for each in workspace.attempts.of(branch).values()]
        pace = str(self._cadence(branch, now)) if of.has_ages else None
        day = at[:10] if of.is_daily else None
        return texts_id([ref.commit, sorted(looks), pauses, cords, tries, files, pace, day])

    def _files(self, patterns: Iterable[str]) -> str | None:
        try:
            sign, is_settled = facts_of(self._workspace.root, patterns)
        except (AndonError, OSError):
            return None
        return sign if is_settled else None
