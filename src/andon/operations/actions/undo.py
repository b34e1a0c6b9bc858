"""Take back the publish that brought what is wrong, where readers see it and nothing else would be lost beyond a bound."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.lake.undo import undo_target, with_undone
from andon.model.action import ActionKind, ActionOutcome
from andon.model.commit import CommitKind
from andon.model.incident import IncidentState
from andon.operations.actions.action import Done, Hands, IncidentScene

if TYPE_CHECKING:
    from andon.model.commit import Commit

#: So many other datasets may go back with it.
_OTHERS = 10
#: So many publishes are looked through for the one that brought it.
_LOOKED_AT = 200


class Undo:
    """See the module."""

    kind = ActionKind.UNDO

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only what readers see, of which the publish that brought it is known, and that was right before."""
        incident = scene.situation.incident
        if incident.state is not IncidentState.OPEN:
            return "readers see what was good before already"
        found = self._target(scene)
        if found is None:
            return "no publish is known to have brought it"
        before = scene.view.workspace.lake.commits.get(found.parent or "")
        if scene.dataset not in scene.view.workspace.lake.commits.state(before).leaves:
            return f"there was no `{scene.dataset}` before"
        others = len(self._changed(scene, found)) - 1 - scene.situation.reach
        return f"{plural(others, 'other dataset')} would go back too" if others > _OTHERS else None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Take it back."""
        found = self._target(scene)
        if found is None:
            return Done(ActionOutcome.FAILED, "it was taken back since")
        return Done(ActionOutcome.RUNNING, f"took back {found.id[:8]}", hands.take_back(found.id))

    def _target(self, scene: IncidentScene) -> Commit | None:
        """The publish that brought it: the first since it was good that changed the dataset; where nobody knows since when, the newest, if
        it did."""
        commits, incident = scene.view.workspace.lake.commits, scene.situation.incident
        history = [*islice(commits.first_parents(scene.view.commit), _LOOKED_AT)]
        good = next((place for place, each in enumerate(history) if each.id == incident.last_good), None)
        if good is None:
            found = undo_target(history)
            return found if found is not None and self._is_of(scene, found) else None
        since = {each.id for each in history[:good]}
        brought = [
            each
            for each, is_undone in with_undone(history)
            if each.id in since and not is_undone and each.kind is not CommitKind.UNDO and self._is_of(scene, each)
        ]
        return brought[-1] if brought else None

    def _is_of(self, scene: IncidentScene, publish: Commit) -> bool:
        return publish.parent is not None and scene.dataset in self._changed(scene, publish)

    def _changed(self, scene: IncidentScene, publish: Commit) -> set[str]:
        commits = scene.view.workspace.lake.commits
        return set(commits.changed_leaves(commits.get(publish.parent or ""), publish))
