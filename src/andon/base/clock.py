"""Time: aware UTC, from a clock that is passed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

#: A clock that shows less was reset.
_PAST = datetime(2026, 1, 1, tzinfo=UTC)
#: A clock that was so far ahead was wrong then; one that is less far behind is wrong now.
_AHEAD = timedelta(days=30)


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC with microseconds and a final `Z`; sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def following(now: str, last: str) -> str:
    """The time of something that comes after what was at `last`, by a clock that shows `now` (texts of `to_text`).

    A clock that was set back makes nothing earlier than what came before. Only where `last` lies more than a month ahead it was the
    earlier clock that was wrong, and time goes on from now.
    """
    if now >= last:
        return now
    shown = from_text(now)
    return now if shown >= _PAST and from_text(last) - shown > _AHEAD else last


def from_text(text: str) -> datetime:
    """The moment that ISO 8601 `text` names; without a zone it is read as UTC.

    Raises:
        ValueError: if `text` is no ISO date or time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
