"""Durations and shares as numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from andon.model.review import Share, Spread

#: What `most` covers.
_MOST = 0.9


def spread(seconds: Iterable[float]) -> Spread:
    """Median and 90 % quantile (nearest rank: a value that there is) of durations."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread(0, None, None)
    return Spread(len(ordered), _rank(ordered, 0.5), _rank(ordered, _MOST))


def share(count: int, of: int) -> Share:
    """`count` of `of`."""
    return Share(count, of, count / of if of else None)


def _rank(ordered: list[float], part: float) -> float:
    return round(ordered[max(math.ceil(part * len(ordered)) - 1, 0)], 1)
