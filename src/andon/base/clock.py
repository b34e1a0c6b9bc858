"""Time: aware UTC, from a clock that is passed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

#: In English, whatever the machine speaks.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Clocks differ by as much; a time that lies further ahead is wrong.
SKEW = timedelta(hours=1)
#: After a leap so far ahead the clock was wrong then; else one that is behind is wrong now.
_AHEAD = timedelta(days=30)


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


def clock_from(start: datetime) -> Clock:
    """A clock that shows `start` now, and goes on from there as the machine's does."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)


def to_minute(iso: str) -> str:
    """A moment for people, to the minute and in UTC: `2026-11-29 21:50`."""
    return iso[:16].replace("T", " ")


def to_text(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC with microseconds and a final `Z`; sorts as time does."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def day_said(at: str, now: datetime) -> str:
    """The day of a moment (ISO text) for people: `today`, a weekday within the last seven days, else `12 Sep`, or `12 Sep 2025`."""
    moment = from_text(at)
    days = (now.date() - moment.date()).days
    if days == 0:
        return "today"
    if 0 < days < 7:
        return _WEEKDAYS[moment.weekday()]
    year = f" {moment.year}" if moment.year != now.year else ""
    return f"{moment.day} {_MONTHS[moment.month - 1]}{year}"


def following(now: str, last: str, next_after: str | None = None) -> str:
    """The time of something that comes after what was at `last`, by a clock that shows `now` (texts of `to_text`).

    A clock that was set back makes nothing earlier than what came before. Only where all that is later than `now` came with a leap of
    more than a month it was the earlier clock that was wrong, and time goes on from now.

    Args:
        next_after: the time of what followed the newest that is not later than `now`; None when nothing is that old.
    """
    if now >= last:
        return now
    return now if next_after is not None and from_text(next_after) - from_text(now) > _AHEAD else last


def from_text(text: str) -> datetime:
    """The moment that ISO 8601 `text` names; without a zone it is read as UTC.

    Raises:
        ValueError: if `text` is no ISO date or time, or one before the year 1 or after 9999.
    """
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"`{text}` lies out of all years") from error
