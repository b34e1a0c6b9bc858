"""What people do with an incident. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.record import replace
from andon.errors import ConflictError, UsageError
from andon.model.incident import IncidentEventKind, IncidentState, IncidentVerdict
from andon.model.signal import SignalKind
from andon.operations.incidents.case import Case, CaseTold, moved

#: What no record says is right again: only a person does.
BY_PERSONS = frozenset((SignalKind.COMPLAINT,))


def taken(case: Case, who: str, owner: str | None) -> Case:
    """The incident in the hands of somebody; of nobody, if `owner` is None.

    Raises:
        ConflictError: `incident.over`.
    """
    _require_standing(case)
    if case.incident.owner == owner:
        return case
    what = f"{owner} takes care of it" if owner is not None else "nobody takes care of it"
    body = {"before": case.incident.owner, "owner": owner}
    told = CaseTold(IncidentEventKind.TOOK, what, who, body)
    return replace(case, incident=replace(case.incident, owner=owner)).says(told)


def snoozed(case: Case, at: str, who: str, until: str | None, note: str | None) -> Case:
    """The incident that nobody wants to hear of until then (ISO text); from now on again, without one.

    Raises:
        ConflictError: `incident.over`.
        UsageError: `usage.bad_argument` for a time that is over.
    """
    _require_standing(case)
    if until is not None and until <= at:
        raise UsageError("usage.bad_argument", f"`{until[:16]}` is over", hint="a time to come: `2h`, `2026-12-01`")
    what = f"quiet until {until[:16].replace('T', ' ')}" if until is not None else "no more quiet"
    told = CaseTold(IncidentEventKind.SNOOZED, _with_note(what, note), who, _body(note, until=until))
    return replace(case, incident=replace(case.incident, snoozed=until)).says(told)


def fixed(case: Case, at: str, who: str, note: str) -> Case:
    """The incident after somebody did something about it: whether it helps is seen by what readers see.

    Raises:
        ConflictError: `incident.over`.
    """
    _require_standing(case)
    case = moved(case, IncidentState.FIXED, at, note, who, note=note)
    if not case.told:  # it was fixed before
        case = case.says(CaseTold(IncidentEventKind.SAID, note, who, {"note": note}))
    return case


def said(case: Case, who: str, note: str) -> Case:
    """The incident with a remark."""
    return case.says(CaseTold(IncidentEventKind.SAID, note, who, {"note": note}))


def closed(case: Case, at: str, who: str, verdict: IncidentVerdict | None, note: str | None) -> Case:
    """The incident over because somebody says so. What stands of it is judged: met again before it was right once, it stays closed.

    Raises:
        ConflictError: `incident.over`; `incident.stands` for one that closes itself, without a verdict.
    """
    _require_standing(case)
    left = [signal for signal in case.standing if signal.kind not in BY_PERSONS]
    if left and verdict is None:
        number = case.number
        raise ConflictError(
            "incident.stands",
            f"incident {number} closes itself when what readers see is right again: {left[0].dataset}: {left[0].what}",
            where=left[0].dataset or None,
            hint=f"`--expected` if the data are right, `--not-a-problem` if noticing it was wrong, or `andon incident snooze"
            f" {number} --until 2h`",
        )
    if any(signal.kind is SignalKind.CORD for signal in case.standing):
        name = case.incident.dataset
        raise ConflictError(
            "incident.stands", f"{name} is held by a person", where=name, hint=f"`andon release {name}` lets it go on"
        )
    if verdict is None:
        case = _cleared(case, at)
    words = {IncidentVerdict.EXPECTED: "it is as expected", IncidentVerdict.NO_PROBLEM: "it is no problem"}
    what = words[verdict] if verdict is not None else "it was seen to"
    body = _body(note, verdict=str(verdict) if verdict is not None else None)
    told = CaseTold(IncidentEventKind.JUDGED, _with_note(what, note), who, body)
    case = replace(case, incident=replace(case.incident, verdict=verdict)).says(told)
    return moved(case, IncidentState.CLOSED, at, "closed by hand", who)


def reopened(case: Case, at: str, who: str, note: str | None) -> Case:
    """An incident that somebody closed, open again: what was judged stands again.

    Raises:
        ConflictError: `incident.stands`, and `incident.over` for one that is right again, or part of another.
    """
    if not case.is_over:
        raise ConflictError("incident.stands", f"incident {case.number} is not closed")
    if not case.standing or case.incident.part_of is not None:
        part = case.incident.part_of
        raise ConflictError(
            "incident.over",
            f"incident {case.number} is over: nothing of it stands",
            hint=f"`andon incident show {part}`: it is part of that one"
            if part
            else "it opens itself when it comes back",
        )
    case = replace(case, incident=replace(case.incident, verdict=None, reopened=case.incident.reopened + 1))
    return moved(case, IncidentState.OPEN, at, _with_note("opened again", note), who)


def _cleared(case: Case, at: str) -> Case:
    for signal in case.standing:
        case = case.put(replace(signal, cleared=at))
    return case


def _require_standing(case: Case) -> None:
    if case.is_over:
        part = case.incident.part_of
        raise ConflictError(
            "incident.over",
            f"incident {case.number} is over",
            hint=f"it is part of incident {part}" if part is not None else "`andon incidents` lists what stands",
        )


def _with_note(what: str, note: str | None) -> str:
    return f"{what}: {note}" if note else what


def _body(note: str | None, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in {**more, "note": note}.items() if value is not None}
