"""An incident: something wrong, from when it was noticed until it is known to be right again. One for each cause."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from andon.base.document import Document
from andon.base.record import Record, field
from andon.model.lamp import Lamp
from andon.model.signal import SignalKind


class IncidentState(StrEnum):
    """How far it is. `open`: readers may see it. `contained`: they see what was good before. `fixed`: something was done, and nobody knows
    yet whether it helps. `verified`: what readers see is right again. `closed`: over."""

    OPEN = "open"
    CONTAINED = "contained"
    FIXED = "fixed"
    VERIFIED = "verified"
    CLOSED = "closed"

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self is IncidentState.CLOSED


class IncidentVerdict(StrEnum):
    """What a person said that it was. `expected`: the data are right, and may be so again. `no-problem`: noticing it was wrong."""

    EXPECTED = "expected"
    NO_PROBLEM = "no-problem"


class IncidentSignal(Record):
    """A signal of an incident.

    Attributes:
        first, last: when it was noticed first and last (ISO text); `times` how often.
        run: the run that met it last.
        cleared: when it was found to be right (ISO text); None while it stands.
    """

    fingerprint: str
    dataset: str
    kind: SignalKind
    subject: str
    lamp: Lamp
    what: str
    first: str
    last: str
    times: int
    run: int | None = None
    cleared: str | None = None
    is_held: bool = False
    details: dict[str, Any] = field(default_factory=dict)


class Incident(Record):
    """One incident.

    Attributes:
        number: by which people name it.
        branch, dataset: where its cause is: the dataset furthest upstream that a signal is about.
        kind, title: of its first signal there.
        lamp: the worst of what stands.
        opened, contained, fixed, verified, closed: when it came to that state last (ISO text); None for what it is not, or no more.
        owner: who takes care of it.
        snoozed: until when nobody wants to hear of it (ISO text).
        verdict: what a person said that it was.
        first_run: the run that met it first; `first_bad` the commit that shows it, `last_good` the published one before it.
        reopened: how often it came back.
        part_of: the incident that it turned out to be part of: all of it is told there.
    """

    number: int
    branch: str
    dataset: str
    kind: SignalKind
    title: str
    state: IncidentState
    lamp: Lamp
    opened: str
    contained: str | None = None
    fixed: str | None = None
    verified: str | None = None
    closed: str | None = None
    owner: str | None = None
    snoozed: str | None = None
    verdict: IncidentVerdict | None = None
    first_run: int | None = None
    first_bad: str | None = None
    last_good: str | None = None
    reopened: int = 0
    part_of: int | None = None

    def is_snoozed(self, now: str) -> bool:
        """Whether nobody wants to hear of it at `now` (ISO text)."""
        return self.snoozed is not None and self.snoozed > now


class IncidentEventKind(StrEnum):
    """What happened with an incident. `state`: it came to another state. `absorbed`: a signal was added to it. `repeated`: a signal came
    again. `cleared`: a signal is right again. `took`, `snoozed`, `judged`, `said`: a person did. `action`: something was done about it.
    `message`: somebody was told."""

    STATE = "state"
    ABSORBED = "absorbed"
    REPEATED = "repeated"
    CLEARED = "cleared"
    TOOK = "took"
    SNOOZED = "snoozed"
    JUDGED = "judged"
    SAID = "said"
    ACTION = "action"
    MESSAGE = "message"


class IncidentEvent(Document):
    """One thing that happened with an incident.

    Attributes:
        seq: counts over all incidents, in the order of writing.
        at: when (ISO text).
        kind: what.
        who: the person, or `andon`.
        state: the state after it.
        what: one sentence.
        body: further plain values by kind.
    """

    seq: int
    incident: int
    at: str
    kind: IncidentEventKind
    who: str
    state: IncidentState
    what: str
    body: dict[str, Any] = field(default_factory=dict)
