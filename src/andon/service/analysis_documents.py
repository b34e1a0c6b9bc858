"""What is told of analyses and their runs, and of running one again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from andon.base.document import Document, UnsetType
from andon.base.record import Record
from andon.model.analysis import AnalysisParameter, AnalysisRun, OutputKind, Scalar
from andon.model.reproduction import ReproVerdict
from andon.service.trust import TrustNote
from andon.value.through import MovedDataset


class AnalysisInfo(Document):
    """An analysis in a line.

    Attributes:
        file: in the folder, or of the commit; null where only runs are left.
        kind: null where it can't be read; `problem` says why.
        parameters: what may be chosen.
        runs: how many there are. last: the newest. began, status, commit: of that one.
    """

    name: str
    file: str | None
    kind: str | None
    parameters: list[AnalysisParameter]
    problem: str | None
    runs: int
    last: int | None
    status: str | None
    began: str | None
    commit: str | None


class AnalysisLine(Document):
    """A run of an analysis in a line.

    Attributes:
        same_as: the number of the earlier run that it repeats, byte for byte.
    """

    name: str
    number: int
    status: str
    began: str
    author: str
    seconds: float
    ref: str
    commit: str
    parameters: dict[str, Scalar]
    outputs: int
    version: str
    same_as: int | UnsetType | None


class AnalysisShown(AnalysisRun, kw_only=True):
    """A run, whole, and what is known of what it read, at the commit that it read.

    Attributes:
        notes: the worst first.
    """

    notes: list[TrustNote]


class AnalysisOptions(Document):
    """What may be chosen for a run: parameters (texts are read as the type of the default), the clock, and how long it may take."""

    parameters: Mapping[str, str | Scalar] = {}
    now: datetime | None = None
    timeout: float | None = None


class AnalysisHead(Record):
    """The first rows of a table: `(column, whether it holds numbers)`s, rows, and how many there are in all."""

    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int


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
