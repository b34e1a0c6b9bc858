"""What is scheduled, as people and programs see it: what is due, what comes when, and why something was (not) done at a moment."""

from __future__ import annotations

from andon.base.document import Document, Documented
from andon.model.decision import Decision, DueStanding, Silence, Unreachable


class DecisionDocument(Document):
    """What was decided about a dataset.

    Attributes:
        standing: `due`, `waits`, `held back` (it would be due, and something keeps it).
        rule: that makes it due, or comes next.
        slot: the moment that it serves.
        next: when time makes it due, or what keeps it is over.
        serves: the datasets that need it, where it is due for their sake alone.
        held: what keeps it back: `paused`, `claimed` (another process works on it), `retry`, `failed`, `unasked` (its `when` can't be
            asked), `frozen`; null where nothing does.
    """

    dataset: str
    standing: str
    reason: str
    rule: str | None
    slot: str | None
    next: str | None
    serves: list[str]
    held: str | None

    @classmethod
    def of(cls, each: Decision) -> DecisionDocument:
        """The document of a decision."""
        return cls(
            each.dataset, str(each.standing), each.reason, each.rule, each.slot, each.next, list(each.serves), each.held
        )


class ScheduleDocument(Document):
    """What is due on a branch at a moment.

    Attributes:
        commit: id of the commit that was looked at.
        coming: what time makes due, the first first.
        others: so many datasets only wait for a change, or for somebody.
        cadence: seconds from one pass to the next, as they come; null where nobody looks.
        unreachable: promises that can't be kept as often as somebody looks.
        silent: triggers that used to look and stay away.
    """

    branch: str
    commit: str
    at: str
    due: list[DecisionDocument]
    held_back: list[DecisionDocument]
    coming: list[DecisionDocument]
    others: int
    cadence: float | None
    unreachable: list[Unreachable]
    silent: list[Silence]


class ScheduleView(Documented):
    """What is due on a branch at a moment: see `ScheduleDocument`."""

    branch: str
    commit: str
    at: str
    decisions: tuple[Decision, ...]
    cadence: float | None = None
    unreachable: tuple[Unreachable, ...] = ()
    silent: tuple[Silence, ...] = ()

    @property
    def due(self) -> list[Decision]:
        """What is to be brought up to date now."""
        return [each for each in self.decisions if each.is_due]

    @property
    def held_back(self) -> list[Decision]:
        """What would be due, and something keeps it."""
        return [each for each in self.decisions if each.standing is DueStanding.HELD_BACK]

    @property
    def coming(self) -> list[Decision]:
        """What time makes due, the first first."""
        waits = [each for each in self.decisions if each.standing is DueStanding.WAITS and each.next is not None]
        return sorted(waits, key=lambda each: (each.next or "", each.dataset))

    def document(self) -> ScheduleDocument:
        """As in `due --json`."""
        due, held, coming = (
            [DecisionDocument.of(each) for each in part] for part in (self.due, self.held_back, self.coming)
        )
        others = len(self.decisions) - len(due) - len(held) - len(coming)
        return ScheduleDocument.about(self, due=due, held_back=held, coming=coming, others=others)


class PassDocument(Document):
    """Passes that looked: what made them, of the first and the last one when, how many, and the most seconds between two."""

    trigger: str
    who: str
    began: str
    last: str
    times: int
    gap: float


class RanDocument(Document):
    """A run that had a dataset, and what became of it there."""

    run: int
    started: str
    ended: str | None
    status: str
    published: bool
    action: str
    outcome: str
    error: str | None


class WhyDocument(Document):
    """Why a dataset was, or was not, brought up to date at a moment, by what was recorded.

    Attributes:
        rules: what it is scheduled by, in words.
        is_seen: whether somebody looked about then.
        passes: those that looked then, else the last ones before; null where nobody had looked.
        following: the first passes after, where nobody looked then.
        since: when that was decided which held at the moment; null where nothing was ever decided but that nothing changed.
        ran: the newest run by then that had it; `ran_next` the first one after.
        told: all that in sentences.
    """

    dataset: str
    branch: str
    at: str
    rules: list[str]
    is_seen: bool
    passes: PassDocument | None
    following: PassDocument | None
    decision: DecisionDocument | None
    since: str | None
    ran: RanDocument | None
    ran_next: RanDocument | None
    unreachable: list[Unreachable]
    told: list[str]
