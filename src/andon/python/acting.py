"""What is done about what is wrong, from Python."""

from __future__ import annotations

from collections.abc import Mapping

from andon.model.action import ActionDocument
from andon.python.scheduling import ScheduledLake
from andon.service.actions import FreezeDocument, PlaybooksDocument


class ActingLake(ScheduledLake):
    """The part of a lake that corrects what is wrong."""

    def fix(self, incident: int, action: str, params: Mapping[str, str] | None = None) -> ActionDocument:
        """Do something about an incident, and verify it: what did not help is undone.

        Args:
            action: a kind of action, or the name of a playbook.
            params: what the action is told.

        Raises:
            UsageError: `incident.none`; `action.unfit`, `action.running`; `usage.bad_argument` for an unknown action.
        """
        return ActionDocument.about(self._service.actions.fix(incident, action, params))

    def actions(self, incident: int | None = None, limit: int = 100) -> list[ActionDocument]:
        """What was done, newest first; about one incident, if given."""
        return self._service.actions.newest(limit, incident)

    def playbooks(self, branch: str | None = None, incident: int | None = None) -> PlaybooksDocument:
        """What answers incidents, and how it came out; only what answers one incident, if given."""
        return self._service.actions.playbooks(branch, incident)

    def freeze(self, why: str = "") -> FreezeDocument:
        """Stop all automatic action at once."""
        return self._service.actions.freeze(why)

    def thaw(self) -> FreezeDocument:
        """Let automatic action go on."""
        return self._service.actions.thaw()
