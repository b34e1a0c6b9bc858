"""Make again what failed: its error may be gone, or its inputs right."""

from __future__ import annotations

from andon.model.action import ActionKind
from andon.model.signal import SignalKind
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.runs.goal import RunOptions

#: What no run makes right.
_BESIDE = frozenset(
    (
        SignalKind.CORD,
        SignalKind.COMPLAINT,
        SignalKind.GOVERNANCE,
        SignalKind.SILENCE,
        SignalKind.REPEAT,
        SignalKind.DAMAGE,
    )
)


class Retry:
    """See the module."""

    kind = ActionKind.RETRY

    def unfit(self, scene: IncidentScene) -> str | None:
        """A cord, a complaint, or what is missing of governance is no run."""
        return "no run makes that right" if scene.situation.incident.kind in _BESIDE else None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Bring it up to date, with what follows."""
        return told(hands.refresh(RunOptions(select=scene.targets)))
