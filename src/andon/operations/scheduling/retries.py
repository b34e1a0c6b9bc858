"""When what failed is tried again: soon, and then more and more rarely, where the error may pass by itself; else when there is something
else to try it on, or at its next slot (which `decide` tells). Pure."""

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


def words(attempt: Attempt) -> str:
    """What came of the attempts, and what they wait for."""
    times = "" if attempt.failures == 1 else f" ({attempt.failures} times in a row)"
    if attempt.again is not None:
        minute = from_text(attempt.again).strftime("%Y-%m-%d %H:%M")
        return f"failed{times}: {attempt.message}; it is tried again at {minute}"
    return f"failed{times}: {attempt.message}; it is tried again when its inputs or its code change"
