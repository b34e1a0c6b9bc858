"""Time: aware UTC, from a clock that is passed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """`moment` as ISO 8601 in UTC with microseconds and a final `Z`; sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    """The moment that ISO 8601 `text` names; without a zone it is read as UTC.

    Raises:
        ValueError: if `text` is no ISO date or time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
