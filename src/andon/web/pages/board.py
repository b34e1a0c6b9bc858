"""The board: how the lake stands, what needs a person, what was published last."""

from __future__ import annotations

from andon.web.pages.page import PageCall, PageRoute, Shown


def _board(call: PageCall) -> Shown:
    return {"datasets": call.service.datasets.list(call.query.at)}


PAGES = (PageRoute("/", "board.html", _board),)
