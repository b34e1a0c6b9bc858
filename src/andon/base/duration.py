"""Durations as people write them: `45s`, `30 min`, `6h`, `2d`, `1w`, `3 mo`, `1y`."""

from __future__ import annotations

import calendar
import re
from datetime import MAXYEAR, datetime, timedelta

from andon.base.record import Record

_WRITTEN = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*(s|sec|min|h|d|w|mo|y)\s*\Z")
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_MONTHS = {"mo": 1, "y": 12}


class Duration(Record, omit_defaults=True):
    """A length of time: months, which are of unlike length, or seconds."""

    months: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.months:
            return f"{self.months}mo" if self.months % 12 else f"{self.months // 12}y"
        unit, length = next(
            ((u, s) for u, s in (("d", 86400), ("h", 3600), ("min", 60)) if not self.seconds % s), ("s", 1)
        )
        return f"{self.seconds / length:g}{unit}"

    def after(self, moment: datetime) -> datetime:
        """The instant that lies this long after `moment`; the end of time where it would lie beyond."""
        try:
            return self.shifted(moment)
        except OverflowError:
            return datetime.max.replace(tzinfo=moment.tzinfo)

    def before(self, moment: datetime) -> datetime:
        """The instant that lies this long before `moment`; the beginning of time where it would lie beyond."""
        try:
            return self.shifted(moment, -1)
        except OverflowError:
            return datetime.min.replace(tzinfo=moment.tzinfo)

    def shifted(self, moment: datetime, times: int = 1) -> datetime:
        """The instant that lies `times` as long after `moment`; months keep the day, or take the month's last.

        Raises:
            OverflowError: it lies beyond the years 1 to 9999.
        """
        moved = moment + timedelta(seconds=times * self.seconds)
        if not self.months:
            return moved
        year, index = divmod(moved.year * 12 + moved.month - 1 + times * self.months, 12)
        if not 1 <= year <= MAXYEAR:
            raise OverflowError("beyond the years 1 to 9999")
        last = calendar.monthrange(year, index + 1)[1]
        return moved.replace(year=year, month=index + 1, day=min(moved.day, last))


def read_duration(text: str) -> Duration | None:
    """The duration that `text` states, or None where it states none, or nothing longer than zero; months and years are whole."""
    match = _WRITTEN.match(text)
    if match is None:
        return None
    amount, unit = float(match[1].replace("_", "")), match[2]
    if amount <= 0:
        return None
    if unit in _MONTHS:
        return Duration(months=int(amount) * _MONTHS[unit]) if amount.is_integer() else None
    return Duration(seconds=amount * _SECONDS[unit])


def read_fixed(text: str) -> timedelta | None:
    """The length of time that `text` states, or None where it states none, or one in months or beyond all calendars."""
    found = read_duration(text)
    try:
        return timedelta(seconds=found.seconds) if found is not None and not found.months else None
    except OverflowError:
        return None


def read_seconds(text: str) -> float:
    """The length of time that `text` states in seconds, 0 where it states none, or one in months."""
    found = read_fixed(text)
    return found.total_seconds() if found is not None else 0.0
