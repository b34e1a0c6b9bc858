"""An incident in the hands of who decides about it: with all its signals, and what happened with it since it was read. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.record import Record, field, replace
from andon.model.incident import Incident, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.lamp import Lamp
from andon.model.signal import Signal


class CaseTold(Record):
    """Something that happened with an incident, before it is written."""

    kind: IncidentEventKind
    what: str
    who: str = "andon"
    body: dict[str, Any] = field(default_factory=dict)


class Case(Record):
    """An incident with all its signals, and what happened with it since it was read.

    Attributes:
        touched: the signals that changed since; `gone` those that are another incident's now.
    """

    incident: Incident
    signals: tuple[IncidentSignal, ...]
    told: tuple[CaseTold, ...] = ()
    touched: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()

    @property
    def number(self) -> int:
        """Its number."""
        return self.incident.number

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.incident.state.is_over

    def find(self, fingerprint: str) -> IncidentSignal | None:
        """Its signal of this fingerprint."""
        return next((signal for signal in self.signals if signal.fingerprint == fingerprint), None)

    @property
    def standing(self) -> list[IncidentSignal]:
        """The signals that are not cleared."""
        return [signal for signal in self.signals if signal.cleared is None]

    def says(self, *told: CaseTold) -> Case:
        """With something more that happened."""
        return replace(self, told=(*self.told, *told))

    def put(self, signal: IncidentSignal, at: int | None = None) -> Case:
        """With a signal in place of the one of its fingerprint, or one more; `at` is its place, for one whose fingerprint changes."""
        signals = list(self.signals)
        places = [place for place, each in enumerate(signals) if each.fingerprint == signal.fingerprint]
        if at is not None or places:
            signals[at if at is not None else places[0]] = signal
        else:
            signals.append(signal)
        touched, gone = self.touched | {signal.fingerprint}, self.gone - {signal.fingerprint}
        return replace(self, signals=tuple(signals), touched=touched, gone=gone)

    def without(self, fingerprints: frozenset[str]) -> Case:
        """Without signals that are another incident's."""
        left = tuple(signal for signal in self.signals if signal.fingerprint not in fingerprints)
        return replace(self, signals=left, touched=self.touched - fingerprints, gone=self.gone | fingerprints)


class Batch(Record):
    """Signals that were noticed together.

    Attributes:
        signals: of one branch.
        run: that met them; None where they were found by a look.
        last_good: the commit that readers saw before.
    """

    signals: tuple[Signal, ...]
    at: str
    run: int | None = None
    last_good: str | None = None


def moved(case: Case, state: IncidentState, at: str, what: str, who: str = "andon", **body: Any) -> Case:
    """The incident in another state; in the same state nothing changes."""
    incident = case.incident
    if incident.state is state:
        return case
    changes: dict[str, Any] = {"state": state}
    if state is IncidentState.OPEN:
        changes |= {"contained": None, "fixed": None, "verified": None, "closed": None}
    else:
        changes[str(state)] = at
    told = CaseTold(IncidentEventKind.STATE, what, who, {"before": str(incident.state), **body})
    return replace(case, incident=replace(incident, **changes)).says(told)


def ended(case: Case, at: str) -> Case:
    """The incident over, since what readers see is right again."""
    verified = moved(case, IncidentState.VERIFIED, at, "what readers see is right again")
    return moved(verified, IncidentState.CLOSED, at, "nothing of it is left")


def standing_as(case: Case, at: str) -> Case:
    """With the lamp of what stands; contained where readers are kept from all of that, open again where they are not."""
    standing = case.standing
    if case.is_over or not standing:
        return case
    lamp = max((signal.lamp for signal in standing), key=lambda lamp: lamp.gravity, default=Lamp.OK)
    case = replace(case, incident=replace(case.incident, lamp=lamp)) if lamp is not case.incident.lamp else case
    is_held, state = all(signal.is_held for signal in standing), case.incident.state
    if is_held and state is IncidentState.OPEN:
        return moved(case, IncidentState.CONTAINED, at, "readers see what was good before")
    if not is_held and state is IncidentState.CONTAINED:
        return moved(case, IncidentState.OPEN, at, "readers may see it")
    return case


def place_of(dataset: str) -> str:
    """How a place is named in a sentence."""
    return dataset or "the lake"
