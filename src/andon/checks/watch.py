"""Limits for a watched number, learned from its own history: the two-reference detector. Pure, standard library only.

What is expected of the next value is said by one of two references, whichever was wrong less of late:

- *recent*: the median of the last seven values;
- *phase*: recent plus what the same weekday usually adds to it (the median of at most eight earlier such offsets).

Each has a scale: the largest of 1.4826 MAD and a 90 % quantile / 1.645 of its own past errors, a floor of 3 %, and for counts the
chance of small numbers, 1 / sqrt(expected). The limits lie four scales from what is expected; beyond six is told as `far`. Counts and
sums are looked at as log(1 + x), shares as asin(sqrt(x)) (steady near 0 and 1, where a logit has no value), all else as it is.

Rules beside the statistics: nothing is said before a reference has eight errors to go by; 0 where the last seven values had none is
outside; a deviation that was there at the same time of month one and two months ago is expected; a new level is the norm as soon as
four of the last seven values have it. History is never cleaned by what the detector itself said: medians carry it, and only what a
person rejected is left out.

A series is taken by the day. Of a day with several values the one nearest to the new value's time of day counts, so a table that
fills during the day is compared with itself at that hour; the new value's own day does not count. Weekdays and months are looked for
only where most steps are shorter than three days; weekly and monthly series go by their recent values alone.

Weaknesses, so that nobody expects more (`benchmarks/RESULTS.md` has what it finds, beside others). Of a table that keeps all its rows
nearly everything is found; of daily counts a fifth that is missing is mostly within the limits, and where values double or halve by
themselves, so is a load that came twice or half: there a plain z-score finds more, at three times the false alarms. What grew wrong
slowly is never seen; holidays and yearly seasons are not known, nor refreshes that skip days in turn. A number that was wrong in more
than a tenth of its history has wide limits, and one that was always wrong is the norm.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from andon.base.record import Record
from andon.checks.language.tokens import cut
from andon.model.check import Watch

#: Scales from what is expected at which a value is told, and told as far outside.
NOTICE = 4.0
FAR = 6.0
#: Errors that a reference needs before it may speak.
ENOUGH = 8

_WEEK = 7
_OFFSETS = 8
_WINDOW = 56
#: Days of history that are looked at: the errors' window, and eight weeks before its first.
_DAYS = 180
_FLOOR = 0.03
_DENSE_STEP = 3.0
_MONTH_SLACK = 1


class Number(StrEnum):
    """What kind of number is watched; decides in which measure it is looked at."""

    COUNT = "count"
    SUM = "sum"
    SHARE = "share"
    OTHER = "other"


class Point(Record):
    """The number at one version: `moment` is the logical time (aware), `rejected` whether a person took the version back."""

    moment: datetime
    value: int | float | Decimal | None
    rejected: bool = False


class Learning(Record):
    """Not enough history yet: `have` of `need` errors."""

    have: int
    need: int = ENOUGH

    @property
    def shown(self) -> str:
        """`learning 5/8`."""
        return f"learning {self.have}/{self.need}"


class Limits(Record):
    """Where the next value is expected to lie.

    Attributes:
        low, high: the limits; a value on them is within.
        expected: the value that the reference gives.
        far_low, far_high: beyond these a value is far outside.
        reference: `recent` or `phase`.
        days: how many values they were learned from.
        not_zero: whether 0 is outside in any case, since the last seven values had none.
        explained: whether the limits were widened by what happens at this time of month.
        is_whole: whether the number is a count.
    """

    low: float
    high: float
    expected: float
    far_low: float
    far_high: float
    reference: str
    days: int
    not_zero: bool = False
    explained: bool = False
    is_whole: bool = False

    @property
    def shown(self) -> str:
        """`low..high`, in as many digits as make sense."""
        if self.is_whole:
            return f"{max(math.ceil(self.low), int(self.not_zero))}..{math.floor(self.high)}"
        return f"{short_number(self.low)}..{short_number(self.high)}"

    def fault(self, value: float | Decimal) -> str | None:
        """Why `value` is outside, or None if it is within."""
        usual = f"{math.floor(self.expected + 0.5):,}" if self.is_whole else short_number(self.expected)
        about = f"about {usual} is expected"
        if self.not_zero and value == 0:
            return f"0, where the last {_WEEK} values had none; {about}"
        if self.low <= value <= self.high:
            return None
        far = "far " if value < self.far_low or value > self.far_high else ""
        return f"{far}{'below' if value < self.low else 'above'} what was learned from {self.days} days; {about}"


def number_of(form: Watch) -> Number:
    """What kind of number a watched expression is; one that isn't plainly a count, sum or share is `OTHER`."""
    parts = cut(form.expression)
    if len(parts) < 3 or parts[1].text != "(" or parts[-1].text != ")":
        return Number.OTHER
    if any(not part.depth for part in parts[2:-1]):
        return Number.OTHER
    if parts[0].word in ("count", "count_if", "countif", "approx_count_distinct"):
        return Number.COUNT
    if parts[0].word == "sum":
        return Number.SUM
    # `share(x)` is written out as this when it is read
    is_share = parts[0].word == "avg" and parts[2].word == "case" and form.expression.endswith("then 1 else 0 end)")
    return Number.SHARE if is_share else Number.OTHER


