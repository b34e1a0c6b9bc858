"""What could be simpler: the list, and one hint with the change written out."""

from __future__ import annotations

from andon.base.document import Document
from andon.errors import UsageError
from andon.model.plan import UNCHANGED
from andon.render.code import code_diff
from andon.render.simplify import HINTS, saved
from andon.web.pages.page import PageCall, PageRoute, Shown

#: Where a hint stands, where it is not open.
DECIDED = {"accepted": "Accepted", "dismissed": "Dismissed", "gone": "Over"}


class HintsLooked(Document, kw_only=True):
    """Which hints.

    Attributes:
        all: with those that were decided.
    """

    all: bool = False


def _hints(call: PageCall) -> Shown:
    found = call.service.simplifying.list(decided=call.query.all)
    return {
        "found": found,
        "all": call.query.all,
        "kinds": HINTS,
        "decided": DECIDED,
        "saved": saved,
        "may_change": call.may_change,
    }


def _hint(call: PageCall) -> Shown:
    text = call.path["number"]
    if not text.isdecimal() or len(text) > 15:
        raise UsageError("usage.bad_argument", f"there is no hint `{text[:20]}`", hint="hints have numbers")
    found = call.service.simplifying.show(int(text))
    return {
        "found": found,
        "files": [(each, code_diff(each.file, each.before, each.after)) for each in found.files],
        "steps": [step for step in found.plan.steps if step.reason != UNCHANGED] if found.plan is not None else [],
        "decided": DECIDED,
        "saved": saved,
        "may_change": call.may_change,
    }


PAGES = (
    PageRoute("/simplify", "simplify.html", _hints, HintsLooked),
    PageRoute("/simplify/{number}", "hint.html", _hint, HintsLooked),
)
