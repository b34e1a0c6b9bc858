"""Take back the publish that brought what is wrong, where readers see it and nothing else would be lost beyond a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.lake.undo import undo_target
from andon.model.action import ActionKind, ActionOutcome
from andon.model.incident import IncidentState
from andon.operations.actions.action import Done, Hands, IncidentScene

if TYPE_CHECKING:
    from andon.model.commit import Commit

#: So many other datasets may go back with it.
_OTHERS = 10


class Undo:
    """See the module."""

    kind = ActionKind.UNDO

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only what readers see, of which the newest publish is known to have brought it, and was right before."""
        incident = scene.situation.incident
        if incident.state is not IncidentState.OPEN:
            return "readers see what was good before already"
        found = self._target(scene)
        if found is None:
            return "the newest publish did not bring it"
        before = scene.view.workspace.lake.commits.get(found.parent or "")
        if scene.dataset not in scene.view.workspace.lake.commits.state(before).leaves:
            return f"there was no `{scene.dataset}` before"
        others = len(self._changed(scene, found)) - 1 - scene.situation.reach
        return f"{plural(others, 'other dataset')} would go back too" if others > _OTHERS else None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Take it back."""
        found = self._target(scene)
        if found is None:
            return Done(ActionOutcome.FAILED, "another publish came since")
        return Done(ActionOutcome.RUNNING, f"took back {found.id[:8]}", hands.take_back(found.id))

    def _target(self, scene: IncidentScene) -> Commit | None:
        """The newest publish, if it changed the dataset."""
        found = undo_target(scene.view.workspace.lake.commits.first_parents(scene.view.commit))
        if found is None or found.parent is None or scene.dataset not in self._changed(scene, found):
            return None
        return found

    def _changed(self, scene: IncidentScene, publish: Commit) -> set[str]:
        commits = scene.view.workspace.lake.commits
        return set(commits.changed_leaves(commits.get(publish.parent or ""), publish))
