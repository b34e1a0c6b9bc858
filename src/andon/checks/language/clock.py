"""Which checks may depend on the logical time, told from their texts alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from andon.base.text import words_in
from andon.sql.names import CLOCK_NAMES

_CLOCK = re.compile(r"\b(?:max_age|" + "|".join(sorted(CLOCK_NAMES)) + r")\b", re.IGNORECASE)


def mentions(text: str, words: Collection[str]) -> bool:
    """Whether `text` may use the clock, or names one of the macros `words`. Says yes too often, never no too often; asks no engine."""
    if _CLOCK.search(text):
        return True
    return bool(words) and not words_in(text).isdisjoint(words)


def clock_macros(macros: Iterable[str]) -> frozenset[str]:
    """Names of the macros that may use the clock, themselves or by others that they call."""
    texts = list(macros)
    if not any(_CLOCK.search(text) for text in texts):
        return frozenset()
    # here, since it is rare, and what cuts SQL costs an import
    from andon.sql.macros import macro_name

    bodies = {macro_name(text)[0].lower(): text for text in texts}
    found: set[str] = set()
    while True:
        more = {name for name, body in bodies.items() if name not in found and mentions(body, found)}
        if not more:
            return frozenset(found)
        found |= more
