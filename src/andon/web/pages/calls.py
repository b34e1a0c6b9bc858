"""A call that a form began, while it runs, and by what it failed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from andon.base.clock import from_text
from andon.web.asking import AtCommit
from andon.web.pages.actions import own_page, with_done
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href

if TYPE_CHECKING:
    from andon.web.calls import Answered, LiveCall

#: What a call does, as one says it while it does.
_SPOKEN = {
    "POST /runs": "Running",
    "POST /refreshes": "Refreshing",
    "POST /undos": "Taking back",
    "POST /redos": "Bringing back",
    "POST /publishes": "Publishing",
    "POST /datasets": "Saving",
    "POST /edits": "Saving",
    "POST /acceptances": "Publishing what was held",
    "POST /quarantine/{dataset}/releases": "Putting rows back",
    "POST /backfills": "Filling times",
    "POST /optimizations": "Putting small files together",
    "POST /tests": "Running tests",
}


class CallLooked(AtCommit, kw_only=True):
    """Which page follows.

    Attributes:
        then: the page that is shown when the call is done.
        form: the page of the form that began it, where it failed.
    """

    then: str = "/"
    form: str | None = None


def _call(call: PageCall) -> Shown:
    live = call.calls.find(call.path["call"])
    then = own_page(call.query.then)
    place = following(live, then, call.query.form)
    if place is None and live.answer is None and live.run is not None:
        place = href(f"/runs/{live.run}", call=live.id, then=then, form=call.query.form)
    if place is not None:
        if call.wants:
            return Response(status_code=204, headers={"HX-Redirect": place})
        return RedirectResponse(place, 303)
    problem = _problem(live)
    if call.wants and problem is not None:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    now = call.service.workspace.clock()
    return {
        "call": live,
        "doing": _SPOKEN.get(live.verb, "At work"),
        "is_running": live.answer is None,
        "elapsed": max(0.0, (now - from_text(live.started)).total_seconds()),
        "notices": live.notices(),
        "problem": problem,
        "then": then,
        "form": call.query.form,
        "may_change": call.may_change,
    }


def following(live: LiveCall, then: str, form: str | None) -> str | None:
    """The page that is shown when a call is done, or failed; None while it runs, and where only its own page tells why it failed.

    Args:
        then: where it leads when it is done.
        form: of the form that began it, where it failed, or where nothing was published.
    """
    if live.answer is None:
        return None
    run = href(f"/runs/{live.run}") if live.run is not None else None
    if form and (live.answer.status >= 400 or not _is_published(live.answer)):
        return with_done(own_page(form), live.id)
    if live.answer.status < 400:
        return with_done(run if run is not None and then == "/runs" else then, live.id)
    return run


def _is_published(answer: Answered) -> bool:
    """Whether nothing is left to be said where it was asked for: a run may be held, and what is proposed is not published yet."""
    found = json.loads(answer.body)
    return not (isinstance(found, dict) and found.get("published") is False)


def _problem(live: LiveCall) -> dict[str, Any] | None:
    if live.answer is None:
        return None
    found: dict[str, Any] = json.loads(live.answer.body)
    return found


PAGES = (PageRoute("/calls/{call}", "call.html", _call, CallLooked),)
