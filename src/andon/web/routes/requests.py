"""Requests: what people need and nobody has served yet."""

from __future__ import annotations

from typing import Any

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.person import PersonRole
from andon.model.request import DataRequest
from andon.service.costs import MONTH
from andon.service.request_measures import RequestMeasures
from andon.service.requests import NewRequest, RequestInfo, RequestMade
from andon.web.endpoint import Endpoint, RouteCall

#: A number has so many digits at most.
_DIGITS = 15


class RequestsAsked(Document, kw_only=True):
    """Which requests are listed.

    Attributes:
        all: with those that are over.
    """

    all: bool = False


class MeasuresAsked(Document, kw_only=True):
    """Since when requests are measured.

    Attributes:
        since: how long ago (`30d`, `3 mo`), or a moment.
    """

    since: str = MONTH


class RequestAsked(Document, kw_only=True):
    """What somebody asks for.

    Attributes:
        what: in a sentence; may be left out where it is made of a question.
        decision: what is decided by it.
        by: until when it is needed, a day (ISO).
        worth: what an answer is worth, a number as text.
        currency: of `worth`, in three letters.
        asked_of: who is asked.
        incident: the number of the incident that it is about.
        question: the number of the question of which it is made.
    """

    what: str = ""
    decision: str | None = None
    by: str | None = None
    worth: str | None = None
    currency: str | None = None
    asked_of: str | None = None
    incident: int | None = None
    question: int | None = None


class ClaimAsked(Document, kw_only=True):
    """Whether who asks takes care of a request.

    Attributes:
        leave: leave it to others again.
    """

    leave: bool = False


class AnswerAsked(Document, kw_only=True):
    """What answers a request.

    Attributes:
        answer: a dataset, or a branch on which the answer lies.
        note: what there is to say of it.
    """

    answer: str
    note: str | None = None


class WithdrawAsked(Document, kw_only=True):
    """That nobody needs a request any more.

    Attributes:
        note: why.
    """

    note: str | None = None


def _list(call: RouteCall) -> Any:
    return call.service.requests.list(with_ended=call.query.all)


def _measures(call: RouteCall) -> Any:
    return call.service.requests.measures(call.query.since)


def _show(call: RouteCall) -> Any:
    return call.service.requests.show(_number(call))


def _ask(call: RouteCall) -> Any:
    asked: RequestAsked = call.body
    worth = (asked.worth, asked.currency)
    wanted = NewRequest(asked.what, asked.decision, asked.by, *worth, asked.asked_of, asked.incident, asked.question)
    return call.service.requests.ask(wanted)


def _claim(call: RouteCall) -> Any:
    desk = call.service.requests
    return desk.unclaim(_number(call)) if call.body.leave else desk.claim(_number(call))


def _join(call: RouteCall) -> Any:
    return call.service.requests.join(_number(call))


def _answer(call: RouteCall) -> Any:
    return call.service.requests.answer(_number(call), call.body.answer, call.body.note)


def _withdraw(call: RouteCall) -> Any:
    return call.service.requests.withdraw(_number(call), call.body.note)


def _number(call: RouteCall) -> int:
    text = call.path["number"]
    if not text.isdecimal() or len(text) > _DIGITS:
        raise UsageError("request.none", f"there is no request `{text[:20]}`", hint="requests have numbers")
    return int(text)


_READER = PersonRole.READER
ENDPOINTS = (
    Endpoint(
        "GET",
        "/requests",
        "requests",
        _READER,
        "What people need and nobody has served yet: most at stake, oldest, and needed by most first.",
        _list,
        (list[RequestInfo],),
        RequestsAsked,
    ),
    Endpoint(
        "GET",
        "/requests/measures",
        "requests --measures",
        _READER,
        "How long people wait for an answer, and how much they find out by themselves.",
        _measures,
        (RequestMeasures,),
        MeasuresAsked,
    ),
    Endpoint("GET", "/requests/{number}", "requests", _READER, "One request.", _show, (RequestInfo,)),
    Endpoint(
        "POST",
        "/requests",
        "request",
        _READER,
        "Ask for what you can't find or make; what the catalog has for the words is named.",
        _ask,
        (RequestMade,),
        body=RequestAsked,
    ),
    Endpoint(
        "POST",
        "/requests/{number}/claims",
        "claim",
        _READER,
        "Take care of a request, or leave it to others again.",
        _claim,
        (DataRequest,),
        body=ClaimAsked,
    ),
    Endpoint(
        "POST",
        "/requests/{number}/people",
        "request --join",
        _READER,
        "Say that one needs it, too.",
        _join,
        (DataRequest,),
    ),
    Endpoint(
        "POST",
        "/requests/{number}/answers",
        "answer",
        _READER,
        "Answer a request with a dataset, or with a branch on which the answer lies.",
        _answer,
        (DataRequest,),
        body=AnswerAsked,
    ),
    Endpoint(
        "POST",
        "/requests/{number}/withdrawals",
        "request --withdraw",
        _READER,
        "Say that nobody needs it any more.",
        _withdraw,
        (DataRequest,),
        body=WithdrawAsked,
    ),
)