def learned(
    watched: Watch | Number, history: Sequence[Point], moment: datetime, notice: float = NOTICE
) -> Limits | Learning:
    """The limits for the value at `moment`, from the values before that day; or how far learning has come.

    Args:
        watched: the form, or the kind of number.
        history: one point for each version or refresh; any order, later ones are not looked at.
        moment: the logical time of the new value (aware).
        notice: how many scales from what is expected the limits lie.
    """
    number = number_of(watched) if isinstance(watched, Watch) else watched
    days = _by_day(history, moment)[-_DAYS:]
    today = moment.astimezone(UTC).date()
    values = [value for _, value in days]
    measure = _Measure.of(number, values)
    series = [measure.of_value(value) for value in values]
    dense = _is_dense([day for day, _ in days], today)
    found = _references(series, [day.weekday() for day, _ in days], today.weekday(), dense)
    able = [one for one in found if len(one.errors) >= ENOUGH]
    if not able:
        return Learning(min(len(found[0].errors), ENOUGH - 1) if found else 0)
    best = min(able, key=lambda one: one.spread)
    scale = best.scale(measure)
    low, high = best.expected - notice * scale, best.expected + notice * scale
    shift = _monthly(best, [day for day, _ in days], today, scale) if dense else 0.0
    not_zero = number in (Number.COUNT, Number.SUM) and all(value != 0 for value in values[-_WEEK:])
    return Limits(
        low=measure.back(low + min(shift, 0.0)),
        high=measure.back(high + max(shift, 0.0)),
        expected=measure.back(best.expected),
        far_low=measure.back(best.expected - FAR * scale + min(shift, 0.0)),
        far_high=measure.back(best.expected + FAR * scale + max(shift, 0.0)),
        reference=best.name,
        days=len(days),
        not_zero=not_zero,
        explained=bool(shift),
        is_whole=number is Number.COUNT,
    )


# -- the series


def _by_day(history: Sequence[Point], moment: datetime) -> list[tuple[date, float]]:
    """One value for each day before the day of `moment`: the one nearest to its time of day, of two so near the later."""
    now = moment.astimezone(UTC)
    best: dict[date, tuple[float, datetime, float]] = {}
    for point in history:
        if point.rejected or point.value is None:
            continue
        value = float(point.value)
        at = point.moment.astimezone(UTC)
        if not math.isfinite(value) or at.date() >= now.date():
            continue
        distance = abs((datetime.combine(at.date(), now.time(), UTC) - at).total_seconds())
        known = best.get(at.date())
        if known is None or (distance, -at.timestamp()) <= (known[0], -known[1].timestamp()):
            best[at.date()] = (distance, at, value)
    return [(day, best[day][2]) for day in sorted(best)]


def _is_dense(days: Sequence[date], today: date) -> bool:
    """Whether weekdays and times of month can be told apart: most steps are shorter than three days."""
    steps = [(later - day).days for day, later in zip(days, [*days, today][1:], strict=True)]
    return bool(steps) and median(steps) < _DENSE_STEP


