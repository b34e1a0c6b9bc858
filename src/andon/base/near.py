"""Whether texts and numbers are the same but for the last digits, and where they are not. Pure, and packed into folders: of Andon it
knows nothing."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: By so much of themselves numbers may differ.
NEARLY = 1e-9

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")
#: Lines that are put beside each other; of longer texts only whether they are equal is told, beyond these.
_MOST_LINES = 5_000


@dataclass(frozen=True)
class LineApart:
    """A place where two texts differ: the line (from 1), and what stands there; None on the side where it does not."""

    line: int
    old: str | None
    new: str | None


def near(one: float, other: float) -> bool:
    """Whether two numbers differ by no more than `NEARLY` of themselves; what is not finite is near itself alone."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return True
    return math.isfinite(one) and math.isfinite(other) and abs(one - other) <= NEARLY * max(abs(one), abs(other))


def texts_are_near(old: str, new: str) -> bool:
    """Whether two texts are the same but for numbers in them, which are near each other."""
    if old == new:
        return True
    before, after = _NUMBER.split(old), _NUMBER.split(new)
    if before != after:
        return False
    return all(
        near(float(one), float(other)) for one, other in zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
    )


def lines_apart(old: str, new: str) -> Iterator[LineApart]:
    """Where two texts differ, line by line: lines that are near each other are no difference."""
    before, after = old.splitlines()[:_MOST_LINES], new.splitlines()[:_MOST_LINES]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what == "equal":
            continue
        for step in range(max(i_end - i, j_end - j)):
            one = before[i + step] if i + step < i_end else None
            other = after[j + step] if j + step < j_end else None
            if one is None or other is None or not texts_are_near(one, other):
                yield LineApart((j if one is None else i) + step + 1, one, other)
