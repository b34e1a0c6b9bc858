"""What came of running an analysis again: of each thing that it made whether it is the same, and which numbers moved."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.model.analysis import OutputKind
from andon.model.reproduction import ReproVerdict
from andon.value.through import MovedDataset


class MovedNumber(Document):
    """A value that is another one.

    Attributes:
        where: the row and column, the line, or the name.
        old, new: before and after; null where there was, or is, none.
    """

    where: str
    old: Any
    new: Any


class OutputLikeness(Document):
    """One thing that a run made beside what was made now.

    Attributes:
        name: of the file; `printed` and `numbers` for what a run tells beside files.
        kind: null for those.
        how: by what it is known to be the same, or what differs, in words.
        moved: examples. total: how many moved.
    """

    name: str
    kind: OutputKind | None
    verdict: ReproVerdict
    how: str
    moved: list[MovedNumber]
    total: int


class AnalysisReproduction(Document):
    """An analysis run again.

    Attributes:
        run: which run, `NAME@N`.
        ref, commit: what was read now; `was`: the commit that the run read.
        verdict: the least of all that it made.
        outputs: each that was made then or now.
        through: datasets that are others at this commit, where it is another one: by them the numbers moved.
        seconds: that it took; `seconds_then` is what it took.
    """

    run: str
    ref: str
    commit: str
    was: str
    verdict: ReproVerdict
    outputs: list[OutputLikeness]
    through: list[MovedDataset]
    seconds: float
    seconds_then: float
