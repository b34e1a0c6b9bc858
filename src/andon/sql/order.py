"""Whether a question says in which order its rows come."""

from __future__ import annotations

from andon.sql.parse import parse


def is_ordered(select: str) -> bool:
    """Whether the outermost query of a text orders its rows; of one that does not parse it is told that it does not."""
    parsed = next(iter(parse([select])))
    if parsed.problem is not None or not parsed.statements:
        return False
    modifiers = parsed.statements[0]["node"].get("modifiers") or ()
    return any(each.get("type") == "ORDER_MODIFIER" and each.get("orders") for each in modifiers)
