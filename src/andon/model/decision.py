"""What the scheduler decides about a dataset at a moment, what it goes by, and what keeps it back."""

from __future__ import annotations

from enum import StrEnum

from andon.base.document import Document
from andon.base.record import Record


class DueStanding(StrEnum):
    """What was decided."""

    DUE = "due"
    WAITS = "waits"
    HELD_BACK = "held back"


#: The reason of what only follows others, where nothing moved.
NOTHING = "nothing above it changed"


class Decision(Record):
    """Whether a dataset is to be brought up to date now, and why. It holds no ages, so that it is the same until something happens.

    Attributes:
        reason: why, in words.
        rule: the rule that makes it due, or comes next, in words; None where there is none.
        slot: the moment that it serves (ISO text): of cron and `every` the newest that passed, of `max_age` when it had to begin.
            A slot is served by any run whose logical time is not before it.
        next: when time makes it due (ISO text), where time does and it isn't yet.
        serves: the datasets that need it, where it is due for their sake alone.
        held: what keeps it back: a `BackKind`; `retry` (it is tried again by itself) or `failed` (it is not), of it or of what it reads.
        seen: what it would read of files and code, as one hash; an attempt keeps it, so that the same is not tried again.
    """

    dataset: str
    standing: DueStanding
    reason: str
    rule: str | None = None
    slot: str | None = None
    next: str | None = None
    serves: tuple[str, ...] = ()
    held: str | None = None
    seen: str = ""

    @property
    def is_due(self) -> bool:
        """Whether it is to be brought up to date now."""
        return self.standing is DueStanding.DUE

    @property
    def is_quiet(self) -> bool:
        """Whether it only says that nothing happened: of those nothing is recorded."""
        return self.standing is DueStanding.WAITS and self.next is None and self.reason == NOTHING


class BackKind(StrEnum):
    """What keeps a dataset back."""

    PAUSED = "paused"
    FROZEN = "frozen"
    CLAIMED = "claimed"
    UNASKED = "unasked"


class HeldBack(Record):
    """Why a dataset is not brought up to date though it is due.

    Attributes:
        why: in words, as a part of a sentence: `paused by ana until 2026-11-03 06:00: supplier moves`.
        until: when that ends by itself (ISO text), if it does.
    """

    kind: BackKind
    why: str
    until: str | None = None


class Failure(Record):
    """The last try to bring a dataset up to date, where that came to nothing; a success leaves none.

    Attributes:
        at: the logical time of the try (ISO text).
        error: what it failed by, in words.
        again: when it is tried again by itself (ISO text); None: not before something is there that was not tried, or its next slot.
        is_changed: whether its code or what it reads is another than that of the try.
        is_held: whether it was made, and kept from readers.
    """

    at: str
    error: str
    again: str | None = None
    is_changed: bool = False
    is_held: bool = False


class Unreachable(Document):
    """A promise that can't be kept, as often as somebody looks, and why."""

    dataset: str
    rule: str
    why: str


class Silence(Document):
    """A trigger that used to look and stays away: its last pass, and seconds from one to the next while it came."""

    trigger: str
    last: str
    usual: float
