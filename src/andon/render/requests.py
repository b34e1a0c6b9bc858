"""Requests in words, the same on every face. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.text import plural, seconds, span
from andon.model.request import RequestState

if TYPE_CHECKING:
    from andon.model.request import DataRequest
    from andon.service.requests import RequestInfo

#: How far a request is: the lamp that has its colour, and the word.
REQUEST_STATES = {
    RequestState.OPEN: ("warn", "open"),
    RequestState.CLAIMED: ("running", "claimed"),
    RequestState.ANSWERED: ("ok", "answered"),
    RequestState.WITHDRAWN: ("idle", "withdrawn"),
}


def worth_words(request: DataRequest) -> str:
    """What it is worth; empty where nobody says."""
    if request.worth is None:
        return ""
    whole, _, rest = request.worth.partition(".")
    return f"{int(whole):,}{f'.{rest}' if rest.strip('0') else ''} {request.currency}"


def wait_words(value: float) -> str:
    """How long somebody waited: `0.42 s`, `12 min`, `17 h`, `3 days`."""
    return seconds(value) if value < 60 else span(value)


def people_words(request: DataRequest) -> str:
    """Who needs it: `ana and 2 more`."""
    more = len(request.people) - 1
    return f"{request.people[0]}{f' and {more} more' if more else ''}"


def state_words(info: RequestInfo) -> str:
    """How far it is, with who and what: `claimed by ben`, `answered with marts.totals`."""
    request = info.request
    word = REQUEST_STATES[request.state][1]
    if request.state is RequestState.CLAIMED:
        return f"{word} by {request.claimed_by}"
    if request.state is RequestState.ANSWERED:
        if request.answer_kind == "dataset":
            return f"{word} with {request.answer}{', which main has no more' if info.published is False else ''}"
        gone = {False: ", which is not published yet", None: ", which is gone"}.get(info.published, "")
        return f"{word} on the branch {request.answer}{gone}"
    return word


def by_words(info: RequestInfo) -> str:
    """Until when it is needed; empty where nobody says."""
    if info.request.by is None:
        return ""
    return f"was needed by {info.request.by}" if info.is_late else f"by {info.request.by}"


def share_words(share: float | None) -> str:
    """A share in percent; that nothing is known where it is of nothing."""
    return "no data yet" if share is None else f"{share:.0%}"


def ways_words(found: list[str]) -> str:
    """What may be there already."""
    return f"the catalog has {plural(len(found), 'dataset')} for these words: {', '.join(found)}"
