"""Incidents: what is wrong, since when, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import AndonError
from andon.model.event import Notice
from andon.operations.incidents.keeping import IncidentKeeper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from andon.model.incident import Incident
    from andon.runs.goal import Listener
    from andon.runs.inspection.history import CheckHistory
    from andon.workspace.workspace import Workspace


class IncidentDesk:
    """Incidents of one lake."""

    def __init__(self, workspace: Workspace, history: CheckHistory) -> None:
        self._workspace = workspace
        self._keeper = IncidentKeeper(workspace, history)

    def run_ended(self, branch: str, listener: Listener) -> None:
        """Read what a run noticed. That it can't be read fails no run: whoever comes next reads it then."""
        try:
            self._keeper.catch_up(branch)
        except AndonError as failure:
            listener.report(Notice(f"incidents were not brought up to date: {failure.message}"))

    def catch_up(self, branch: str | None = None) -> list[Incident]:
        """Bring the incidents of a branch up to the record; returns those that changed."""
        return self._keeper.catch_up(self._workspace.reading(branch))

    def standing(self, branch: str | None = None) -> Sequence[Incident]:
        """What is not over on a branch (the one that is read by default), oldest first."""
        name = self._workspace.reading(branch)
        self._keeper.catch_up(name)
        return self._workspace.incidents.standing(name)
