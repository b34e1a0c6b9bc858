"""Fill times that a table lacks: intervals between the first and the last that are filled."""

from __future__ import annotations

from datetime import timedelta

from andon.base.text import plural
from andon.model.action import ActionKind, ActionOutcome
from andon.model.growth import By, Grown
from andon.model.intervals import Range, complement
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.runs.goal import RunOptions
from andon.runs.growing.filled import filled_ranges

_MOST = 7
_LENGTHS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 31.0, "year": 366.0}


def gaps(filled: tuple[Range, ...]) -> tuple[Range, ...]:
    """The times between filled ranges: those with an end on both sides."""
    return tuple(each for each in complement(filled) if each[0] is not None and each[1] is not None)


class Backfill:
    """See the module."""

    kind = ActionKind.BACKFILL

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only tables that grow by time lack times; and not more than it may fill."""
        missing = self._missing(scene)
        if missing is None:
            return f"`{scene.dataset or 'the lake'}` does not grow by time"
        if not missing:
            return "no time is missing"
        count, most = self._count(scene, missing), int(scene.params.get("most", _MOST))
        return f"{plural(count, 'interval')} are missing: it may fill {most}" if count > most else None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Fill them, and bring up to date what reads it."""
        missing = self._missing(scene)
        if not missing:
            return Done(ActionOutcome.FAILED, "no time is missing any more")
        return told(hands.refresh(RunOptions(select=(f"{scene.dataset}+",), fill={scene.dataset: missing})))

    def _missing(self, scene: IncidentScene) -> tuple[Range, ...] | None:
        definition, leaf = scene.definition, scene.view.state.leaves.get(scene.dataset)
        if definition is None or leaf is None or definition.growth is None or definition.growth.by is not By.TIME:
            return None
        build = scene.view.workspace.lake.objects.builds([leaf.build]).get(leaf.build)
        filled = filled_ranges(Grown.of(build.grown)) if build is not None else None
        return gaps(filled) if filled is not None else ()

    def _count(self, scene: IncidentScene, missing: tuple[Range, ...]) -> int:
        growth = scene.definition.growth if scene.definition is not None else None
        length = timedelta(days=_LENGTHS[str(growth.grain)] if growth is not None else 1.0)
        return sum(max(1, round((end - start) / length)) for start, end in missing if start and end)
