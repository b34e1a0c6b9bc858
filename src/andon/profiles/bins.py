"""Bins of a histogram: equal width, edges at round numbers, or at the beginnings of minutes, days, months and years. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

#: At most so many bins.
MOST_BINS = 24

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - moments here are numbers since then, without a zone
#: Widths in microseconds up to a week; then months.
_STEPS = (
    *(digit * 10**power for power in range(6) for digit in (1, 2, 5)),
    *(_SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(60 * _SECOND * n for n in (1, 2, 5, 10, 15, 30)),
    *(3600 * _SECOND * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7)),
)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
#: Day 4 of 1970 was a Sunday, 5 a Monday: weeks begin there.
_MONDAY = 4 * _DAY


def number_edges(low: Decimal, high: Decimal, *, whole: bool) -> list[Decimal]:
    """Edges of bins that cover `low` to `high`: multiples of 1, 2 or 5 times a power of ten.

    Args:
        whole: whether values are whole numbers: then a bin is at least 1 wide and the last one ends after `high`.
    """
    width = _round_width((high - low) / MOST_BINS)
    if whole:
        width = max(width, Decimal(1))
    while True:
        first = (low / width).to_integral_value(rounding="ROUND_FLOOR")
        last = (high / width).to_integral_value(rounding="ROUND_FLOOR" if whole else "ROUND_CEILING")
        last = last + 1 if whole or last == first else last
        if last - first <= MOST_BINS:
            return [width * (first + i) for i in range(int(last - first) + 1)]
        width = _round_width(width * Decimal("1.5"))


def moment_edges(low: int, high: int, *, days: bool) -> list[int]:
    """Edges of bins that cover `low` to `high`, which count days or microseconds since 1970, in the same unit.

    Empty for moments that the calendar of Python does not have (before year 1, after 9999).
    """
    unit = _DAY if days else 1
    start, end = low * unit, high * unit
    if not (_within(start) and _within(end)):
        return []
    for step in _STEPS:
        if step % unit == 0 and (end - start) // step < MOST_BINS:
            begin = _MONDAY if step == 7 * _DAY else 0
            first, last = (start - begin) // step, (end - begin) // step + 1
            if last - first <= MOST_BINS:
                return [(begin + step * i) // unit for i in range(first, last + 1)]
    for months in _MONTHS:
        first, last = _month(start) // months, _month(end) // months + 1
        if last - first <= MOST_BINS:
            edges = [_month_start(i * months) for i in range(first, last + 1)]
            return [e // unit for e in edges if e is not None] if None not in edges else []
    return []


def moment_text(value: int, *, days: bool) -> str:
    """Days or microseconds since 1970 as the text of a DATE or TIMESTAMP."""
    if days:
        return (_EPOCH.date() + timedelta(days=value)).isoformat()
    return (_EPOCH + timedelta(microseconds=value)).isoformat(" ")


def central(low: Decimal, high: Decimal, first: Decimal, last: Decimal) -> tuple[Decimal, Decimal]:
    """What bins should cover of `low` to `high`: from `first` to `last` (the outer quantiles) where the rest would press them flat."""
    if last > first and (high - low) > 4 * (last - first):
        return first, last
    return low, high


def rising(edges: Sequence[float]) -> bool:
    """Whether edges are finite and each is greater than the one before (floats may be too coarse for that)."""
    return all(math.isfinite(e) for e in edges) and all(a < b for a, b in itertools.pairwise(edges))


def _round_width(least: Decimal) -> Decimal:
    """The smallest of 1, 2, 5 times a power of ten that is not below `least`."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least)


def _within(moment: int) -> bool:
    return -719_162 * _DAY <= moment < 2_932_897 * _DAY


def _month(moment: int) -> int:
    """Months since year 0."""
    day = date(1970, 1, 1) + timedelta(days=moment // _DAY)
    return day.year * 12 + day.month - 1


def _month_start(months: int) -> int | None:
    """The moment at which a month (since year 0) begins; None outside of the calendar."""
    year, month = divmod(months, 12)
    return (date(year, month + 1, 1) - date(1970, 1, 1)).days * _DAY if 1 <= year <= 9999 else None
