"""Looking at a branch: what is decided by is read from the catalog and the folder, in as many statements whatever its size."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from andon.base.clock import SKEW, from_text, to_text
from andon.base.lru import Lru
from andon.base.record import Record, replace
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.model.decision import BackKind, Decision, DueStanding, Failure, HeldBack
from andon.model.tick import TickWaiting
from andon.operations.scheduling.again import DecidingAgain
from andon.operations.scheduling.book import ScheduleBook
from andon.operations.scheduling.books import ScheduleBooks
from andon.operations.scheduling.cadence import cadence_of
from andon.operations.scheduling.facts import ScheduleFacts
from andon.operations.scheduling.movement import BuildFact, Movement
from andon.operations.scheduling.retries import WAITS, words
from andon.operations.scheduling.still import Stillness
from andon.operations.scheduling.whens import WhenAnswers
from andon.runs.looked import last_look
from andon.state.looks import ALL, LastLook
from andon.state.pauses import ALL as ALL_PAUSED

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.query.ask import Querying
    from andon.workspace.workspace import Workspace

_KEPT = 4
#: What was decided before is not written again sooner than this.
_NOTED = timedelta(minutes=1)
#: So many lines of passes tell how often somebody looks.
_LINES = 20


class DueDecisions(Record):
    """What was decided of a branch.

    Attributes:
        head: id of the commit that was looked at.
        at: the moment that counts (ISO text).
    """

    branch: str
    head: str
    at: str
    book: ScheduleBook
    known: ScheduleFacts
    decisions: tuple[Decision, ...]

    @property
    def due(self) -> list[Decision]:
        """What is to be brought up to date now."""
        return [each for each in self.decisions if each.standing is DueStanding.DUE]


class _Noted(Record):
    """What was noted last: the decisions, when, and the newest line of passes then."""

    decisions: tuple[Decision, ...]
    at: datetime
    line: int


class Looking:
    """Looks at branches of one lake; what it derived is kept while the head is the same.

    Args:
        marks: gives by dataset of a branch what a run would try it on now; asked only for what failed.
    """

    def __init__(
        self,
        workspace: Workspace,
        books: ScheduleBooks,
        querying: Callable[[], Querying],
        marks: Callable[[str, Collection[str]], Mapping[str, str]],
    ) -> None:
        self._workspace = workspace
        self.marks = marks
        self._movement = Movement(workspace)
        self._whens = WhenAnswers(workspace.lake.commits, querying, workspace.cache)
        self._books = books
        self._seconds: Lru[str, Mapping[str, float]] = Lru(_KEPT)
        self._deciding: dict[str, DecidingAgain] = {}
        self._noted: dict[tuple[str, str], _Noted] = {}
        self._stillness = Stillness(workspace, self.cadence)

    def look(self, branch: str, now: datetime | None = None, *, is_kept: bool = True) -> DueDecisions:
        """What is due on a branch at `now` (None: by the clock) and what is not, with all that it was decided by.

        Args:
            is_kept: whether what is seen of files counts as seen at that moment; not where somebody only wonders what would be.

        Raises:
            MachineError: the catalog can't be read.
        """
        lake = self._workspace.lake
        moment = now or self._workspace.clock()
        at = to_text(moment)
        head = lake.refs.head(branch)
        state = lake.commits.state(head)
        book = self._books.of(head, state)
        facts = self._movement.facts(branch, head, state)
        seen = self._looks(branch, head, book, facts, to_text(moment + SKEW))
        looks = {d: look.at for d, look in seen.items()}
        moved, signs = self._movement.moved(branch, head, state, book, looks, at, is_kept=is_kept)
        changed, unasked = self._changed(book, seen, head)
        known = ScheduleFacts(
            looks=looks,
            data={d: look.data for d, look in seen.items() if look.data != look.at},
            moved=moved,
            changed=changed,
            seconds=self._seconds_of(head, facts),
            held={**unasked, **self._held(branch, book, at)},
            failures=self._failures(branch, looks, to_text(moment + 2 * WAITS[-1])),
            seen=signs,
            cadence=self.cadence(branch, moment) if book.with_ages else 0.0,
        )
        deciding = self._deciding.setdefault(branch, DecidingAgain())
        return DueDecisions(branch, head.id, at, book, known, deciding.decide(book, known, moment))

    def cadence(self, branch: str, now: datetime) -> float:
        """Seconds from one pass to the next, in whole minutes, by those that were made; 0 where nothing is known."""
        found = cadence_of(self._workspace.decisions.passes(branch, _LINES), now)
        return 60.0 * math.ceil(found / 60.0) if found is not None else 0.0

    def note(self, decided: DueDecisions, cause: str) -> None:
        """Record a pass, and what it decided anew; one that found nothing soon after another is not written.

        Args:
            cause: what made the pass, as its trigger names itself.
        """
        if self._workspace.lake.database.is_read_only:
            return
        branch, moment, decisions = decided.branch, from_text(decided.at), self._workspace.decisions
        noted, line = self._noted.get((branch, cause)), decisions.newest_line()
        # where somebody else wrote a line meanwhile, it may be of something else that was decided
        is_same = noted is not None and noted.decisions is decided.decisions and noted.line == line
        if noted is not None and is_same and timedelta(0) <= moment - noted.at < _NOTED:
            return
        changes = [] if is_same else _changes(decisions.in_force(branch), decided.decisions)
        author = self._workspace.caller.author
        fresh = decisions.note(branch, cause, author, decided.at, len(decided.due), changes)
        self._noted[branch, cause] = _Noted(decided.decisions, moment, fresh or line)

    # -- where nothing moves

    def still(self, branch: str, cause: str, now: datetime) -> tuple[TickWaiting, ...] | None:
        """What is kept back, where a pass finds nothing to do as one before found nothing and nothing moved since: then it is noted, and
        all is done. None where it has to decide."""
        found = self._stillness.found(branch, now) if not self._workspace.lake.database.is_read_only else None
        if found is None:
            return None
        noted = self._noted.get((branch, cause))
        if noted is None or not timedelta(0) <= now - noted.at < _NOTED:
            line, author = self._stillness.line(), self._workspace.caller.author
            fresh = self._workspace.decisions.note(branch, cause, author, to_text(now), 0, ())
            if fresh is not None:
                self._stillness.went_on(branch, fresh)
            self._noted[branch, cause] = _Noted(noted.decisions if noted is not None else (), now, fresh or line)
        return tuple(TickWaiting(*each) for each in found.waiting)

    def keep_still(self, decided: DueDecisions, cause: str, waiting: Iterable[TickWaiting]) -> None:
        """Keep what a pass went by that found nothing to do, and was noted. What moved since it looked is seen by another look."""
        branch, noted = decided.branch, self._noted.get((decided.branch, cause))
        is_asked = all(held.kind is not BackKind.UNASKED for held in decided.known.held.values())
        if noted is None or noted.decisions is not decided.decisions or not is_asked:
            return
        moment = from_text(decided.at)
        found = self._stillness.seen(branch, decided.book, moment, noted.line, waiting)
        again = self.look(branch, moment)
        until = self._deciding[branch].until(again.decisions)
        if found is not None and until is not None and again.decisions is decided.decisions:
            self._stillness.keep(branch, found, until)

    # -- what is known

    def _looks(
        self, branch: str, head: Commit, book: ScheduleBook, facts: Mapping[str, BuildFact], latest: str
    ) -> dict[str, LastLook]:
        """When each dataset was brought up to date: as noted, else when it was built. What lies ahead was noted by a wrong clock."""
        looks = {d: look for d, look in self._of_this_branch(branch, head).items() if look.at <= latest}
        waits = book.asked_or_below
        everything, of_files = looks.get(ALL), last_look(looks, ALL, is_of_files=True)
        found: dict[str, LastLook] = {}
        for dataset in book.entries:
            general = everything if dataset in waits else of_files
            own = looks.get(dataset)
            look = own if general is None or (own is not None and own.at >= general.at) else general
            if look is None and dataset in facts:
                made = facts[dataset].created
                look = LastLook(made, head.id, made)
            if look is not None:
                found[dataset] = look
        return found

    def _of_this_branch(self, branch: str, head: Commit) -> dict[str, LastLook]:
        """What was noted of the branch; of an earlier one by the same name nothing counts."""
        looks, commits = self._workspace.looks.of(branch), self._workspace.lake.commits
        if branch == MAIN:
            return looks
        known = commits.known({look.commit for look in looks.values()})
        above = {id for id in known if (c := commits.merge_base(commits.get(id), head)) is not None and c.id == id}
        return {name: look for name, look in looks.items() if look.commit in above}

    def _seconds_of(self, head: Commit, facts: Mapping[str, BuildFact]) -> Mapping[str, float]:
        found = self._seconds.get(head.root)
        if found is None:
            found = {d: fact.seconds for d, fact in facts.items()}
            self._seconds.put(head.root, found)
        return found

    def _changed(
        self, book: ScheduleBook, looks: Mapping[str, LastLook], head: Commit
    ) -> tuple[dict[str, str], dict[str, HeldBack]]:
        """How results of `when` changed, and which can't be asked."""
        changed: dict[str, str] = {}
        unasked: dict[str, HeldBack] = {}
        for dataset, sql in book.with_when:
            if dataset not in looks:
                continue
            try:
                found = self._whens.changed(dataset, sql, looks[dataset].commit, head)
            except AndonError as error:
                unasked[dataset] = HeldBack(BackKind.UNASKED, error.message)
                continue
            if found is not None:
                changed[dataset] = found
        return changed, unasked

    def _held(self, branch: str, book: ScheduleBook, at: str) -> dict[str, HeldBack]:
        """What is claimed and what is paused."""
        held: dict[str, HeldBack] = {}
        claims = self._workspace.claims
        for name, claim in claims.of(branch).items():
            if name in book.entries and not claims.is_free(claim):
                held[name] = HeldBack(BackKind.CLAIMED, "being brought up to date now")
        pauses = self._workspace.pauses.of(branch, at)
        whole = pauses.get(ALL_PAUSED)
        for dataset in book.entries if whole is not None else pauses.keys() & book.entries.keys():
            pause = pauses.get(dataset) or whole
            assert pause is not None
            until = f" until {pause.until[:16].replace('T', ' ')}" if pause.until else ""
            why = f"paused by {pause.who}{until}" + (f": {pause.why}" if pause.why else "")
            held[dataset] = HeldBack(BackKind.PAUSED, why, pause.until)
        return held

    def _failures(self, branch: str, looks: Mapping[str, str], latest: str) -> dict[str, Failure]:
        """What came to nothing, and nobody brought up to date since; a retry that lies ahead of `latest` was noted by a wrong clock:
        its time is come."""
        attempts = {
            dataset: each
            for dataset, each in self._workspace.attempts.of(branch).items()
            if looks.get(dataset, "") <= each.at
        }
        if not attempts:
            return {}
        marks = self.marks(branch, list(attempts))
        found = {}
        for dataset, each in attempts.items():
            again = each.at if each.again is not None and each.again > latest else each.again
            is_changed = each.mark is not None and marks.get(dataset, each.mark) != each.mark
            is_held = each.code == "run.held"
            found[dataset] = Failure(each.at, words(each), again, is_changed, is_held)
        return found


def _changes(before: Mapping[str, Decision], decisions: Collection[Decision]) -> list[Decision]:
    """The decisions that are others than those in force."""
    found = []
    for each in decisions:
        now, known = replace(each, seen="") if each.seen else each, before.get(each.dataset)
        if known is None and each.is_quiet:
            continue
        if now != known:
            found.append(now)
    return found
