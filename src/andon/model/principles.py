"""The scorecard of the nine principles: numbers from what was recorded, each with what it is and what to do next."""

from __future__ import annotations

from enum import StrEnum

from andon.base.document import Document


class MeasureUnit(StrEnum):
    """What a number counts: a `share` of a whole (0 to 1), `seconds`, a `count`, so many `per_week`, a `ratio` of two numbers."""

    SHARE = "share"
    SECONDS = "seconds"
    COUNT = "count"
    PER_WEEK = "per_week"
    RATIO = "ratio"


class PrincipleMeasure(Document):
    """One number.

    Attributes:
        value: of the time that is looked at; null where nothing was recorded that it could be told from.
        before: of the time before it, which is as long.
        trend: of six parts of both times, the oldest first; of what is only known at moments, of the two.
        count, of: from how much it is told; null where that says nothing.
        definition: what it is, in one sentence.
        missing: where there is no value: what would make one.
    """

    key: str
    title: str
    unit: MeasureUnit
    value: float | None
    before: float | None
    trend: list[float | None]
    count: int | None
    of: int | None
    definition: str
    missing: str


class PrincipleStep(Document):
    """The one next step: in words, as a command, and the page where it can be done."""

    words: str
    command: str
    page: str


class Principle(Document):
    """A principle with its measures, the one that stands for it first."""

    number: int
    title: str
    measures: list[PrincipleMeasure]
    next: PrincipleStep


class ScorecardDocument(Document):
    """The nine principles, from `since` until `until`, beside the time from `earlier` until `since` (ISO texts)."""

    branch: str
    earlier: str
    since: str
    until: str
    principles: list[Principle]
