"""What people do by hand again and again, offered as what would do it: the list, and one with all that would be written."""

from __future__ import annotations

from andon.base.document import Document
from andon.errors import UsageError
from andon.render.code import code_lines
from andon.render.words import listed
from andon.web.pages.page import PageCall, PageRoute, Shown

#: What was done by hand, in a word.
DONE = {"query": "asked", "run": "run", "files": "given", "correction": "mended"}
#: Where a suggestion stands, where it is not open.
DECIDED = {"accepted": "Accepted", "dismissed": "Dismissed", "answered": "There already", "gone": "Over"}


class SuggestionsLooked(Document, kw_only=True):
    """Which suggestions.

    Attributes:
        all: with those that were decided.
    """

    all: bool = False


def _suggestions(call: PageCall) -> Shown:
    found = call.service.suggestions.list(decided=call.query.all)
    return {
        "suggestions": found.suggestions,
        "answered": found.answered,
        "all": call.query.all,
        "done": DONE,
        "listed": listed,
        "decided": DECIDED,
        "may_change": call.may_change,
    }


def _suggestion(call: PageCall) -> Shown:
    text = call.path["number"]
    if not text.isdecimal() or len(text) > 15:
        raise UsageError("usage.bad_argument", f"there is no suggestion `{text[:20]}`", hint="suggestions have numbers")
    found = call.service.suggestions.show(int(text))
    return {
        "found": found,
        "files": [(each, code_lines(each.text, each.file)) for each in found.files],
        "done": DONE,
        "listed": listed,
        "decided": DECIDED,
        "may_change": call.may_change,
    }


PAGES = (
    PageRoute("/suggestions", "suggestions.html", _suggestions, SuggestionsLooked),
    PageRoute("/suggestions/{number}", "suggestion.html", _suggestion, SuggestionsLooked),
)
