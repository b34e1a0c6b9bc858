"""What a history is made of beside its inputs: the state that it goes on from, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from andon.base.clock import to_text
from andon.model.build import Build
from andon.model.dataset import Definition

#: What a history remembers: the version that it went on from, the time that counted, and whose history it is.
EARLIER, MOMENT, KEY = "earlier", "moment", "key"


def goes_on_from(
    definition: Definition, inputs: Mapping[str, str], before: Build | None, moment: datetime, *, anew: bool = False
) -> Mapping[str, Any] | None:
    """What a history's next build remembers (`Build.grown`), part of its recipe key; None for what is no history.

    Over the same inputs it is that of the build that is there: nothing goes on from itself, and what was lost is built again from what
    it was built from.

    Args:
        before: the build of the head's leaf, where that is a history too.
        anew: whether it begins anew, with no earlier state.
    """
    if definition.history is None:
        return None
    key, now = list(definition.history.key), to_text(moment)
    remembered = before.grown if before is not None else None
    if anew or before is None or remembered is None or list(remembered[KEY]) != key:
        return {EARLIER: None, MOMENT: now, KEY: key}
    if before.definition == definition.id and dict(before.inputs) == dict(inputs):
        return remembered
    return {EARLIER: before.version, MOMENT: now, KEY: key}
