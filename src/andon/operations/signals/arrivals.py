"""When something new is expected of a source that promises nothing: learned from when it came before. Pure.

The time between two arrivals is measured on the weekdays on which it comes at all, so that a weekend is no gap of what comes from Monday
to Friday. The next one is late when a quarter more than the longest of the last gaps is over. With fewer than eight gaps nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from andon.checks.watch import quantile

#: Gaps that are needed, and those that are looked at.
ENOUGH, LOOKED_AT = 8, 30
#: A weekday on which nothing came in so many weeks, of a source that came on others all the while, is none of its days.
_WEEKS = 3
_DAY = timedelta(days=1)
#: What comes within this time of what came before came with it.
_TOGETHER = timedelta(minutes=10)
#: However often it came: one that is so little late is not worth a word.
_LEAST = timedelta(hours=1)


def expected_by(arrivals: Sequence[datetime]) -> datetime | None:
    """Until when the next arrival is expected; None while too little is known.

    Args:
        arrivals: aware moments, in order.
    """
    came = _apart(arrivals)[-LOOKED_AT - 1 :]
    if len(came) <= ENOUGH:
        return None
    days = _active(came)
    gaps = [_between(earlier, later, days) for earlier, later in pairwise(came)]
    lengths = [gap.total_seconds() for gap in gaps]
    longest = max(quantile(lengths, 0.95), 1.25 * max(lengths), max(lengths) + _LEAST.total_seconds())
    return _after(came[-1], timedelta(seconds=longest), days)


def _apart(arrivals: Sequence[datetime]) -> list[datetime]:
    """The arrivals without those that came with the one before."""
    found: list[datetime] = []
    for moment in arrivals:
        at = moment.astimezone(UTC)
        if not found or at - found[-1] > _TOGETHER:
            found.append(at)
    return found


def _active(came: Sequence[datetime]) -> frozenset[int]:
    """The weekdays on which it comes: all, unless it was seen for weeks and never came on some."""
    every = frozenset(range(7))
    found = frozenset(moment.weekday() for moment in came)
    weeks = (came[-1] - came[0]) / timedelta(weeks=1)
    is_daily = len(came) >= len(found) * min(weeks, _WEEKS)
    return found if weeks >= _WEEKS and is_daily else every


def _between(start: datetime, end: datetime, days: frozenset[int]) -> timedelta:
    """The time from `start` to `end` that lies on `days`."""
    total, at = timedelta(), start
    while at < end:
        midnight = min(_next_day(at), end)
        if at.weekday() in days:
            total += midnight - at
        at = midnight
    return total


def _after(start: datetime, length: timedelta, days: frozenset[int]) -> datetime:
    """The moment at which `length` is over, counted on `days` alone."""
    left, at = length, start
    while True:
        midnight = _next_day(at)
        if at.weekday() in days:
            if at + left <= midnight:
                return at + left
            left -= midnight - at
        at = midnight


def _next_day(moment: datetime) -> datetime:
    return datetime.combine(moment.date() + _DAY, time(), UTC)
