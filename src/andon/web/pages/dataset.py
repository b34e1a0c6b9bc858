"""One dataset: what it is, whether to trust it, where it comes from, and how it came to be."""

from __future__ import annotations

from andon.web.pages.page import PageCall, PageRoute, Shown


def _dataset(call: PageCall) -> Shown:
    return {"page": call.service.datasets.show(call.path["dataset"], call.query.at)}


PAGES = (PageRoute("/d/{dataset}", "dataset.html", _dataset),)
