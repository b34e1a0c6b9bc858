"""What is wrong in a lake, and what people hold, from Python."""

from __future__ import annotations

from andon.model.cord import Cord
from andon.python.catalog import CatalogLake
from andon.service.incident_documents import IncidentInfo, IncidentPage


class IncidentLake(CatalogLake):
    """The part of a lake that tells what is wrong."""

    def incidents(self, branch: str | None = None, *, all: bool = False) -> list[IncidentInfo]:
        """What is wrong and not right again, most at risk first; with `all` what is over, too."""
        return self._service.incidents.list(branch or self._ref, with_closed=all)

    def incident(self, number: int) -> IncidentPage:
        """All that is known of an incident: what changed, which rows fail, whom it reaches, what was done.

        Raises:
            UsageError: `incident.none`.
        """
        return self._service.incidents.show(number)

    def take_incident(self, number: int, owner: str | None = None) -> IncidentInfo:
        """Take care of an incident, or give it to somebody.

        Raises:
            UsageError: `incident.none`.
            ConflictError: `incident.over`.
        """
        return self._service.incidents.take(number, owner)

    def fix_incident(self, number: int, note: str) -> IncidentInfo:
        """Record that something was done about an incident by hand; it ends when what readers see is right. Raises as `take_incident`."""
        return self._service.incidents.fix(number, note)

    def close_incident(self, number: int, verdict: str | None = None, note: str | None = None) -> IncidentInfo:
        """Close an incident: `expected`, the data are right; `no-problem`, noticing it was wrong; a complaint also without.

        Raises:
            UsageError: `incident.none`.
            ConflictError: `incident.over`, `incident.stands`.
        """
        return self._service.incidents.close(number, verdict, note)

    def reopen_incident(self, number: int, note: str | None = None) -> IncidentInfo:
        """Open an incident again that somebody closed while it stood. Raises as `close_incident`."""
        return self._service.incidents.reopen(number, note)

    def snooze_incident(self, number: int, until: str | None, note: str | None = None) -> IncidentInfo:
        """Hear nothing of an incident until then (`2h`, `2026-12-01`); None ends that. Raises as `take_incident`."""
        return self._service.incidents.snooze(number, until, note)

    def hold(self, dataset: str, reason: str, branch: str | None = None) -> Cord:
        """Pull the cord: no run publishes this dataset, nor what is made of it, until it is released.

        Raises:
            UsageError: `lake.dataset_not_found`.
            ConflictError: `cord.held`.
        """
        return self._service.cords.hold(dataset, reason, branch)

    def release(self, dataset: str, note: str | None = None, branch: str | None = None) -> Cord:
        """Let a dataset go on that somebody holds.

        Raises:
            UsageError: `cord.none`.
        """
        return self._service.cords.release(dataset, note, branch)

    def complain(self, dataset: str, text: str, branch: str | None = None) -> IncidentInfo:
        """Say that something looks wrong with a dataset; it holds nothing.

        Raises:
            UsageError: `lake.dataset_not_found`.
        """
        return self._service.cords.complain(dataset, text, branch)
