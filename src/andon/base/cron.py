"""Times of cron in a time zone: those before and after a moment, with days of 23 and 25 hours as Debian's cron takes them.

A time that a day leaves out comes when the clock went on; one that a day has twice comes once, the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

_FIVE = re.compile(r"\s*\S+(?:\s+\S+){4}\s*\Z")
#: Clocks of no zone are put by more than this, and none twice within it.
_NEAR = timedelta(hours=4)


def cron_flaw(text: str) -> str | None:
    """Why `text` names no times, as the end of a sentence; None where it does."""
    if not _FIVE.match(text):
        return "must have five fields"
    from cronsim import CronSim, CronSimError

    try:
        CronSim(text.strip(), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return f"names no times ({str(error).lower()})"
    return None


def zone_flaw(name: str) -> str | None:
    """Why `name` is no time zone, as the end of a sentence; None where it is one."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "is no time zone that this machine knows"
    return None


class CronTimes:
    """The times of one line of cron in a zone; those around the moment that was asked for last are kept: asked again, they cost nothing."""

    def __init__(self, text: str, zone: str = "UTC") -> None:
        self._text = text.strip()
        self.zone = _zone(zone)
        self._around: tuple[datetime, datetime] | None = None

    def around(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The newest time that is not after `now`, and the next one; None where there is none in decades."""
        kept = self._around
        if kept is not None and kept[0] <= now < kept[1]:
            return kept
        last, coming = self._last(now), self.after(now)
        if last is not None and coming is not None:
            self._around = last, coming
        return last, coming

    def after(self, moment: datetime) -> datetime | None:
        """The first time after `moment`."""
        # where clocks are put back, what is after the moment by the wall's clock may be before it
        begin = moment - _NEAR if self._is_put(moment) else moment
        return next((time for time in self._times(begin, reverse=False) if time > moment), None)

    def _last(self, moment: datetime) -> datetime | None:
        whole = moment.replace(microsecond=0) + timedelta(seconds=1)
        begin = whole + _NEAR if self._is_put(moment) else whole
        return next((time for time in self._times(begin, reverse=True) if time <= moment), None)

    def _is_put(self, moment: datetime) -> bool:
        """Whether the zone's clocks are put forward or back around a moment."""
        offsets = {(moment + near).astimezone(self.zone).utcoffset() for near in (-_NEAR, timedelta(0), _NEAR)}
        return len(offsets) > 1

    def _times(self, begin: datetime, *, reverse: bool) -> Iterator[datetime]:
        from cronsim import CronSim

        return (time.astimezone(UTC) for time in CronSim(self._text, begin.astimezone(self.zone), reverse=reverse))


@lru_cache(maxsize=1000)
def cron_times(text: str, zone: str = "UTC") -> CronTimes:
    """The times of a line of cron, the same object for the same line."""
    return CronTimes(text, zone)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
