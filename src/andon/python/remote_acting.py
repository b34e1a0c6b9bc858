"""What is done about what is wrong in a lake that a server has."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.document import from_json
from andon.model.action import ActionDocument
from andon.python.remote_scheduling import RemoteScheduled
from andon.service.actions import FreezeDocument, PlaybooksDocument


class RemoteActing(RemoteScheduled):
    """The part of a served lake that corrects what is wrong; verbs and arguments as in `ActingLake`."""

    def fix(self, incident: int, action: str, params: Mapping[str, str] | None = None) -> ActionDocument:
        """Do something about an incident, and verify it: what did not help is undone."""
        asked = {"incident": incident, "action": action, "params": dict(params or {})}
        return from_json(ActionDocument, self._link.post("/actions", asked))

    def actions(self, incident: int | None = None, limit: int = 100) -> list[ActionDocument]:
        """What was done, newest first; about one incident, if given."""
        return from_json(list[ActionDocument], self._link.get("/actions", incident=incident, limit=limit))

    def playbooks(self, branch: str | None = None, incident: int | None = None) -> PlaybooksDocument:
        """What answers incidents, and how it came out; only what answers one incident, if given."""
        return from_json(PlaybooksDocument, self._link.get("/playbooks", branch=branch, incident=incident))

    def freeze(self, why: str = "") -> FreezeDocument:
        """Stop all automatic action at once."""
        return from_json(FreezeDocument, self._link.post("/freezes", {"why": why}))

    def thaw(self) -> FreezeDocument:
        """Let automatic action go on."""
        return from_json(FreezeDocument, self._link.post("/freezes", {"off": True}))
