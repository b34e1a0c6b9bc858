"""Incidents, what people hold, and what readers complain of."""

from __future__ import annotations

from typing import Any, Literal

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.cord import Cord
from andon.model.person import PersonRole
from andon.service.incident_documents import IncidentInfo, IncidentPage
from andon.web.asking import OnBranch
from andon.web.endpoint import Endpoint, RouteCall

#: A number has so many digits at most.
_DIGITS = 15


class IncidentsAsked(OnBranch, kw_only=True):
    """Which incidents are listed.

    Attributes:
        all: with those that are over.
    """

    all: bool = False


class TakeAsked(Document, kw_only=True):
    """Who takes care of an incident.

    Attributes:
        owner: who asks, without it.
    """

    owner: str | None = None


class FixAsked(Document, kw_only=True):
    """What was done about an incident by hand.

    Attributes:
        note: in a few words.
    """

    note: str


class CloseAsked(Document, kw_only=True):
    """Why an incident is closed.

    Attributes:
        verdict: `expected`: the data are right; `no-problem`: noticing it was wrong; only a complaint is closed without.
        note: what there is to say of it.
    """

    verdict: Literal["expected", "no-problem"] | None = None
    note: str | None = None


class NoteAsked(Document, kw_only=True):
    """What there is to say.

    Attributes:
        note: in a few words.
    """

    note: str | None = None


class SnoozeAsked(Document, kw_only=True):
    """Until when nobody wants to hear of an incident.

    Attributes:
        until: `2h`, `3d`, or a moment; without it from now on again.
        note: what there is to say of it.
    """

    until: str | None = None
    note: str | None = None


class HoldAsked(OnBranch, kw_only=True):
    """What is held, and why.

    Attributes:
        dataset: and with it all that reads it.
        reason: what looks wrong.
    """

    dataset: str
    reason: str


class CordReleaseAsked(OnBranch, kw_only=True):
    """What may go on.

    Attributes:
        dataset: which somebody holds.
        note: what there is to say of it.
    """

    dataset: str
    note: str | None = None


class ComplaintMade(OnBranch, kw_only=True):
    """What looks wrong to a reader.

    Attributes:
        dataset: where.
        text: what.
    """

    dataset: str
    text: str


def incident_number(text: str) -> int:
    """The number that a part of an address names.

    Raises:
        UsageError: `incident.none`.
    """
    if not text.isdecimal() or len(text) > _DIGITS:
        raise UsageError("incident.none", f"there is no incident `{text[:20]}`", hint="incidents have numbers")
    return int(text)


def _list(call: RouteCall) -> Any:
    return call.service.incidents.list(call.query.branch, with_closed=call.query.all)


def _show(call: RouteCall) -> Any:
    return call.service.incidents.show(incident_number(call.path["incident"]))


def _take(call: RouteCall) -> Any:
    return call.service.incidents.take(incident_number(call.path["incident"]), call.body.owner)


def _fix(call: RouteCall) -> Any:
    return call.service.incidents.fix(incident_number(call.path["incident"]), call.body.note)


def _close(call: RouteCall) -> Any:
    asked: CloseAsked = call.body
    return call.service.incidents.close(incident_number(call.path["incident"]), asked.verdict, asked.note)


def _reopen(call: RouteCall) -> Any:
    return call.service.incidents.reopen(incident_number(call.path["incident"]), call.body.note)


def _snooze(call: RouteCall) -> Any:
    asked: SnoozeAsked = call.body
    return call.service.incidents.snooze(incident_number(call.path["incident"]), asked.until, asked.note)


def _hold(call: RouteCall) -> Any:
    asked: HoldAsked = call.body
    return call.service.cords.hold(asked.dataset, asked.reason, asked.branch)


def _release(call: RouteCall) -> Any:
    asked: CordReleaseAsked = call.body
    return call.service.cords.release(asked.dataset, asked.note, asked.branch)


def _complain(call: RouteCall) -> Any:
    asked: ComplaintMade = call.body
    return call.service.cords.complain(asked.dataset, asked.text, asked.branch)


def _held(call: RouteCall) -> Any:
    return call.service.cords.standing(call.query.branch)


def _by_hand(verb: str, about: str, call: Any, body: type[Document]) -> Endpoint:
    path = f"/incidents/{{incident}}/{verb}"
    return Endpoint("POST", path, f"incident {verb}", PersonRole.EDITOR, about, call, (IncidentInfo,), body=body)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/incidents",
        "incidents",
        PersonRole.READER,
        "What is wrong and not right again, most at risk first.",
        _list,
        (list[IncidentInfo],),
        IncidentsAsked,
    ),
    Endpoint(
        "GET",
        "/incidents/{incident}",
        "incident show",
        PersonRole.READER,
        "All that is known of an incident.",
        _show,
        (IncidentPage,),
    ),
    _by_hand("take", "Take care of an incident.", _take, TakeAsked),
    _by_hand("fix", "Record that something was done about an incident.", _fix, FixAsked),
    _by_hand("close", "Close an incident because a person says so.", _close, CloseAsked),
    _by_hand("reopen", "Open an incident again that somebody closed.", _reopen, NoteAsked),
    _by_hand("snooze", "Hear nothing of an incident for a while.", _snooze, SnoozeAsked),
    Endpoint("GET", "/cords", "", PersonRole.READER, "What people hold of a branch.", _held, (list[Cord],), OnBranch),
    Endpoint(
        "POST",
        "/cords",
        "hold",
        PersonRole.READER,
        "Hold a dataset and what reads it: no run publishes them.",
        _hold,
        (Cord,),
        body=HoldAsked,
        status=201,
    ),
    Endpoint(
        "POST",
        "/releases",
        "release",
        PersonRole.EDITOR,
        "Let a dataset go on that somebody holds.",
        _release,
        (Cord,),
        body=CordReleaseAsked,
    ),
    Endpoint(
        "POST",
        "/complaints",
        "complain",
        PersonRole.READER,
        "Say that something looks wrong; it holds nothing.",
        _complain,
        (IncidentInfo,),
        body=ComplaintMade,
        status=201,
    ),
)
