"""Take new columns and wider types into what a source promises, once. Nothing is narrowed and nothing dropped: such a load still fails."""

from __future__ import annotations

from andon.model.action import ActionKind
from andon.model.load import SchemaPolicy
from andon.model.signal import SignalKind
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.runs.goal import RunOptions


class AcceptSchema:
    """See the module."""

    kind = ActionKind.ACCEPT_SCHEMA

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only sources of files promise columns, and one that takes all by itself has nothing to accept."""
        definition = scene.definition
        if not scene.is_source or definition is None or definition.asks is not None:
            return f"`{scene.dataset or 'the lake'}` reads no files"
        if definition.schema is SchemaPolicy.WIDEN:
            return "it takes new columns and wider types by itself"
        moved = [signal for signal in scene.situation.aims if signal.kind is SignalKind.SCHEMA]
        if not moved:
            return "its columns are what was promised"
        is_more = all(signal.details.get("additive") for signal in moved)
        return (
            None
            if is_more
            else "its columns are not only more or wider: what was there is missing, or is something else"
        )

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Load it with what is new, and bring up to date what reads it."""
        return told(hands.refresh(RunOptions(select=(f"{scene.dataset}+",), widen=(scene.dataset,))))
