"""Durations as people write them: `45s`, `30 min`, `6h`, `2d`, `1w`, `3 mo`."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from andon.base.record import Record

_WRITTEN = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*(s|sec|min|h|d|w|mo)\s*\Z")
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Duration(Record):
    """A length of time: months, which are of unlike length, or seconds."""

    months: int = 0
    seconds: float = 0.0

    def after(self, moment: datetime) -> datetime:
        """The instant that lies this long after `moment` (aware); the end of time where it would lie beyond."""
        return self._shifted(moment, 1)

    def before(self, moment: datetime) -> datetime:
        """The instant that lies this long before `moment`; months keep the day, or take the month's last."""
        return self._shifted(moment, -1)

    def _shifted(self, moment: datetime, sign: int) -> datetime:
        end = _LAST if sign > 0 else _FIRST
        try:
            moved = moment + timedelta(seconds=sign * self.seconds)
        except OverflowError:
            return end
        year, index = divmod(moved.year * 12 + moved.month - 1 + sign * self.months, 12)
        if not 1 <= year <= _LAST.year:
            return end
        last = calendar.monthrange(year, index + 1)[1]
        return moved.replace(year=year, month=index + 1, day=min(moved.day, last))


def read_duration(text: str) -> Duration | None:
    """The duration that `text` states, or None where it states none, or nothing longer than zero; months are whole."""
    match = _WRITTEN.match(text)
    if match is None:
        return None
    amount = float(match[1].replace("_", ""))
    if amount <= 0:
        return None
    if match[2] == "mo":
        return Duration(months=int(amount)) if amount.is_integer() else None
    return Duration(seconds=amount * _SECONDS[match[2]])
