"""Times of a table that grows, in intervals of its grain: naive, in UTC. A range is from a time to before another; None is unbounded."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from andon.base.duration import Duration
from andon.model.growth import Grain

#: From a time to before another; None on a side where there is no end.
Range = tuple[datetime | None, datetime | None]

EVERYTHING: tuple[Range, ...] = ((None, None),)

_LENGTHS = {
    Grain.HOUR: Duration(seconds=3600),
    Grain.DAY: Duration(seconds=86400),
    Grain.WEEK: Duration(seconds=604800),
    Grain.MONTH: Duration(months=1),
    Grain.YEAR: Duration(months=12),
}


def floor(moment: datetime, grain: Grain) -> datetime:
    """The beginning of the interval that a moment lies in. Weeks begin on Mondays."""
    if grain is Grain.HOUR:
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if grain is Grain.WEEK:
        return day - timedelta(days=day.weekday())
    if grain is Grain.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if grain is Grain.YEAR else day


def after(moment: datetime, grain: Grain) -> datetime | None:
    """The beginning of the interval after the one that begins at `moment`; None beyond the years that there are."""
    try:
        return _LENGTHS[grain].shifted(moment)
    except OverflowError:
        return None


def of_floors(floors: Iterable[datetime], grain: Grain) -> tuple[Range, ...]:
    """The ranges of the intervals that begin at these times."""
    return merged([(start, after(start, grain)) for start in floors])


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same times in as few ranges as there can be, in order."""
    found: list[Range] = []
    for start, end in sorted(ranges, key=_from):
        if found and (found[-1][1] is None or start is None or start <= found[-1][1]):
            last = found[-1]
            end = None if last[1] is None or end is None else max(last[1], end)
            found[-1] = (last[0], end)
        else:
            found.append((start, end))
    return tuple(found)


def complement(ranges: Sequence[Range]) -> tuple[Range, ...]:
    """All other times."""
    found: list[Range] = []
    at: datetime | None = None
    for start, end in merged(ranges):
        if start is not None and (at is None or at < start):
            found.append((at, start))
        if end is None:
            return tuple(found)
        at = end
    found.append((at, None))
    return tuple(found)


def common(one: Sequence[Range], other: Sequence[Range]) -> tuple[Range, ...]:
    """The times that are in both."""
    found: list[Range] = []
    for start, end in one:
        for first, last in other:
            begin = first if start is None else start if first is None else max(start, first)
            until = last if end is None else end if last is None else min(end, last)
            if begin is None or until is None or begin < until:
                found.append((begin, until))
    return merged(found)


def without(one: Sequence[Range], other: Sequence[Range]) -> tuple[Range, ...]:
    """The times of the one that are not in the other."""
    return common(one, complement(other)) if other else merged(one)


def meets(ranges: Sequence[Range], lowest: datetime, highest: datetime) -> bool:
    """Whether any time from `lowest` to `highest` is in the ranges."""
    return any((start is None or start <= highest) and (end is None or lowest < end) for start, end in ranges)


def holds(ranges: Sequence[Range], lowest: datetime, highest: datetime) -> bool:
    """Whether all times from `lowest` to `highest` are in the ranges."""
    return any((start is None or start <= lowest) and (end is None or highest < end) for start, end in merged(ranges))


def split(
    ranges: Sequence[Range], length: Duration, grain: Grain, lowest: datetime, highest: datetime
) -> tuple[Range, ...]:
    """The ranges in pieces of about `length`, counted from `lowest` on: whole intervals, since what lies in one may hang together.

    What lies outside of `lowest` to `highest` goes with the ends.
    """
    step = max(length, _LENGTHS[grain], key=lambda each: each.after(lowest))
    cuts: list[datetime] = []
    try:
        for count in itertools.count(1):
            at = floor(step.shifted(lowest, count), grain)
            if at > highest:
                break
            if at > (cuts[-1] if cuts else lowest):
                cuts.append(at)
    except OverflowError:  # the end of the calendar
        pass
    bounds: list[datetime | None] = [None, *cuts, None]
    pieces: list[Range] = []
    for start, end in itertools.pairwise(bounds):
        pieces += common([(start, end)], ranges)
    return tuple(pieces)


def _from(one: Range) -> tuple[bool, datetime]:
    return (one[0] is not None, one[0] or datetime.min)  # noqa: DTZ901 - naive, and before all


def shown(one: Range) -> str:
    """A range in words: `2024-05-01 to 2024-06-01`, the end not in it."""
    start, end = one
    if start is None:
        return f"to {moment_text(end)}" if end is not None else "all times"
    return f"{moment_text(start)} to {moment_text(end)}" if end is not None else f"from {moment_text(start)}"


def moment_text(moment: datetime) -> str:
    """A time for people: the day alone where it is its beginning."""
    return moment.isoformat(sep=" ", timespec="minutes").removesuffix(" 00:00")
