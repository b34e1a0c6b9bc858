"""When what failed is tried again: soon, and then more and more rarely, where the error may pass by itself; else when there is something
else to try it on, or at its next slot. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from andon.base.clock import from_text, to_text
from andon.operations.scheduling.transient import is_transient
from andon.state.attempts import Attempt

#: The waits after the first failures in a row; the last one goes on.
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))
#: A wait is longer or shorter by as much, by chance, so that not all come back at one moment.
_SPREAD = 0.1


def failed(
    dataset: str, error: Mapping[str, Any], before: Attempt | None, now: datetime, chance: float, mark: str | None
) -> Attempt:
    """What is noted of a failure.

    Args:
        before: what was noted of the failures before it.
        chance: from 0 to 1.
        mark: what it was tried on.
    """
    failures = before.failures + 1 if before is not None else 1
    again = None
    if is_transient(error):
        wait = WAITS[min(failures, len(WAITS)) - 1]
        again = to_text(now + wait * (1 + _SPREAD * (2 * chance - 1)))
    return Attempt(
        dataset, failures, to_text(now), str(error.get("code", "")), str(error.get("message", "")), again, mark
    )


def may_try(attempt: Attempt, now: datetime, mark: str | None, slot: datetime | None) -> bool:
    """Whether it is tried again by now.

    Args:
        mark: what it would be tried on.
        slot: when it would be due next, had the failure been a success.
    """
    if attempt.again is not None and not (to_text(now) < attempt.again <= to_text(now + 2 * WAITS[-1])):
        return True  # its time came; or lies so far ahead that the clock was wrong then
    if mark is not None and mark != attempt.mark:
        return True
    return attempt.again is None and slot is not None and slot <= now


def waits_for(attempt: Attempt, slot: datetime | None) -> tuple[str, str | None]:
    """Why it is not tried yet, and until when that holds at most."""
    times = "" if attempt.failures == 1 else f" ({attempt.failures} times in a row)"
    if attempt.again is not None:
        return f"failed{times}: {attempt.message}; it is tried again at {_minute(attempt.again)}", attempt.again
    until = to_text(slot) if slot is not None else None
    later = f", or at {_minute(until)}" if until is not None else ""
    return f"failed{times}: {attempt.message}; it is tried again when its inputs or its code change{later}", until


def _minute(text: str) -> str:
    return from_text(text).strftime("%Y-%m-%d %H:%M")
