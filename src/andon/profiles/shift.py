"""How far the values of a column moved as a whole: the population stability index of two profiles. Pure.

The sum of (b - a) ln(b / a) over shares a, b of the same groups: values where all are known, else ranges of equal shares before.
Below 0.1 little moved; from 0.25 on it is another population.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from andon.model.profile import ColumnKind, ColumnProfile, Value

#: A share that stands for none, so that the logarithm exists.
_NONE = 0.0005

Point = tuple[float, float]


def shift(old: ColumnProfile, new: ColumnProfile) -> float | None:
    """The index, or None where the profiles don't tell (masked, nested, no values)."""
    if old.masked or new.masked or not old.values or not new.values:
        return None
    if old.top_complete and new.top_complete and old.top and new.top:
        return None if old.is_unique and new.is_unique else _of_values(old, new)
    if old.kind in (ColumnKind.NUMBER, ColumnKind.MOMENT):
        return _of_ranges(old, new)
    if old.top and new.top:
        return _of_values(old, new)
    return None


def shift_by_chance(old: ColumnProfile, new: ColumnProfile) -> float:
    """The index that two samples of one population have in the mean, twice: small tables differ by chance."""
    groups = max(len(old.top), len(new.top)) if old.top_complete and new.top_complete else 10
    return 2 * max(groups - 1, 0) * (1 / max(old.values, 1) + 1 / max(new.values, 1))


def _of_values(old: ColumnProfile, new: ColumnProfile) -> float:
    """Over the most frequent values of both, and all others together."""
    a, b = _value_shares(old), _value_shares(new)
    least_a = 0.0 if old.top_complete else min(a.values())
    least_b = 0.0 if new.top_complete else min(b.values())
    pairs = [(a.get(v, min(least_a, b.get(v, 0.0))), b.get(v, min(least_b, a.get(v, 0.0)))) for v in {**a, **b}]
    pairs.append((max(1 - sum(x for x, _ in pairs), 0.0), max(1 - sum(y for _, y in pairs), 0.0)))
    return _index(pairs)


def _value_shares(profile: ColumnProfile) -> dict[Value, float]:
    return {t.value: t.count / profile.values for t in profile.top}


def _of_ranges(old: ColumnProfile, new: ColumnProfile) -> float | None:
    """Over ranges that held a tenth each before."""
    before, after = _below(old), _below(new)
    edges = sorted(
        {number for share, value in old.quantiles if round(share * 10, 6).is_integer() for number in _numbers(value)}
    )
    if len(before) < 2 or len(after) < 2 or not edges:
        return None
    ends = [(0.0, 0.0), *((_share(before, e), _share(after, e)) for e in edges), (1.0, 1.0)]
    return _index([(a2 - a1, b2 - b1) for (a1, b1), (a2, b2) in itertools.pairwise(ends)])


def _index(pairs: Sequence[tuple[float, float]]) -> float:
    total = 0.0
    for a, b in pairs:
        if max(a, b) > 1e-9:
            x, y = max(a, _NONE), max(b, _NONE)
            total += (y - x) * math.log(y / x)
    return total


def _below(profile: ColumnProfile) -> list[Point]:
    """Points `(value, share of values below it)` from all that a profile tells, rising."""
    points: dict[float, float] = {}

    def add(value: Value, share: float) -> None:
        for number in _numbers(value):
            points[number] = min(points.get(number, 1.0), share)

    add(profile.minimum, 0.0)
    add(profile.maximum, 1.0)
    for share, value in profile.quantiles:
        add(value, share)
    if profile.histogram is not None:
        histogram = profile.histogram
        total = histogram.below + sum(histogram.counts) + histogram.above
        so_far = histogram.below
        for edge, count in zip(histogram.edges, (*histogram.counts, 0), strict=True):
            add(edge, so_far / total)
            so_far += count
    rising: list[Point] = []
    for number, share in sorted(points.items()):
        rising.append((number, max(share, rising[-1][1] if rising else 0.0)))
    return rising


def _share(points: Sequence[Point], value: float) -> float:
    """The share below `value`, straight lines between the points."""
    index = bisect_right(points, value, key=lambda p: p[0])
    if index == 0:
        return 0.0
    low, share = points[index - 1]
    if index == len(points):
        return share if value <= low else 1.0
    high, following = points[index]
    return share + (following - share) * (value - low) / (high - low)


def _numbers(value: Value) -> list[float]:
    """A number or moment as a number; nothing for what is neither."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [float(value)]
    try:
        return [float(value)]
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return []
    return [
        moment.replace(tzinfo=None).toordinal() + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400
    ]
