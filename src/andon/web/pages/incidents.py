"""What is wrong and not right again: the list, and one incident with all that is known of it and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import UsageError
from andon.render.requests import REQUEST_STATES
from andon.service.incident_documents import BadRows
from andon.web.asking import OnBranch
from andon.web.pages.page import PageCall, PageRoute, Shown
from andon.web.routes.incidents import incident_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.service.actions import PlaybookDocument
    from andon.service.incident_documents import IncidentInfo

#: How far an incident is: glyph and colour, and the word.
INCIDENT_STATES = {
    "open": ("fail", "Open"),
    "contained": ("blocked", "Contained"),
    "fixed": ("running", "Fixed"),
    "verified": ("ok", "Verified"),
    "closed": ("ok", "Closed"),
}
#: The kinds of signals in a word.
KINDS = {
    "check": "a check",
    "failed": "a build that failed",
    "source": "a source",
    "schema": "other columns",
    "late": "lateness",
    "volume": "an unusual number of rows",
    "watch": "an unusual number",
    "governance": "what is missing of it",
    "cost": "an unusual cost",
    "cord": "the cord",
    "complaint": "a complaint",
    "silence": "silence",
    "clock": "clock",
    "repeat": "the nightly proof",
    "damage": "the nightly reading of the lake",
}
#: How long incidents are snoozed by a button.
SNOOZES = (("4h", "4 hours"), ("1d", "A day"), ("1w", "A week"))


class IncidentsLooked(OnBranch, kw_only=True):
    """Which incidents.

    Attributes:
        all: with those that are over.
    """

    all: bool = False


def _incidents(call: PageCall) -> Shown:
    asked: IncidentsLooked = call.query
    found = call.service.incidents.list(asked.branch, with_closed=asked.all)
    return {
        **_words(),
        "incidents": found,
        "standing": sum(each.state != "closed" for each in found),
        "branch": call.service.workspace.reading(asked.branch),
        "all": asked.all,
        "cords": call.service.cords.standing(asked.branch),
        "frozen": call.service.actions.frozen().frozen,
        "may_change": call.may_change,
    }


def _incident(call: PageCall) -> Shown:
    number = incident_number(call.path["incident"])
    found = call.service.incidents.show(number)
    is_over = found.incident.state == "closed"
    playbooks: Sequence[PlaybookDocument] = []
    if not is_over:
        playbooks = call.service.actions.playbooks(None, number).playbooks
    return {
        **_words(),
        "page": found,
        "incident": found.incident,
        "is_over": is_over,
        "playbooks": playbooks,
        "done": call.service.actions.newest(50, number),
        "tables": [(rows, _columns(rows)) for rows in found.rows],
        "snoozes": SNOOZES,
        "is_held": _is_held(call, found.incident),
        "may_change": call.may_change,
    }


def _is_held(call: PageCall, incident: IncidentInfo) -> bool:
    """Whether a person holds the dataset of an incident."""
    try:
        cords = call.service.cords.standing(incident.branch)
    except UsageError:  # the branch is gone: nobody holds what is not there
        return False
    return any(cord.dataset == incident.dataset for cord in cords)


def _columns(rows: BadRows) -> list[str]:
    """The columns of the samples, those of the key first."""
    named = list(dict.fromkeys(name for row in rows.samples for name in row))
    return [*(name for name in rows.key if name in named), *(name for name in named if name not in rows.key)]


def _words() -> dict[str, object]:
    return {"states": INCIDENT_STATES, "kinds": KINDS, "request_states": REQUEST_STATES}


PAGES = (
    PageRoute("/incidents", "incidents.html", _incidents, IncidentsLooked),
    PageRoute("/incidents/{incident}", "incident.html", _incident),
)