class _Measure(Record):
    """In which measure a series is looked at. `size` is its usual size, for the floor of what has no measure of its own."""

    name: str
    size: float = 1.0
    is_count: bool = False

    @classmethod
    def of(cls, number: Number, values: Sequence[float]) -> _Measure:
        if number in (Number.COUNT, Number.SUM) and all(value >= 0 for value in values):
            return cls("log", 1.0, number is Number.COUNT)
        if number is Number.SHARE and all(0 <= value <= 1 for value in values):
            return cls("share")
        return cls("plain", median(abs(value) for value in values) if values else 1.0)

    def of_value(self, value: float) -> float:
        if self.name == "log":
            return math.log1p(value)
        return math.asin(math.sqrt(value)) if self.name == "share" else value

    def back(self, value: float) -> float:
        if self.name == "log":
            return max(math.expm1(min(value, 700.0)), 0.0)
        return math.sin(min(max(value, 0.0), math.pi / 2)) ** 2 if self.name == "share" else value

    def least_scale(self, expected: float) -> float:
        """What no history makes smaller: 3 % of the usual size, and for counts the chance of small numbers."""
        chance = 1 / math.sqrt(max(self.back(expected), 1.0)) if self.is_count else 0.0
        return max(_FLOOR * self.size, chance)


# -- the references


class _Reference(Record):
    """What a reference expects now, and its past errors as (index of the day, error)."""

    name: str
    expected: float
    errors: tuple[tuple[int, float], ...]

    def _late(self) -> list[float]:
        return [error for _, error in self.errors[-_WINDOW:]]

    @property
    def spread(self) -> float:
        """90 % of its late errors are at most that large."""
        return quantile([abs(error) for error in self._late()], 0.9)

    def scale(self, measure: _Measure) -> float:
        late = self._late()
        middle = median(late)
        deviation = 1.4826 * median(abs(error - middle) for error in late)
        return max(deviation, self.spread / 1.645, measure.least_scale(self.expected))


def _references(series: Sequence[float], weekdays: Sequence[int], today: int, dense: bool) -> list[_Reference]:
    """`recent`, and `phase` if the series is dense and the weekday was there before."""
    recent: list[tuple[int, float]] = []
    phase: list[tuple[int, float]] = []
    offsets: dict[int, list[float]] = {}
    for index, value in enumerate(series):
        if not index:
            continue
        level = median(series[max(0, index - _WEEK) : index])
        usual = offsets.setdefault(weekdays[index], [])
        if usual:
            phase.append((index, value - level - median(usual[-_OFFSETS:])))
        recent.append((index, value - level))
        usual.append(value - level)
    if not series:
        return []
    level = median(series[-_WEEK:])
    found = [_Reference("recent", level, tuple(recent))]
    usual = offsets.get(today, [])
    if dense and usual:
        found.append(_Reference("phase", level + median(usual[-_OFFSETS:]), tuple(phase)))
    return found


def _monthly(reference: _Reference, days: Sequence[date], today: date, scale: float) -> float:
    """How far the value was off at this time of month one and two months ago: the smaller of both, 0 unless both were outside."""
    errors = {days[index]: error for index, error in reference.errors}
    found: list[float] = []
    for months in (1, 2):
        near = [errors[day] for day in same_time_of_month(today, months) if day in errors]
        if not near:
            return 0.0
        found.append(max(near, key=abs))
    outside = all(abs(error) > NOTICE * scale for error in found)
    return min(found, key=abs) if outside and found[0] * found[1] > 0 else 0.0


def same_time_of_month(day: date, months: int) -> list[date]:
    """The days, `months` earlier, that are the same time of month: the same number, or as far from the month's end; a day's slack."""
    year, index = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, index + 1)[1]
    left = calendar.monthrange(day.year, day.month)[1] - day.day
    found = {date(year, index + 1, min(day.day, last)), date(year, index + 1, max(last - left, 1))}
    return sorted({each + timedelta(days=slack) for each in found for slack in range(-_MONTH_SLACK, _MONTH_SLACK + 1)})


# -- numbers


def median(values: Iterable[float]) -> float:
    """The middle value. (The standard library's takes as long to load as all of this file.)"""
    return quantile(values, 0.5)


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which `share` of the values lie, between two of them in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def short_number(value: float) -> str:
    """A number in four significant digits, without an exponent where it needs none."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    if digits > 8:
        return f"{value:.3g}"
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
