"""Words for hints by which the project gets simpler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.text import plural, size
from andon.simplify.hint import HintKind

if TYPE_CHECKING:
    from andon.service.simplify_documents import HintSavings

#: What there is, in a few words.
HINTS: Mapping[HintKind, str] = {
    HintKind.INLINE: "one reader",
    HintKind.VIEW: "view on view",
    HintKind.SAME: "there twice",
    HintKind.COLUMNS: "nobody reads them",
    HintKind.CHECK: "said twice",
    HintKind.SCHEDULE: "finer than read",
    HintKind.MACRO: "hardly used",
}


def saved(saves: HintSavings) -> str:
    """What there is no more: `1 dataset, 2.5 s a month, 3 kB`; empty where that is nothing to speak of."""
    said = [
        plural(saves.datasets, "dataset") if saves.datasets else "",
        f"{saves.seconds:.1f} s a month" if saves.seconds >= 0.05 else "",
        size(saves.bytes) if saves.bytes else "",
    ]
    return ", ".join(each for each in said if each)
