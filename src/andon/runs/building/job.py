"""What the tasks of one run share: frozen, in parts named by what they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from queue import SimpleQueue
from typing import Any, Protocol

from andon.base.record import Record, field
from andon.errors import AndonError
from andon.lake.lake import Lake
from andon.model.build import Build, InputFile
from andon.model.commit import Cause, Leaf
from andon.model.dataset import Definition
from andon.model.quarantine import AsideRule
from andon.model.release import Release
from andon.model.version import Version
from andon.runs.building.outcome import Asked
from andon.runs.growing.proofs import Proofs
from andon.runs.growing.wishes import Wishes


class ReadSource(Protocol):
    """How a source's SQL is rendered over its files, and what its failures mean."""

    def render(self, dataset: str, only: Collection[str] | None = None) -> str:
        """The SQL that reads exactly the files of this run, or those of the paths `only`, strictly by the contract."""
        ...

    def explain(self, dataset: str, error: Exception) -> AndonError:
        """The error for an exception of the engine."""
        ...


class Inspector(Protocol):
    """How a result is asked what must hold of it; called from several threads at once."""

    def __call__(self, dataset: str, version: Version, versions: Mapping[str, str]) -> Asked:
        """The results of the checks of `dataset` that `versions`, what is there by now, can answer."""
        ...


class RawReads(Record):
    """What the sources of a run read.

    Attributes:
        pinned: raw files and contract by source.
        failures: why a source can't be read.
        reader: renders and explains their SQL.
        rejected: what undos keep out.
    """

    pinned: Mapping[str, tuple[tuple[InputFile, ...], Mapping[str, Any] | None]]
    failures: Mapping[str, AndonError]
    reader: ReadSource
    rejected: frozenset[Cause] = frozenset()


class Demands(Record):
    """What results must meet.

    Attributes:
        columns: raises if a Python result lacks a column that its file declares.
        checks: asks of a result what must hold, before anything reads it.
        aside: which rows of a result with these columns are set aside.
    """

    columns: Callable[[str, Sequence[tuple[str, str]]], None]
    checks: Inspector
    aside: Callable[[str, Sequence[tuple[str, str]]], Sequence[AsideRule]]


class Reusable(Record):
    """Where a result that is there may be taken in place of a new one.

    Attributes:
        built_before: ids of definitions that have any build: only of those can a key be known.
        proofs: whether a second look may find that a result still holds over new inputs.
        forced: datasets that are built whatever is known.
    """

    built_before: frozenset[str] = frozenset()
    proofs: bool = True
    forced: frozenset[str] = frozenset()


class Comparing(Record):
    """What of another engine's results the embedded one makes as well.

    Attributes:
        below: all of what is made of so many bytes of input; 0: nothing at all is compared.
        seconds: of what is made of more, a few rows, if that takes no longer; 0: none.
    """

    below: int = 0
    seconds: float = 0.0


class Job(Record):
    """All that the tasks of one run share.

    Attributes:
        moment: the logical time.
        leaves: what the branch shows.
        bound: `{dataset: (column, type) that its SQL returns}`, where the plan bound it.
        proofs: what is proved of queries.
        histories: by dataset the builds that histories go on from.
        releases: rows that are not set aside any more, and those of the head.
        compared: what another engine built is compared with what the embedded one gives.
        moves: how far tasks are, by dataset, as they tell it.
        cancelled: set to stop.
    """

    lake: Lake
    run: int
    moment: datetime
    definitions: Mapping[str, Definition]
    leaves: Mapping[str, Leaf]
    bound: Mapping[str, Sequence[tuple[str, str]]]
    raw: RawReads
    demands: Demands
    reuse: Reusable
    proofs: Proofs
    wishes: Wishes = Wishes()
    histories: Mapping[str, Build] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    published_releases: tuple[Release, ...] = ()
    compared: Comparing = Comparing()
    moves: SimpleQueue[tuple[str, str]] = field(default_factory=SimpleQueue)
    cancelled: threading.Event = field(default_factory=threading.Event)
