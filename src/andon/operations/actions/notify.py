"""Call a person: the incident says so, and whoever is told of incidents hears of it."""

from __future__ import annotations

from andon.model.action import ActionKind, ActionOutcome
from andon.operations.actions.action import Done, Hands, IncidentScene


class Notify:
    """See the module."""

    kind = ActionKind.NOTIFY

    def unfit(self, scene: IncidentScene) -> str | None:
        """It fits always."""
        del scene
        return None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Nothing but what is noted of it."""
        del hands
        return Done(ActionOutcome.DONE, f"a person is called: {scene.situation.incident.title}", kept={"calls": True})
