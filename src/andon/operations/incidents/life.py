"""How incidents come about and end: signals in, changed incidents out. Pure.

One incident for each cause. A signal belongs to an incident that has its fingerprint; else to the one of a dataset above it whose signals
explain it; else, in the run that opened it, to the one of its own dataset. What belongs to none opens one, or opens one again that
was closed not long ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from andon.base.clock import from_text
from andon.base.graph import reach, topological
from andon.base.record import Record, field, replace
from andon.model.incident import Incident, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind

#: What came back within this time is the same incident again.
AGAIN = timedelta(days=30)

#: Which signals above explain which below: what came to nothing is late below, what is wrong above may be wrong below.
_EXPLAINS: Mapping[SignalKind, frozenset[SignalKind]] = {
    SignalKind.CHECK: frozenset((SignalKind.CHECK, SignalKind.WATCH, SignalKind.VOLUME, SignalKind.LATE)),
    SignalKind.VOLUME: frozenset((SignalKind.CHECK, SignalKind.WATCH, SignalKind.VOLUME)),
    SignalKind.WATCH: frozenset((SignalKind.CHECK, SignalKind.WATCH, SignalKind.VOLUME)),
    SignalKind.SCHEMA: frozenset((SignalKind.CHECK, SignalKind.FAILED, SignalKind.SCHEMA, SignalKind.LATE)),
    SignalKind.FAILED: frozenset((SignalKind.LATE, SignalKind.VOLUME)),
    SignalKind.SOURCE: frozenset((SignalKind.LATE, SignalKind.VOLUME, SignalKind.FAILED)),
    SignalKind.LATE: frozenset((SignalKind.LATE, SignalKind.VOLUME)),
    SignalKind.CORD: frozenset((SignalKind.LATE,)),
}


class Told(Record):
    """Something that happened with an incident, before it is written."""

    kind: IncidentEventKind
    what: str
    who: str = "andon"
    body: dict[str, Any] = field(default_factory=dict)


class Case(Record):
    """An incident with all its signals, and what happened with it since it was read.

    Attributes:
        touched: the signals that changed since.
    """

    incident: Incident
    signals: tuple[IncidentSignal, ...]
    told: tuple[Told, ...] = ()
    touched: frozenset[str] = frozenset()

    def find(self, fingerprint: str) -> IncidentSignal | None:
        """Its signal of this fingerprint."""
        return next((signal for signal in self.signals if signal.fingerprint == fingerprint), None)

    @property
    def standing(self) -> list[IncidentSignal]:
        """The signals that are not cleared."""
        return [signal for signal in self.signals if signal.cleared is None]


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


def take(
    cases: Sequence[Case],
    earlier: Mapping[str, Incident],
    batch: Batch,
    needs: Mapping[str, Sequence[str]],
    number: int,
) -> list[Case]:
    """The incidents after signals were noticed: `cases`, those among them that changed, and new ones.

    Args:
        cases: all that stand on the branch, and closed ones that `earlier` names.
        earlier: `{fingerprint: newest incident that has it}`, closed ones too.
        needs: `{dataset: datasets that it reads}`.
        number: of the first new incident.
    """
    now = {case.incident.number: case for case in cases}
    order = {name: place for place, name in enumerate(topological({d: list(needs.get(d, ())) for d in needs}))}
    for signal in sorted(batch.signals, key=lambda s: (order.get(s.dataset, -1), -s.lamp.gravity, s.subject)):
        found = _home(list(now.values()), earlier, signal, batch, needs)
        if found is None:
            found, number = _opened(signal, batch, number), number + 1
        else:
            found = _with(found, signal, batch)
        now[found.incident.number] = found
    return list(now.values())


def clear(case: Case, right: Mapping[str, str], at: str) -> Case:
    """The incident after some of its signals (`{fingerprint: why}`) were found to be right in what readers see."""
    signals, told = list(case.signals), list(case.told)
    touched = set(case.touched)
    for place, signal in enumerate(signals):
        if signal.cleared is None and signal.fingerprint in right:
            signals[place] = replace(signal, cleared=at)
            touched.add(signal.fingerprint)
            told.append(Told(IncidentEventKind.CLEARED, f"{signal.dataset or 'the lake'}: {right[signal.fingerprint]}"))
    found = replace(case, signals=tuple(signals), told=tuple(told), touched=frozenset(touched))
    if found.standing or case.incident.state.is_over:
        return _with_lamp(found)
    verified = moved(found, IncidentState.VERIFIED, at, "what readers see is right again")
    return moved(verified, IncidentState.CLOSED, at, "nothing of it is left")


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
    told = Told(IncidentEventKind.STATE, what, who, {"before": str(incident.state), **body})
    return replace(case, incident=replace(incident, **changes), told=(*case.told, told))


def _home(
    cases: Sequence[Case],
    earlier: Mapping[str, Incident],
    signal: Signal,
    batch: Batch,
    needs: Mapping[str, Sequence[str]],
) -> Case | None:
    """The incident that a signal belongs to."""
    standing = [case for case in cases if not case.incident.state.is_over]
    for case in standing:
        if case.find(signal.fingerprint) is not None:
            return case
    above = reach({d: list(names) for d, names in needs.items()}, [signal.dataset]) - {signal.dataset}
    for case in standing:
        if any(s.dataset in above and signal.kind in _EXPLAINS.get(s.kind, ()) for s in case.standing):
            return case
    for case in standing:
        is_together = batch.run is not None and case.incident.first_run == batch.run
        if is_together and case.incident.dataset == signal.dataset:
            return case
    before = earlier.get(signal.fingerprint)
    if before is not None and before.closed is not None and from_text(batch.at) - from_text(before.closed) <= AGAIN:
        return next((case for case in cases if case.incident.number == before.number), None)
    return None


def _opened(signal: Signal, batch: Batch, number: int) -> Case:
    incident = Incident(
        number,
        signal.branch,
        signal.dataset,
        signal.kind,
        signal.what,
        IncidentState.OPEN,
        signal.lamp,
        batch.at,
        first_run=signal.run,
        first_bad=signal.commit,
        last_good=batch.last_good,
    )
    told = Told(IncidentEventKind.STATE, f"{signal.dataset or 'the lake'}: {signal.what}", signal.who or "andon")
    case = Case(incident, (_noticed(signal, None, batch.at),), (told,), frozenset((signal.fingerprint,)))
    return _contained(case, batch.at)


def _with(case: Case, signal: Signal, batch: Batch) -> Case:
    """The incident with a signal more, or one that came again."""
    before = case.find(signal.fingerprint)
    noticed = _noticed(signal, before, batch.at)
    signals = [s for s in case.signals if s.fingerprint != signal.fingerprint]
    kind = IncidentEventKind.ABSORBED if before is None else IncidentEventKind.REPEATED
    told = Told(kind, f"{signal.dataset or 'the lake'}: {signal.what}", signal.who or "andon", {"run": signal.run})
    found = replace(
        case,
        signals=(*signals, noticed),
        told=(*case.told, told),
        touched=case.touched | {signal.fingerprint},
    )
    if case.incident.state in (IncidentState.CLOSED, IncidentState.VERIFIED, IncidentState.FIXED):
        found = moved(found, IncidentState.OPEN, batch.at, "it came back")
        found = replace(found, incident=replace(found.incident, reopened=found.incident.reopened + 1))
    return _contained(_with_lamp(found), batch.at)


def _contained(case: Case, at: str) -> Case:
    """Contained where readers are kept from all that stands; open again where they are not."""
    standing = case.standing
    is_held = bool(standing) and all(signal.is_held for signal in standing)
    state = case.incident.state
    if is_held and state is IncidentState.OPEN:
        return moved(case, IncidentState.CONTAINED, at, "readers see what was good before")
    if not is_held and state is IncidentState.CONTAINED:
        return moved(case, IncidentState.OPEN, at, "readers may see it")
    return case


def _with_lamp(case: Case) -> Case:
    lamp = max((signal.lamp for signal in case.standing), key=lambda lamp: lamp.gravity, default=Lamp.OK)
    return replace(case, incident=replace(case.incident, lamp=lamp))


def _noticed(signal: Signal, before: IncidentSignal | None, at: str) -> IncidentSignal:
    return IncidentSignal(
        signal.fingerprint,
        signal.dataset,
        signal.kind,
        signal.subject,
        signal.lamp,
        signal.what,
        before.first if before is not None else at,
        at,
        before.times + 1 if before is not None else 1,
        signal.run,
        None,
        signal.is_held,
        signal.details,
    )
