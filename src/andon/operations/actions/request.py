"""Ask something of whoever owns the dataset: the incident is theirs, and a request says what is asked of them."""

from __future__ import annotations

from andon.model.action import ActionKind, ActionOutcome
from andon.operations.actions.action import Done, Hands, IncidentScene


class Request:
    """See the module."""

    kind = ActionKind.REQUEST

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only where somebody is known whom to ask, and is not asked already."""
        person = self._person(scene)
        if person is None:
            return f"nobody owns `{scene.dataset or 'the lake'}`: `of` says whom to ask"
        return f"{person} takes care of it" if scene.situation.incident.owner == person else None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Give it to them, with what is asked."""
        person = self._person(scene)
        assert person is not None  # `unfit` says so
        text = str(scene.params.get("ask") or scene.situation.incident.title)
        asked = hands.ask(person, text)
        kept = {
            "owner": person,
            "owner_before": asked.owner_before,
            "asked": text,
            "request": asked.request,
            "calls": True,
        }
        return Done(ActionOutcome.DONE, f"{person} is asked, request {asked.request}: {text}", kept=kept)

    def _person(self, scene: IncidentScene) -> str | None:
        return scene.params.get("of") or scene.situation.owner
