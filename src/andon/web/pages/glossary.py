"""Words of the business, and what nobody described yet."""

from __future__ import annotations

from andon.web.asking import AtCommit
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.pages.rendering import href

#: Datasets that are listed, and how many more each press on the link below shows.
_LISTED, _MORE = 10, 100


class GlossaryLooked(AtCommit, kw_only=True):
    """How much is listed.

    Attributes:
        limit: datasets of which something is not described.
    """

    limit: int = _LISTED


def _glossary(call: PageCall) -> Shown:
    asked: GlossaryLooked = call.query
    lacking = call.service.undescribed.list(max(1, asked.limit), asked.at)
    is_cut = lacking.total > len(lacking.datasets)
    return {
        "glossary": call.service.glossary.show(None, asked.at),
        "lacking": lacking,
        "more": href("/glossary", at=asked.at, limit=len(lacking.datasets) + _MORE) if is_cut else None,
    }


PAGES = (PageRoute("/glossary", "glossary.html", _glossary, GlossaryLooked),)
