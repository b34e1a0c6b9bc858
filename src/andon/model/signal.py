"""A signal: something noticed once, by whatever notices; incidents are made of them."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import Record, field
from andon.model.lamp import Lamp

#: After so long it is looked for signals again, whatever did not move.
LOOKED_AGAIN = timedelta(hours=1)


class SignalKind(StrEnum):
    """What noticed it.

    `check`: a check says no of a result. `failed`: a build came to nothing. `source`: a source can't be reached or read. `schema`: columns
    are others than was promised. `late`: older than it promises, or than it usually is. `volume`: more or fewer rows than usual.
    `watch`: another number is out of its usual limits. `governance`: an owner, a description, a mask or a limit of keeping is missing.
    `cost`: a run took more time or room than usual. `cord`: a person holds it. `complaint`: a reader says that it is wrong.
    `silence`: whoever should come round did not. `clock`: the machine's clock jumped. `repeat`: a past version does not come out the same.
    `damage`: a file or an object of the lake is not what was written.
    """

    CHECK = "check"
    FAILED = "failed"
    SOURCE = "source"
    SCHEMA = "schema"
    LATE = "late"
    VOLUME = "volume"
    WATCH = "watch"
    GOVERNANCE = "governance"
    COST = "cost"
    CORD = "cord"
    COMPLAINT = "complaint"
    SILENCE = "silence"
    CLOCK = "clock"
    REPEAT = "repeat"
    DAMAGE = "damage"

    @property
    def is_of_runs(self) -> bool:
        """Whether a run met it; else it stands as long as whoever looks still finds it."""
        return self in (SignalKind.CHECK, SignalKind.FAILED, SignalKind.SOURCE, SignalKind.SCHEMA)


class Signal(Record):
    """One thing that was noticed.

    Attributes:
        branch, dataset: where; `dataset` is empty where it is of no single one.
        kind: what noticed it.
        subject: which check (its id), code of an error, column or number; with branch, dataset and kind the fingerprint.
        lamp: how bad it is.
        what: one true sentence without the dataset's name.
        at: when (ISO text).
        run: the run that met it, and `commit` the one that it is about, as far as there are.
        is_held: whether readers are kept from it: they still see what was good.
        who: the person who noticed, if it was one.
        details: what of it can be told as plain values: `check`, `bad`, `total`, `value`, `limit`, `code`, `column`; `version`, of which
            it is; `age`, where a clock told it; `own`, where it came with a change of the dataset's own code alone;
            `additive`, where columns are only more or wider.
    """

    branch: str
    dataset: str
    kind: SignalKind
    subject: str
    lamp: Lamp
    what: str
    at: str
    run: int | None = None
    commit: str | None = None
    is_held: bool = False
    who: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """What is the same at each repeat."""
        return content_id(["signal", self.branch, self.dataset, str(self.kind), self.subject])
