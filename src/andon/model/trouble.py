"""Trouble: something known against what readers see of a dataset, or against what they would see."""

from __future__ import annotations

from enum import StrEnum

from andon.base.record import Record
from andon.model.lamp import Lamp


class TroubleKind(StrEnum):
    """What it comes from. `check`: a check says no of what readers see. `held`: a check keeps a result from readers. `failed`: a build came
    to nothing. `waits`: what it reads is held or failed. `late`: it is older than it promises. `cord`: a person holds it, or what it
    reads. `complaint`: a reader says that it is wrong."""

    CHECK = "check"
    HELD = "held"
    FAILED = "failed"
    WAITS = "waits"
    LATE = "late"
    CORD = "cord"
    COMPLAINT = "complaint"


class Trouble(Record):
    """One thing that is known against a dataset.

    Attributes:
        lamp: how bad it is.
        what: one true sentence, without its dataset's name.
        since: since when (ISO text), as far as it is known.
        run: the run that met it.
        check: the check that says it, as people name it.
    """

    dataset: str
    kind: TroubleKind
    lamp: Lamp
    what: str
    since: str | None = None
    run: int | None = None
    check: str | None = None
