"""Load a source anew, whatever is known of it: who fills it may have corrected it meanwhile. Of what grows by time a window of it."""

from __future__ import annotations

from datetime import UTC, timedelta

from andon.model.action import ActionKind
from andon.model.growth import By
from andon.model.intervals import Range, after, floor
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.runs.goal import RunOptions


class Reload:
    """See the module."""

    kind = ActionKind.RELOAD

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only sources are loaded; of what grows by time the last of it is made anew, where somebody says how much."""
        if "last" in scene.params:
            return None if self._window(scene) is not None else f"`{scene.dataset or 'the lake'}` does not grow by time"
        return None if scene.is_source else f"`{scene.dataset or 'the lake'}` is not loaded from outside"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Load it, and bring up to date what reads it."""
        window = self._window(scene)
        if window is not None:
            return told(hands.refresh(RunOptions(select=(f"{scene.dataset}+",), fill={scene.dataset: (window,)})))
        return told(hands.refresh(RunOptions(select=(f"{scene.dataset}+",), anew=(scene.dataset,))))

    def _window(self, scene: IncidentScene) -> Range | None:
        """Whole intervals: from that in which `last` began to that in which it is now."""
        growth = scene.definition.growth if scene.definition is not None else None
        if growth is None or growth.by is not By.TIME or "last" not in scene.params:
            return None
        now = scene.now.astimezone(UTC).replace(tzinfo=None)
        start = now - timedelta(seconds=float(scene.params["last"]))
        return (floor(start, growth.grain), after(floor(now, growth.grain), growth.grain))
