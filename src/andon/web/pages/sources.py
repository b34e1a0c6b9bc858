"""What comes in: sources, how they stand, loads of them, and files that somebody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import AndonError
from andon.service.source_list import list_sources
from andon.web.asking import AtCommit
from andon.web.pages.page import PageCall, PageRoute, Shown

if TYPE_CHECKING:
    from andon.service.source_list import SourceInfo

#: How a source stands: glyph and colour, and the word.
SOURCE_STATES = {
    "published": ("ok", "Published"),
    "new": ("idle", "New"),
    "changed": ("stale", "Changed"),
    "undone": ("blocked", "Undone"),
    "failed": ("fail", "Failed"),
}
#: First those that somebody has to look at.
_ORDER = ("failed", "undone", "changed", "new", "published")


class SourcesLooked(AtCommit, kw_only=True):
    """Of which branch; without it that of the server's folder.

    Attributes:
        upload: a source that a file is to be added to.
    """

    branch: str | None = None
    upload: str = ""


def _sources(call: PageCall) -> Shown:
    asked: SourcesLooked = call.query
    found: list[SourceInfo] = []
    problem = None
    try:
        found = list_sources(call.service.workspace, asked.branch)
    except AndonError as error:
        problem = error
    return {
        "sources": sorted(found, key=lambda each: (_ORDER.index(each.state), each.dataset)),
        "states": SOURCE_STATES,
        "problem": problem,
        "branch": call.service.workspace.branch(asked.branch),
        "upload": asked.upload,
        "may_change": call.may_change,
    }


PAGES = (PageRoute("/sources", "sources.html", _sources, SourcesLooked),)
