"""What a line that can't be read was meant as: other tools' words, SQL's, English, turned into the language.

A rule is a pattern and what to write instead. Rules are tried on the line, and on what they make of it, until a line reads; no line is
offered that was not read. What two people would mean differently has no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import cache, lru_cache
from itertools import pairwise

from andon.checks.language.tokens import cut

Make = Callable[["re.Match[str]"], str]

#: How often a line may be rewritten.
_STEPS = 3
#: Lines that are longer are read by people who know the language, or are no checks.
_LONGEST = 200
#: Two values to some, a range to others.
_BOTH = re.compile(r"\bin \[\s*-?[\d.]+\s*,\s*-?[\d.]+\s*\]", re.IGNORECASE)


@cache
def _rules() -> tuple[tuple[re.Pattern[str], Make], ...]:
    # here, since most projects have no such line, and compiling some two hundred patterns takes longer than all else of a command
    from andon.checks.language.meant_rules import RULES

    return tuple((re.compile(rf"\s*{pattern}\s*\Z", re.IGNORECASE), make) for pattern, make in RULES)


def meant(line: str, reads: Callable[[str], bool]) -> str | None:
    """The line that `line`, which can't be read, was meant as; None where no rule makes one that reads.

    Args:
        reads: whether a line is a check of the dataset.
    """
    plain = " ".join(line.split())
    if _BOTH.search(plain):
        return None
    if len(plain) > _LONGEST or any(t.kind in ("string", "quoted") and t.text not in plain for t in cut(line)):
        return None  # blanks within a text stay what they are
    seen, waiting = {plain}, [plain]
    for _ in range(_STEPS):
        made = [one for each in waiting for one in _rewritten(each) if one not in seen]
        seen.update(made)
        for one in made:
            if reads(one):
                return one
        waiting = list(dict.fromkeys(made))[:12]
    return None


@lru_cache(maxsize=1000)
def _rewritten(line: str) -> tuple[str, ...]:
    # remembered, since of a line that was tried with some columns the same is tried with others
    matches = ((pattern.match(line), make) for pattern, make in _rules())
    return tuple(" ".join(make(match).split()) for match, make in matches if match)


def with_text(line: str, names: Collection[str]) -> str | None:
    """`line` with a name on the right of `=` or in a list as a text; None where none of `names` stands there."""
    wanted = {name.lower() for name in names}
    parts = cut(line)
    for before, token in pairwise(parts):
        if before.text in ("=", "==", "<>", "!=") and token.kind in ("word", "quoted") and token.name.lower() in wanted:
            return line[: token.start] + "'" + token.name.replace("'", "''") + "'" + line[token.end :]
    return None
