"""Which of the things that stand have one cause, by lineage. Pure.

A *root* is a signal that nothing above it explains. Each root stands for one cause, together with others of its dataset that came with
it; what is explained belongs to the incident of what explains it. `grouped` brings incidents to that shape after anything changed: an
incident that lost its root to one above is merged with it, one that holds two causes parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.graph import reach, topological
from andon.base.record import replace
from andon.model.incident import Incident, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.case import Case, CaseTold, ended, moved, place_of, standing_as

#: Which signals above explain which below: what came to nothing is late below, and does not go with what is new there; what is wrong above
#: may be wrong below.
_EXPLAINS: Mapping[SignalKind, frozenset[SignalKind]] = {
    SignalKind.CHECK: frozenset((SignalKind.CHECK, SignalKind.WATCH, SignalKind.VOLUME, SignalKind.LATE)),
    SignalKind.VOLUME: frozenset((SignalKind.CHECK, SignalKind.WATCH, SignalKind.VOLUME)),
    SignalKind.WATCH: frozenset((SignalKind.CHECK, SignalKind.WATCH, SignalKind.VOLUME)),
    SignalKind.SCHEMA: frozenset((SignalKind.CHECK, SignalKind.FAILED, SignalKind.SCHEMA, SignalKind.LATE)),
    SignalKind.FAILED: frozenset((SignalKind.LATE, SignalKind.VOLUME, SignalKind.CHECK)),
    SignalKind.SOURCE: frozenset((SignalKind.LATE, SignalKind.VOLUME, SignalKind.FAILED, SignalKind.CHECK)),
    SignalKind.LATE: frozenset((SignalKind.LATE, SignalKind.VOLUME)),
    SignalKind.CORD: frozenset((SignalKind.LATE,)),
    SignalKind.CLOCK: frozenset((SignalKind.LATE, SignalKind.SILENCE)),
    SignalKind.DAMAGE: frozenset((SignalKind.REPEAT, SignalKind.FAILED)),
}
#: What says that a result is wrong, and not that there is none.
_OF_RESULTS = frozenset((SignalKind.CHECK, SignalKind.WATCH))


class CauseLineage:
    """What is above what, for who asks often.

    Args:
        needs: `{dataset: datasets that it reads}`.
    """

    def __init__(self, needs: Mapping[str, Sequence[str]]) -> None:
        self._needs = {dataset: list(names) for dataset, names in needs.items()}
        self._above: dict[str, set[str]] = {}
        self._order = {name: place for place, name in enumerate(topological(self._needs))}

    def above(self, dataset: str) -> set[str]:
        """All that a dataset is made of, without itself."""
        if dataset not in self._above:
            self._above[dataset] = reach(self._needs, [dataset]) - {dataset} if dataset in self._needs else set()
        return self._above[dataset]

    def depth(self, dataset: str) -> int:
        """What is above has a lesser one; what is of no dataset comes first."""
        return self._order.get(dataset, -1)

    def explains(self, upper: IncidentSignal, lower: Signal | IncidentSignal, last: str) -> bool:
        """Whether a signal accounts for another one that was met last at `last`. One that is right again accounts only for what nobody
        met since."""
        if _said(lower) not in _EXPLAINS.get(_said(upper), ()):
            return False
        if upper.kind is SignalKind.CLOCK:
            is_cause = True  # whatever a wrong clock told
        elif upper.dataset == lower.dataset:
            is_cause = _is_why_late(upper, lower) or _counts(upper, lower) or upper.kind is SignalKind.DAMAGE
        else:
            is_cause = upper.dataset in self.above(lower.dataset) and not _stands_alone(upper, lower)
        return is_cause and (upper.cleared is None or last < upper.cleared)


def _said(signal: Signal | IncidentSignal) -> SignalKind:
    """What a signal says: a check that says no to an age says that something is late."""
    return SignalKind.LATE if signal.details.get("age") else signal.kind


def _is_why_late(upper: IncidentSignal, lower: Signal | IncidentSignal) -> bool:
    """Whether a dataset is late because what came of it is kept from readers, or a check says so already: that is no cause of its own."""
    if _said(lower) is not SignalKind.LATE:
        return False
    if _said(upper) is SignalKind.LATE:
        return upper.kind is SignalKind.CHECK and lower.kind is not SignalKind.CHECK
    return upper.is_held


def _counts(upper: IncidentSignal, lower: Signal | IncidentSignal) -> bool:
    """Whether a check says no of the very version whose number of rows is out of the usual."""
    version = lower.details.get("version")
    is_of_both = version is not None and upper.details.get("version") == version
    return is_of_both and lower.kind is SignalKind.VOLUME and _said(upper) in _OF_RESULTS


def _stands_alone(upper: IncidentSignal, lower: Signal | IncidentSignal) -> bool:
    """Whether what is wrong below can't come from what is wrong above: it came with a change of its own code, what that reads being as it
    was; or readers see it, and are kept from what is wrong above, so that it is made of what was good there."""
    if _said(lower) not in _OF_RESULTS:
        return False
    return bool(lower.details.get("own")) or (upper.is_held and not lower.is_held)


def grouped(cases: Sequence[Case], lineage: CauseLineage, at: str, number: int) -> list[Case]:
    """The incidents, each standing one with just one cause.

    Args:
        cases: none of those that are over is changed.
        number: of the first new incident.
    """
    now = {case.number: case for case in cases}
    own = {case.number: case.standing for case in cases}
    homes = _homes([case for case in cases if not case.is_over], lineage)
    moves: dict[tuple[int, tuple[int, str]], list[IncidentSignal]] = {}
    for case in cases:
        for signal in [] if case.is_over else case.standing:
            home = homes[signal.fingerprint]
            if home != (case.number, ""):
                moves.setdefault((case.number, home), []).append(signal)
    parted: dict[tuple[int, str], int] = {}
    same: dict[int, int] = {}  # by incident the one that it became part of
    for (source, home), signals in sorted(moves.items(), key=lambda item: item[0]):
        source = same.get(source, source)
        if home[1] and home not in parted:
            parted[home] = number
            roots = [signal for signal in own[home[0]] if signal.dataset == home[1]]
            now[number] = _parted(now[source], roots, number, at)
            number += 1
        target = parted.get(home, home[0])
        target = same.get(target, target)
        if source == target:
            continue
        now = _handed_over(now, source, target, signals, at)
        for one, other in ((source, target), (target, source)):
            if now[one].incident.part_of == other:
                same = {**{n: other if to == one else to for n, to in same.items()}, one: other}
    return [_tidied(case, at) for case in now.values()]


def follows(signal: Signal | IncidentSignal) -> int:
    """How far down what a signal says stands among those of one dataset, of which one may account for another."""
    if signal.kind in (SignalKind.LATE, SignalKind.VOLUME):
        return 2
    return int(_said(signal) is SignalKind.LATE)


def _homes(cases: Sequence[Case], lineage: CauseLineage) -> dict[str, tuple[int, str]]:
    """By fingerprint of what stands where it belongs: `(incident, "")`, or `(incident, dataset)` for what parts from that incident."""
    found: dict[str, tuple[int, str]] = {}
    every = [(case, signal) for case in cases for signal in case.signals]
    standing = sorted(
        ((case, signal) for case, signal in every if signal.cleared is None),
        key=lambda each: (
            lineage.depth(each[1].dataset),
            each[1].kind is not SignalKind.CLOCK,
            follows(each[1]),
            each[1].first,
            each[0].number,
        ),
    )
    kept: dict[int, str] = {}
    for case, signal in standing:
        parents = [
            (other, upper)
            for other, upper in every
            if lineage.explains(upper, signal, signal.last)
            and (upper.cleared is not None or upper.fingerprint in found)
        ]
        homes = [
            (other.number, "") if upper.cleared is not None else found[upper.fingerprint] for other, upper in parents
        ]
        own = (case.number, "")
        if homes:
            found[signal.fingerprint] = own if own in homes else min(homes)
        elif kept.setdefault(case.number, _root(case, lineage)) == signal.dataset:
            found[signal.fingerprint] = own
        else:
            found[signal.fingerprint] = (case.number, signal.dataset)
    return found


def _root(case: Case, lineage: CauseLineage) -> str:
    """The dataset whose causes a standing incident keeps: its own as long as something stands there, or nothing stands that was met since
    that came right; else it is over."""
    own = case.incident.dataset
    if any(signal.dataset == own for signal in case.signals):
        return own
    return min((signal.dataset for signal in case.standing), key=lineage.depth)


def _parted(source: Case, signals: Sequence[IncidentSignal], number: int, at: str) -> Case:
    """A new incident of what stands by itself now, named by the earliest, of those the worst."""
    first = min(signals, key=lambda s: (follows(s), s.first, -s.lamp.gravity, s.subject))
    before = source.incident
    incident = Incident(
        number,
        before.branch,
        first.dataset,
        first.kind,
        first.what,
        IncidentState.OPEN,
        first.lamp,
        at,
        first_run=first.run,
        first_bad=before.first_bad,
        last_good=before.last_good,
    )
    what = f"{place_of(first.dataset)}: {first.what}"
    return Case(incident, (), (CaseTold(IncidentEventKind.STATE, what, body={"parted_from": source.number}),))


def _handed_over(
    now: Mapping[int, Case], source: int, home: int, signals: Sequence[IncidentSignal], at: str
) -> dict[int, Case]:
    """Signals of one incident in another. Where nothing stands that is left, both are one: the older one goes on."""
    found = dict(now)
    left, target = found[source], found[home]
    names = frozenset(signal.fingerprint for signal in signals)
    is_all = not [signal for signal in left.standing if signal.fingerprint not in names]
    is_merged = is_all and not any("parted_from" in told.body for told in target.told)
    if is_merged:
        older, newer = (left, target) if left.number < target.number else (target, left)
        found[older.number], found[newer.number] = _merged(older, newer, target, at)
        return found
    for signal in signals:
        target = target.put(signal)
        if not any("parted_from" in told.body for told in target.told):
            told = CaseTold(
                IncidentEventKind.ABSORBED, f"{place_of(signal.dataset)}: {signal.what}", body={"run": signal.run}
            )
            target = target.says(told)
    found[source], found[home] = left.without(names), target
    return found


def _merged(older: Case, newer: Case, upper: Case, at: str) -> tuple[Case, Case]:
    """Two incidents of one cause, which is that of `upper`: all in the older one, and the newer one as what is left of it."""
    cause = upper.incident
    for signal in newer.signals:
        older = older.put(signal) if older.find(signal.fingerprint) is None else older
    if upper.number != older.number:
        known = "further up" if cause.dataset != older.incident.dataset else "known by now"
        told = CaseTold(
            IncidentEventKind.ABSORBED,
            f"its cause is {known}: {place_of(cause.dataset)}: {cause.title}",
            body={"root": cause.dataset, "was": newer.number},
        )
        incident = replace(older.incident, dataset=cause.dataset, kind=cause.kind, title=cause.title)
        older = replace(older, incident=incident).says(told)
    if older.incident.state is IncidentState.FIXED and newer.incident.state is not IncidentState.FIXED:
        older = moved(older, IncidentState.OPEN, at, "its cause is another one")
    if older.incident.owner is None and newer.incident.owner is not None:
        older = replace(older, incident=replace(older.incident, owner=newer.incident.owner))
    newer = newer.without(frozenset(signal.fingerprint for signal in newer.signals))
    number = older.number
    newer = moved(newer, IncidentState.CLOSED, at, f"it is part of incident {number}", part_of=number)
    return older, replace(newer, incident=replace(newer.incident, part_of=number))


def _tidied(case: Case, at: str) -> Case:
    """Named by what stands, over where nothing does."""
    if case.is_over:
        return case
    if not case.standing:
        return ended(case, at)
    return standing_as(case, at)
