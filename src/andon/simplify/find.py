"""All hints of a scene, in the order in which they are told. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from andon.simplify.columns import unread_columns
from andon.simplify.hint import Hint, HintKind
from andon.simplify.inlining import inlinable
from andon.simplify.macros import little_used_macros
from andon.simplify.repeated import repeated_checks
from andon.simplify.scene import ProjectScene
from andon.simplify.schedules import coarser_schedules
from andon.simplify.twins import Histories, twins


def find_hints(
    scene: ProjectScene, now: datetime, histories: Histories, dismissed: Collection[Hint] = ()
) -> list[Hint]:
    """What could be simpler, what saves most first.

    Args:
        histories: how often datasets held the same, see `twins`.
        dismissed: hints that somebody does not want: of columns those that they are about are left out, too.
    """
    kept = frozenset(
        (hint.subject, column) for hint in dismissed if hint.kind is HintKind.COLUMNS for column in hint.parts
    )
    found = [
        *twins(scene, histories),
        *inlinable(scene),
        *coarser_schedules(scene, now),
        *unread_columns(scene, kept),
        *repeated_checks(scene),
        *little_used_macros(scene),
    ]
    # what is to go is not to be worked on: first what is there twice, then what can be put into its reader
    for kinds in ((HintKind.SAME,), (HintKind.SAME, HintKind.INLINE, HintKind.VIEW)):
        goes = {hint.subject for hint in found if hint.kind in kinds}
        found = [hint for hint in found if hint.kind in kinds or hint.subject not in goes]
    return sorted(
        found, key=lambda hint: (-hint.saves.datasets, -hint.saves.seconds, list(HintKind).index(hint.kind), hint.key)
    )
