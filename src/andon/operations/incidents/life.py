"""How signals become incidents, and incidents end. Pure: from what stood and what was noticed to what stands.

A signal belongs to the incident in which it stands; else to one above it by lineage that explains it; else to one of its own dataset that
came with it. What belongs to none opens one, or opens one again that was closed not long ago. What a person judged while it stood stays
with that judgement until it was right once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from andon.base.clock import from_text
from andon.base.record import Record, replace
from andon.model.incident import Incident, IncidentEventKind, IncidentSignal, IncidentState
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.case import Batch, Case, CaseTold, moved, place_of, standing_as
from andon.operations.incidents.causes import CauseLineage, follows, grouped

#: What came back within this time is the same incident again.
AGAIN = timedelta(days=30)
#: Why a dataset can't be built: one reason at a time, the newest.
_UNBUILT = frozenset((SignalKind.FAILED, SignalKind.SOURCE, SignalKind.SCHEMA))
#: Of so many repeats each is told; of later ones each tenth power.
_EACH = 3


class Right(Record):
    """A signal that was found to be right in what readers see.

    Attributes:
        why: in few words.
        times: how often it had been met when that was found: met again since, it says nothing.
    """

    why: str
    times: int


def take(
    cases: Sequence[Case],
    earlier: Mapping[str, Incident],
    batch: Batch,
    needs: Mapping[str, Sequence[str]],
    number: int,
) -> list[Case]:
    """The incidents after signals were noticed: `cases`, those among them that changed, and new ones.

    Args:
        cases: all that stand on the branch, closed ones of which a signal was judged while it stood, and those that `earlier` names.
        earlier: `{fingerprint: newest incident that has it}`, closed ones too.
        needs: `{dataset: datasets that it reads}`.
        number: of the first new incident.
    """
    now = {case.number: case for case in cases}
    lineage, first_new = CauseLineage(needs), number
    # what could not be built comes before what checks say of what readers have instead: it names the incident
    for signal in sorted(
        batch.signals,
        key=lambda s: (lineage.depth(s.dataset), not _is_unbuilt(s), follows(s), -s.lamp.gravity, s.subject),
    ):
        found = _home(list(now.values()), earlier, signal, batch, lineage)
        if found is None:
            found, number = _opened(signal, batch, number), number + 1
        elif _is_judged(found, signal.fingerprint):
            found = found.put(_noticed(signal, found.find(signal.fingerprint), batch.at))
        else:
            found = _with(found, signal, batch)
        now[found.number] = found
        now = {each: _surpassed(case, signal, batch.at) for each, case in now.items()}
    after = grouped(list(now.values()), lineage, batch.at, number)
    return [case for case in after if case.number < first_new or case.incident.part_of is None]


def woken(case: Case, now: str) -> Case:
    """The incident that is heard of again, since the time is over for which somebody did not want to; else as it is."""
    until = case.incident.snoozed
    if until is None or until > now or case.is_over:
        return case
    told = CaseTold(IncidentEventKind.SNOOZED, "heard of again", body={"until": None})
    return replace(case, incident=replace(case.incident, snoozed=None)).says(told)


def clear(
    cases: Sequence[Case], right: Mapping[str, Right], needs: Mapping[str, Sequence[str]], at: str, number: int
) -> list[Case]:
    """The incidents after signals (`{fingerprint: right}`) were found to be right in what readers see; ended where nothing stands.

    Args:
        needs, number: as of `take`.
    """
    return grouped([_cleared(case, right, at) for case in cases], CauseLineage(needs), at, number)


def _cleared(case: Case, right: Mapping[str, Right], at: str) -> Case:
    for signal in case.standing:
        found = right.get(signal.fingerprint)
        if found is not None and found.times == signal.times:
            case = case.put(replace(signal, cleared=at))
            if not case.is_over:
                told = CaseTold(IncidentEventKind.CLEARED, f"{place_of(signal.dataset)}: {found.why}")
                case = case.says(told)
    return case


def _is_judged(case: Case, fingerprint: str) -> bool:
    """Whether somebody closed an incident with a signal that stood, and still does."""
    signal = case.find(fingerprint)
    return case.is_over and signal is not None and signal.cleared is None


def _home(
    cases: Sequence[Case],
    earlier: Mapping[str, Incident],
    signal: Signal,
    batch: Batch,
    lineage: CauseLineage,
) -> Case | None:
    """The incident that a signal belongs to."""
    standing = [case for case in cases if not case.is_over]
    for case in standing:
        # what was right once and is wrong again begins anew, though something else of that incident stands
        if any(each.fingerprint == signal.fingerprint for each in case.standing):
            return case
    for case in cases:
        if _is_judged(case, signal.fingerprint):
            return case
    for case in standing:
        if signal.kind in _UNBUILT and "check" not in signal.details and _unbuilt(case, signal.dataset):
            return case
    for case in standing:
        if signal.kind is SignalKind.COMPLAINT and _complaints(case, signal.dataset):
            return case
    for case in standing:
        if any(lineage.explains(upper, signal, batch.at) for upper in case.standing):
            return case
    for case in standing:
        # with what stood before nothing came
        came = case.standing if case.incident.opened == batch.at and batch.run is not None else []
        if any(s.dataset == signal.dataset and s.first == batch.at for s in came):
            return case
    before = earlier.get(signal.fingerprint)
    if before is not None and before.closed is not None and from_text(batch.at) - from_text(before.closed) <= AGAIN:
        found = next((case for case in cases if case.number == before.number), None)
        return found if found is None or not (found.is_over and found.standing) else None  # what is judged stays closed
    return None


def _is_unbuilt(signal: Signal) -> bool:
    return signal.kind in _UNBUILT and "check" not in signal.details


def _complaints(case: Case, dataset: str) -> bool:
    return any(signal.kind is SignalKind.COMPLAINT and signal.dataset == dataset for signal in case.standing)


def _unbuilt(case: Case, dataset: str) -> list[IncidentSignal]:
    """What says that a dataset can't be built, of what stands."""
    return [
        signal
        for signal in case.standing
        if signal.dataset == dataset and signal.kind in _UNBUILT and "check" not in signal.details
    ]


