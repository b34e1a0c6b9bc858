"""Whether a definition can grow as its file says: what stands in the way is told before anything is built."""

from __future__ import annotations

from andon.errors import Problem
from andon.model.dataset import ClockUse, Definition
from andon.model.growth import ROWS_APART, SAME_CHANCE, SAME_TIME, By, Growth
from andon.model.version import Schemas
from andon.runs.growing.proofs import Proofs


def cannot_grow(definition: Definition, schemas: Schemas, proofs: Proofs) -> Problem | None:
    """Why a definition can't grow as it says, or None.

    Args:
        schemas: the columns of its inputs, as the lake stores them.
    """
    growth = definition.growth
    if growth is None:
        return None
    found = _why_not(definition, growth, schemas, proofs)
    if found is None:
        return None
    why, word = found
    message = f"`{definition.dataset}` can't grow by {growth.by}: {why}"
    hint = "`materialize: table` makes it whole at every run"
    if word is not None:
        hint += f"; or change the query; or answer for it yourself with `assume: [{word}]` in `incremental`"
    return Problem("build.can_not_grow", message, definition.entry, hint=hint)


def _why_not(definition: Definition, growth: Growth, schemas: Schemas, proofs: Proofs) -> tuple[str, str | None] | None:
    """Why, and what a person may assume for it."""
    if not definition.inputs:
        return "it reads no dataset, so nothing of it is ever new", None
    if definition.clock is not ClockUse.NONE and SAME_TIME not in growth.assume:
        return "it reads the clock, and rows that stay would keep the time that they were made at", SAME_TIME
    if definition.allow and SAME_CHANCE not in growth.assume:
        return "it is made by chance, and rows that stay would keep what chance gave them", SAME_CHANCE
    if ROWS_APART in growth.assume:
        return None
    if growth.by is By.APPEND:
        reasons = [proofs.grows(definition, schemas, [name]).reason for name in definition.inputs]
        return None if None in reasons else (str(reasons[0]), ROWS_APART)
    if growth.by is By.TIME:
        apart = proofs.apart(definition, schemas, [str(growth.column)], growth.grain)
        return (apart.reason, ROWS_APART) if apart.reason is not None else None
    key = definition.key
    tried = [proofs.apart(definition, schemas, each) for each in [key, *([name] for name in key if len(key) > 1)]]
    return None if any(each.reason is None for each in tried) else (str(tried[0].reason), ROWS_APART)
