"""Requests: what people need and nobody has served yet, ranked; and how well that goes."""

from __future__ import annotations

from andon.render.requests import (
    REQUEST_STATES,
    by_words,
    people_words,
    share_words,
    state_words,
    wait_words,
    worth_words,
)
from andon.web.asking import AtCommit
from andon.web.pages.changes import done_by, problem
from andon.web.pages.page import PageCall, PageRoute, Shown

#: What a form of a new request has.
_FIELDS = ("what", "decision", "by", "worth", "currency", "asked_of")


class RequestsLooked(AtCommit, kw_only=True):
    """Which requests are shown.

    Attributes:
        all: with those that are over.
        what: words that nothing was found for, to begin a request with.
        incident: the number of an incident that a new request is about.
    """

    all: bool = False
    what: str | None = None
    incident: int | None = None


def _requests(call: PageCall) -> Shown:
    call = done_by(call, "POST /requests")
    asked: RequestsLooked = call.query
    service = call.service
    fields = dict.fromkeys(_FIELDS, "") | {"what": asked.what or ""}
    fields |= {name: value for name, value in (call.done.fields if call.done is not None else ()) if name in fields}
    measures = service.requests.measures()
    return {
        "requests": service.requests.list(with_ended=asked.all),
        "all": asked.all,
        "found": [hit.dataset for hit in service.catalog.find(asked.what).hits[:3]] if asked.what else [],
        "fields": fields,
        "problem": problem(call),
        "incident": asked.incident,
        "me": call.asking.person.name,
        "measures": measures,
        "median_words": "no data yet"
        if measures.median_wait_seconds is None
        else wait_words(measures.median_wait_seconds),
        "share_words": share_words(measures.self_service),
        "states": REQUEST_STATES,
        "worth_words": worth_words,
        "people_words": people_words,
        "state_words": state_words,
        "by_words": by_words,
        "waited_words": wait_words,
        "people": sorted(service.workspace.people),
    }


PAGES = (PageRoute("/requests", "requests.html", _requests, RequestsLooked),)
