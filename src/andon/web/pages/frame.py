"""What stands around every page: the project, the person, where one looks, what is to be told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.record import Record
from andon.errors import AndonError
from andon.web.pages.rendering import href

if TYPE_CHECKING:
    from andon.web.pages.page import PageCall

#: Pages of the side bar: key, icon, word, address.
PLACES = (
    ("b", "layout-grid", "Board", "/"),
    ("i", "bell", "Incidents", "/incidents"),
    ("c", "search", "Catalog", "/catalog"),
    ("n", "eye", "Insights", "/insights"),
    ("l", "chart-line", "Analyses", "/analyses"),
    ("q", "hand-helping", "Requests", "/requests"),
    ("w", "coins", "Value", "/value"),
    ("s", "square-terminal", "SQL", "/sql"),
    ("h", "git-branch", "Changes", "/changes"),
    ("r", "play", "Runs", "/runs"),
    ("o", "database", "Sources", "/sources"),
    ("m", "workflow", "Map", "/map"),
    ("a", "blocks", "Architecture", "/architecture"),
    ("v", "chart-column", "Review", "/review"),
    ("p", "compass", "Principles", "/principles"),
)
#: What can be done from anywhere, for the palette: words and the page where it is done; first what whoever may read may do, too.
READERS_ACTIONS = (("Ask a question", "/sql"), ("Request what is not there", "/requests#ask"))
ACTIONS = (
    *READERS_ACTIONS,
    ("Run or refresh", "/runs/new"),
    ("Send a file", "/sources#upload-title"),
    ("What could be simpler", "/simplify"),
    ("What was proved", "/proofs"),
)


class Frame(Record):
    """What stands around a page.

    Attributes:
        at: the ref that is looked at, where the address names one.
        branch: the one that is looked at without it.
        branches: all of them, for the switcher.
        state: of the worst dataset that readers see.
        needs: how many things need a person.
    """

    project: str
    person: str
    role: str
    may_change: bool
    knows_people: bool
    path: str
    at: str | None
    branch: str
    branches: tuple[str, ...]
    state: str
    needs: int

    def at_ref(self, ref: str) -> str:
        """This page at another ref."""
        return href(self.path, at=None if ref == self.branch else ref)

    def link(self, path: str, **query: Any) -> str:
        """An address that looks at the same commit as this page."""
        return href(path, **{"at": self.at, **query})

    def is_at(self, place: str) -> bool:
        """Whether the page belongs to that place of the side bar."""
        if place == "/":
            return self.path == "/"
        return self.path.startswith(place) or (place == "/catalog" and self.path.startswith("/d/"))


def frame_of(call: PageCall, path: str) -> Mapping[str, Any]:
    """What every template is given."""
    workspace = call.service.workspace
    branches = tuple(ref.name for ref in workspace.lake.refs.of_kind("branch"))
    state, needs = _standing(call)
    frame = Frame(
        workspace.root.name,
        call.asking.person.name,
        str(call.asking.person.role),
        call.may_change,
        bool(workspace.people),
        "/" if path.startswith("/do/") else path,  # what a form asked for is no place to look at
        getattr(call.query, "at", None),
        workspace.branch(),
        branches,
        state,
        needs,
    )
    return {
        "frame": frame,
        "link": frame.link,
        "places": PLACES,
        "actions": ACTIONS if frame.may_change else READERS_ACTIONS,
        "new_id": _new_id,
        "now": workspace.clock(),
    }


def _standing(call: PageCall) -> tuple[str, int]:
    """How the lake stands, for the lamp; what can't be told is no reason to show no page."""
    try:
        board = call.service.board.show(None)
    except AndonError:
        return "idle", 0
    return (str(board.status) if any(lane.cards for lane in board.lanes) else "idle"), len(board.needs)


def _new_id() -> str:
    """An id for the request of a form."""
    return secrets.token_hex(16)
