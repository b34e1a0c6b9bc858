"""In which rhythm people do something: about the same time of certain days. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from andon.base.record import Record

#: People come within so many hours around the time at which they do something.
_ABOUT = timedelta(hours=1.5)

_DAY = timedelta(days=1)


def median(values: Sequence[float]) -> float:
    """The value in the middle; of an even count the mean of both."""
    ordered, half = sorted(values), len(values) // 2
    return float(ordered[half]) if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


class Rhythm(Record):
    """At which times something is done.

    Attributes:
        cron: five fields, None where there is no rhythm.
        words: how a person says it.
        every: days between two times, in the middle.
    """

    cron: str | None
    words: str
    every: float


def rhythm_of(moments: Sequence[datetime], zone: tzinfo) -> Rhythm:
    """The rhythm of what was done at these moments, by the clock of a zone: on days of the week or the month, at about one time."""
    first: dict[date, datetime] = {}
    for moment in sorted(moments):
        first.setdefault(moment.astimezone(zone).date(), moment.astimezone(zone))
    days = sorted(first)
    gaps = [(b - a).days for a, b in pairwise(days)]
    every = float(median(gaps)) if gaps else 0.0
    hour = _time_of_day([first[day] for day in days])
    if hour is None or len(days) < 3:
        return Rhythm(None, f"every {every:.0f} days or so" if every > 1 else "now and then", every)
    clock = f"{hour // 60:02d}:{hour % 60:02d}"
    at = f"{hour % 60} {hour // 60}"
    if all(gap % 7 == 0 for gap in gaps) and every <= 14:
        weekday = days[0].isoweekday() % 7
        if every < 14:
            return Rhythm(f"{at} * * {weekday}", f"on {_NAMES[weekday]}s at about {clock}", every)
    numbers = [day.day for day in days]
    if all(27 <= gap <= 32 for gap in gaps) and max(numbers) - min(numbers) <= 1:
        return Rhythm(f"{at} {min(numbers)} * *", f"on the {_nth(min(numbers))} of the month at about {clock}", every)
    return _daily(days, gaps, every, at, clock)


_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def _daily(days: list[date], gaps: list[int], every: float, at: str, clock: str) -> Rhythm:
    is_working = all(day.isoweekday() <= 5 for day in days)
    wanted = [gap if not is_working else _working_days(a, b) for a, b, gap in zip(days, days[1:], gaps, strict=False)]
    if median(wanted) == 1 and sum(gap == 1 for gap in wanted) >= 0.7 * len(wanted):
        if is_working and len(days) >= 4:
            return Rhythm(f"{at} * * 1-5", f"on working days at about {clock}", every)
        return Rhythm(f"{at} * * *", f"every day at about {clock}", every)
    return Rhythm(None, f"every {every:.0f} days or so" if every > 1 else "now and then", every)


def _working_days(a: date, b: date) -> int:
    return sum((a + _DAY * n).isoweekday() <= 5 for n in range(1, (b - a).days + 1))


def _time_of_day(moments: list[datetime]) -> int | None:
    """The minute of the day at which it was done at the latest that is usual, to a quarter of an hour before the earliest; None: at any."""
    minutes = sorted(moment.hour * 60 + moment.minute for moment in moments)
    middle = int(median(minutes))
    give = _ABOUT.total_seconds() / 60
    close = [minute for minute in minutes if abs(minute - middle) <= give]
    if len(close) < 0.8 * len(minutes):
        return None
    return max(close[0] // 15 * 15, 0)


def _nth(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
