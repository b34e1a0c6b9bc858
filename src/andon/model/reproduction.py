"""What came of building a version again: the same, nearly the same, or something else, and why."""

from __future__ import annotations

from enum import StrEnum

from andon.base.document import Document, Documented
from andon.model.row_diff import RowDiff, RowDiffDocument


class ReproVerdict(StrEnum):
    """How what was built again compares with what was published."""

    IDENTICAL = "identical"
    #: The same rows, but for floating-point numbers that differ by no more than 1e-9 of themselves.
    EQUAL = "equal"
    DIFFERENT = "different"

    @property
    def holds(self) -> bool:
        """Whether the version is repeated."""
        return self is not ReproVerdict.DIFFERENT

    @property
    def spoken(self) -> str:
        """As people read it."""
        return "EQUAL WITHIN 1e-9" if self is ReproVerdict.EQUAL else str(self).upper()


class OpenConstruct(Document):
    """A place of code or of what surrounds it by which two runs may differ.

    Attributes:
        what: as it is written (`first(x)`), or what differs beside the code.
        file, line: where it stands; null for what is not in a file.
        why: in a sentence.
        exact: the form that is exact.
    """

    what: str
    file: str | None
    line: int | None
    why: str
    exact: str | None


class RebuiltInput(Document):
    """A dataset that was built again on the way.

    Attributes:
        version: that was recorded.
    """

    dataset: str
    version: str
    verdict: ReproVerdict
    how: str


class ReproductionDocument(Document):
    """A version built again."""

    dataset: str
    ref: str
    commit: str
    version: str
    build: str
    run: int | None
    proof: str | None
    logical_time: str | None
    engine: dict[str, str | int]
    verdict: ReproVerdict
    how: str
    inputs: list[RebuiltInput]
    difference: RowDiffDocument | None
    causes: list[OpenConstruct]
    kept: bool
    seconds: float
    seconds_then: float


class Reproduction(Documented):
    """A version built again.

    Attributes:
        ref, commit: where it was asked for, and what that is.
        version, build: what was recorded; `run` is the run that made it.
        proof: why that run did no work for it, where it did none.
        logical_time: the time that it saw, and sees again.
        engine: what was recorded of the engine.
        how: how the two are known to be the same, or what differs, in words.
        inputs: with `deep`: what was built again for it, in that order.
        difference: which rows differ; null where none do.
        causes: by which it may differ, the likeliest first.
        kept: whether nothing was computed, since what was loaded is kept and can't be asked for again.
        seconds: that building it again took; `seconds_then` is what it took.
    """

    dataset: str
    ref: str
    commit: str
    version: str
    build: str
    run: int | None
    proof: str | None
    logical_time: str | None
    engine: dict[str, str | int]
    verdict: ReproVerdict
    how: str
    inputs: list[RebuiltInput]
    difference: RowDiff | None
    causes: list[OpenConstruct]
    kept: bool
    seconds: float
    seconds_then: float

    def document(self) -> ReproductionDocument:
        """As in `reproduce --json`."""
        difference = self.difference.document() if self.difference is not None else None
        return ReproductionDocument.about(self, difference=difference)
