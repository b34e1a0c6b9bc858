"""Load a source anew, whatever is known of it: who fills it may have corrected it meanwhile."""

from __future__ import annotations

from andon.model.action import ActionKind
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.runs.goal import RunOptions


class Reload:
    """See the module."""

    kind = ActionKind.RELOAD

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only sources are loaded."""
        return None if scene.is_source else f"`{scene.dataset or 'the lake'}` is not loaded from outside"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Load it, and bring up to date what reads it."""
        return told(hands.refresh(RunOptions(select=(f"{scene.dataset}+",), anew=(scene.dataset,))))
