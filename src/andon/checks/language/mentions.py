"""What texts of checks may name, told from their words alone: more than they do, never less. Cheap, since every command asks it.

`lines.py` tells it from tokens; only the parser says what a line means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from andon.base.text import words_in

# two names with a point between them, wherever they stand; the second may begin the next pair
_PAIR = re.compile(r"""(?=(?<![\w"])("[^"]+"|[^\W\d]\w*)\s*\.\s*("[^"]+"|[^\W\d]\w*))""")
_AGE = re.compile(r"\bmax_age\b", re.IGNORECASE)


def pairs_in(texts: Iterable[str]) -> set[str]:
    """Every dataset that texts may name, and more: all pairs of names with a point between, also within strings."""
    pairs = (pair for text in texts if "." in text for pair in _PAIR.findall(text))
    return {".".join(part.strip('"').lower() for part in pair) for pair in pairs}


def macros_called(texts: Iterable[str], macros: Mapping[str, str]) -> set[str]:
    """Names of the macros that texts may call, and of those that these call.

    Args:
        macros: `{name in lower case: CREATE MACRO statement}`.
    """
    called: set[str] = set()
    waiting = list(texts)
    while waiting:
        new = (words_in(waiting.pop()) & macros.keys()) - called
        called |= new
        waiting += [macros[name] for name in new]
    return called


def is_age(text: str) -> bool:
    """Whether a line is about the age of data (`max_age 26h by created_at`), and not about a column of that name."""
    if not _AGE.search(text):
        return False
    # here, since few lines have the word, and what cuts a line costs an import
    from andon.checks.language.lines import begins_age, form_of

    parts = form_of(text)
    return begins_age(parts) and not (len(parts) > 2 and parts[2].text == "..")
