"""A request: a need that nobody could serve themselves; and in which order requests are worth answering."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from math import log10

from andon.base.document import Document

#: Days after which a request weighs twice as much as on its first.
DOUBLES_IN = 30


class RequestState(StrEnum):
    """How far a request is: nobody cares for it yet, somebody does, it was answered, or nobody needs it any more."""

    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for an answer."""
        return self in (RequestState.OPEN, RequestState.CLAIMED)


class DataRequest(Document):
    """A request.

    Attributes:
        what: what is needed, in a sentence.
        decision: what is decided by it; `by` until when (a day, ISO).
        worth, currency: what it is worth to whoever asks (a number as text).
        asked_of: who was asked, where somebody was.
        incident: the number of the incident that it is about.
        who, at: who asked, and when (ISO text).
        people: all who need it, the one who asked first.
        claimed_by, claimed: who answers it, since when.
        answer: a dataset, or a branch; `answer_kind` says which; `note` is what there is to say of it.
        ended_by, ended: who answered or withdrew it, and when.
    """

    number: int
    what: str
    decision: str | None
    by: str | None
    worth: str | None
    currency: str | None
    asked_of: str | None
    incident: int | None
    who: str
    at: str
    state: RequestState
    people: list[str]
    claimed_by: str | None
    claimed: str | None
    answer: str | None
    answer_kind: str | None
    note: str | None
    ended_by: str | None
    ended: str | None


def weight(request: DataRequest, today: date) -> float:
    """How much a request weighs: what is at stake, its age and how many people need it, multiplied.

    `(1 + log10(1 + worth)) * people * (1 + days / 30)`: ten times the worth adds as much as it was to somebody who said no worth;
    two people weigh twice as much as one; after 30 days it weighs twice. Amounts count as numbers, whatever their currency.
    """
    stake = 1 + log10(1 + float(request.worth or 0))
    days = max(0, (today - date.fromisoformat(request.at[:10])).days)
    return stake * len(request.people) * (1 + days / DOUBLES_IN)


def ranked(requests: Iterable[DataRequest], today: date) -> list[DataRequest]:
    """Those that wait before those that are over; of these what weighs most first, then what is needed soonest, then by number.

    What is over stands with the newest first.
    """

    def order(each: DataRequest) -> tuple[bool, float, str, int]:
        if each.state.is_waiting:
            return False, -weight(each, today), each.by or "9999", each.number
        return True, 0.0, "", -each.number

    return sorted(requests, key=order)