def _is_another_reason(case: Case, signal: Signal) -> bool:
    """Whether the dataset of an incident can't be built for a reason of another kind now: that is another cause."""
    before = _unbuilt(case, signal.dataset) if _is_unbuilt(signal) and signal.dataset == case.incident.dataset else []
    return bool(before) and all(other.kind is not signal.kind for other in before)


def _surpassed(case: Case, signal: Signal, at: str) -> Case:
    """A dataset that can't be built now for another reason got past the one before."""
    if case.is_over or signal.kind not in _UNBUILT or "check" in signal.details:
        return case
    for other in _unbuilt(case, signal.dataset):
        if other.fingerprint != signal.fingerprint:
            case = case.put(replace(other, cleared=at))
    return case


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
    told = CaseTold(IncidentEventKind.STATE, f"{place_of(signal.dataset)}: {signal.what}", signal.who or "andon")
    case = Case(incident, (_noticed(signal, None, batch.at),), (told,), frozenset((signal.fingerprint,)))
    return standing_as(case, batch.at)


def _with(case: Case, signal: Signal, batch: Batch) -> Case:
    """The incident with a signal more, or one that came again."""
    before = case.find(signal.fingerprint)
    noticed = _noticed(signal, before, batch.at)
    body: dict[str, Any] = {"run": signal.run}
    if not case.is_over and _is_another_reason(case, signal):
        body["root"] = signal.dataset
        case = replace(case, incident=replace(case.incident, kind=signal.kind, title=signal.what))
    case = case.put(noticed)
    if before is None or before.what != signal.what or before.cleared is not None or _is_told(noticed.times):
        kind = IncidentEventKind.ABSORBED if before is None else IncidentEventKind.REPEATED
        what = f"{place_of(signal.dataset)}: {signal.what}"
        case = case.says(CaseTold(kind, what, signal.who or "andon", body))
    state = case.incident.state
    if state in (IncidentState.CLOSED, IncidentState.VERIFIED):
        case = moved(case, IncidentState.OPEN, batch.at, "it came back")
        incident = replace(
            case.incident,
            opened=batch.at,
            reopened=case.incident.reopened + 1,
            verdict=None,
            snoozed=None,
            first_run=signal.run,
            first_bad=signal.commit,
            last_good=batch.last_good,
            dataset=signal.dataset,
            kind=signal.kind,
            title=signal.what,
        )
        case = replace(case, incident=incident)
    elif state is IncidentState.FIXED:
        case = moved(case, IncidentState.OPEN, batch.at, "it is not right yet")
    return standing_as(case, batch.at)


def _is_told(times: int) -> bool:
    return times <= _EACH or str(times).rstrip("0") == "1"


def _noticed(signal: Signal, before: IncidentSignal | None, at: str) -> IncidentSignal:
    is_again = before is not None and before.cleared is not None
    details = signal.details
    if before is not None and not is_again and before.details.get("own"):
        details = {**details, "own": True}  # what came by its own code does so until it was right once
    return IncidentSignal(
        signal.fingerprint,
        signal.dataset,
        signal.kind,
        signal.subject,
        signal.lamp,
        signal.what,
        before.first if before is not None and not is_again else at,
        at,
        before.times + 1 if before is not None else 1,
        signal.run,
        None,
        signal.is_held,
        details,
    )
