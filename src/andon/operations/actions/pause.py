"""Keep what reads a dataset from being brought up to date by schedule, until the incident is over: what would come is known to be wrong,
or is work in vain."""

from __future__ import annotations

from datetime import timedelta

from andon.base.clock import to_text
from andon.base.graph import reach, reverse
from andon.base.text import plural
from andon.model.action import ActionKind, ActionOutcome
from andon.operations.actions.action import Done, Hands, IncidentScene
from andon.state.pauses import ALL


class PauseReaders:
    """See the module."""

    kind = ActionKind.PAUSE

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only where something reads it that goes on."""
        return None if self._below(scene) else f"nothing reads `{scene.dataset or 'the lake'}` that goes on"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """PauseReaders it. What a person paused stays theirs."""
        below = self._below(scene)
        length = scene.params.get("for")
        hands.pause(below, scene.now + timedelta(seconds=length) if length is not None else None)
        return Done(ActionOutcome.DONE, f"{plural(len(below), 'dataset')} paused", kept={"datasets": below})

    def _below(self, scene: IncidentScene) -> list[str]:
        needs = {name: list(said.definition.inputs) for name, said in scene.view.project.datasets.items()}
        if scene.dataset not in needs:
            return []
        incident = scene.situation.incident
        paused = scene.view.workspace.pauses.of(incident.branch, to_text(scene.now))
        below = reach(reverse(needs), [scene.dataset]) - {scene.dataset}
        there = below & scene.view.state.leaves.keys()
        return [] if ALL in paused else sorted(there - paused.keys())
