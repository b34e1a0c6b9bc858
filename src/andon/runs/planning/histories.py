"""What a history is made of beside its inputs: the state that it goes on from, and when. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from andon.base.clock import to_text
from andon.model.build import Build
from andon.model.commit import Leaf
from andon.model.dataset import Definition

#: What a history remembers: the version that it went on from, the time that counted, and whose history it is.
EARLIER, MOMENT, KEY = "earlier", "moment", "key"


#: Leaves by dataset.
Leaves = Mapping[str, Leaf]


def continued(definitions: Mapping[str, Definition], head: Leaves, renamed: Mapping[str, Definition]) -> Leaves:
    """The states that a branch's histories go on from: its own, and of one whose file has another name now, that under the old name.

    Args:
        head: the histories that the branch shows.
        renamed: the definitions of those that the code has no more, by dataset.
    """
    found = dict(head)
    for dataset, definition in definitions.items():
        if definition.history is None or dataset in head:
            continue
        same = [d for d, old in renamed.items() if (old.sql, old.history) == (definition.sql, definition.history)]
        if len(same) == 1:
            found[dataset] = head[same[0]]
    return found


def with_merged(own: Leaves, head: Leaves, merged: Leaves, parted: Leaves) -> Leaves:
    """The states that histories go on from where a branch is merged: its own, where this one shows what it showed when they parted.

    Args:
        own: those of the branch that it is merged into; `head`: all that this branch shows.
        merged: the histories that the other one shows.
        parted: what both had in common.
    """
    found = dict(own)
    for dataset, leaf in merged.items():
        here, before = head.get(dataset), parted.get(dataset)
        if (here.version if here else None) == (before.version if before else None):
            found[dataset] = leaf
    return found


def goes_on_from(
    definition: Definition, inputs: Mapping[str, str], before: Build | None, moment: datetime, *, anew: bool = False
) -> Mapping[str, Any] | None:
    """What a history's next build remembers (`Build.grown`), part of its recipe key; None for what is no history.

    Over the same inputs it is what that build remembers: nothing goes on from itself, and what was lost is built again from what
    it was built from.

    Args:
        before: the build of the state that it goes on from, if there is one.
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
