"""What is wrong in a lake that a server has, and what people hold."""

from __future__ import annotations

from typing import Any

from andon.base.document import from_json
from andon.model.cord import Cord
from andon.python.remote_catalog import RemoteCatalog
from andon.service.incident_documents import IncidentInfo, IncidentPage


class RemoteIncidents(RemoteCatalog):
    """The part of a served lake that tells what is wrong; verbs and arguments as in `IncidentLake`."""

    def incidents(self, branch: str | None = None, *, all: bool = False) -> list[IncidentInfo]:
        """What is wrong and not right again, most at risk first."""
        return from_json(list[IncidentInfo], self._link.get("/incidents", branch=branch or self._ref, all=all or None))

    def incident(self, number: int) -> IncidentPage:
        """All that is known of an incident."""
        return from_json(IncidentPage, self._link.get(f"/incidents/{number}"))

    def take_incident(self, number: int, owner: str | None = None) -> IncidentInfo:
        """Take care of an incident, or give it to somebody."""
        return self._incident(number, "take", {"owner": owner})

    def fix_incident(self, number: int, note: str) -> IncidentInfo:
        """Record that something was done about an incident by hand."""
        return self._incident(number, "fix", {"note": note})

    def close_incident(self, number: int, verdict: str | None = None, note: str | None = None) -> IncidentInfo:
        """Close an incident because a person says so."""
        return self._incident(number, "close", {"verdict": verdict, "note": note})

    def reopen_incident(self, number: int, note: str | None = None) -> IncidentInfo:
        """Open an incident again that somebody closed."""
        return self._incident(number, "reopen", {"note": note})

    def snooze_incident(self, number: int, until: str | None, note: str | None = None) -> IncidentInfo:
        """Hear nothing of an incident for a while."""
        return self._incident(number, "snooze", {"until": until, "note": note})

    def hold(self, dataset: str, reason: str, branch: str | None = None) -> Cord:
        """Pull the cord: no run publishes this dataset, nor what is made of it."""
        return from_json(Cord, self._link.post("/cords", {"dataset": dataset, "reason": reason, "branch": branch}))

    def release(self, dataset: str, note: str | None = None, branch: str | None = None) -> Cord:
        """Let a dataset go on that somebody holds."""
        return from_json(Cord, self._link.post("/releases", {"dataset": dataset, "note": note, "branch": branch}))

    def complain(self, dataset: str, text: str, branch: str | None = None) -> IncidentInfo:
        """Say that something looks wrong with a dataset."""
        found = self._link.post("/complaints", {"dataset": dataset, "text": text, "branch": branch})
        return from_json(IncidentInfo, found)

    def _incident(self, number: int, verb: str, body: dict[str, Any]) -> IncidentInfo:
        return from_json(IncidentInfo, self._link.post(f"/incidents/{number}/{verb}", body))
