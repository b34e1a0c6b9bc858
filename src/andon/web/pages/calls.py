"""A call that a form began, while it runs."""

from __future__ import annotations

from starlette.responses import RedirectResponse

from andon.base.document import Document
from andon.web.pages.actions import own_page, with_done
from andon.web.pages.page import PageCall, PageRoute, Shown


class CallLooked(Document, kw_only=True):
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
    if live.answer is not None and live.answer.status < 400:
        return RedirectResponse(with_done(then, live.id), 303)
    if live.answer is not None and call.query.form:
        return RedirectResponse(with_done(own_page(call.query.form), live.id), 303)
    return {"call": live, "is_running": live.answer is None, "then": then}


PAGES = (PageRoute("/calls/{call}", "call.html", _call, CallLooked),)
