"""A hint: what could be simpler, what speaks for it, and the files that make it so."""

from __future__ import annotations

from enum import StrEnum

from andon.base.record import Record, field
from andon.model.verdict import VerdictKind


class HintKind(StrEnum):
    """What could be simpler."""

    #: A dataset with one reader could be a part of that reader.
    INLINE = "inline"
    #: A view that one view reads could be a part of that.
    VIEW = "view"
    #: Two datasets say the same.
    SAME = "same"
    #: Columns that nobody reads.
    COLUMNS = "columns"
    #: A check that says nothing that another one does not say.
    CHECK = "check"
    #: A schedule that is finer than anybody reads.
    SCHEDULE = "schedule"
    #: A macro that is used once, or never.
    MACRO = "macro"


class Savings(Record):
    """What is no more there, and what it took within the last 30 days.

    Attributes:
        datasets: how many fewer there are.
        seconds: of building.
        bytes: that its newest version keeps.
    """

    datasets: int = 0
    seconds: float = 0.0
    bytes: int = 0


class WrittenHint(Record):
    """A file as it would be; without a text it goes."""

    file: str
    text: str | None


class Hint(Record):
    """What could be simpler.

    Attributes:
        subject: what it is about: a dataset, `macro:NAME`.
        other: what it is about beside that: the reader, the twin, the line that stays. With kind and subject it is by what a hint is
            known again: as long as these are the same, one that was dismissed stays so.
        parts: of the subject: names of columns.
        evidence: what speaks for it, in sentences.
        files: what would be written.
        verdict: what the change means for the subject; for all that reads it the verdict is none.
        proof: why, in a sentence.
        problem: why no files can be written that say the same.
    """

    kind: HintKind
    subject: str
    title: str
    other: str = ""
    parts: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    saves: Savings = field(default_factory=Savings)
    files: tuple[WrittenHint, ...] = ()
    verdict: VerdictKind = VerdictKind.NONE
    proof: str = ""
    problem: str | None = None

    @property
    def key(self) -> str:
        """By what it is known again."""
        return "\t".join((self.kind, self.subject, self.other, *self.parts))
