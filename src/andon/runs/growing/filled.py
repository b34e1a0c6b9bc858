"""The times that a table which grows by time fills, as its build keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from andon.model.growth import Grown
from andon.model.intervals import Range


def filled_ranges(grown: Grown) -> tuple[Range, ...] | None:
    """The ranges that a result fills; None where it fills all."""
    return ranges_of(grown.filled) if grown.filled is not None else None


def ranges_of(texts: Sequence[tuple[str | None, str | None]]) -> tuple[Range, ...]:
    """Ranges as a build keeps them."""
    return tuple((datetime.fromisoformat(a) if a else None, datetime.fromisoformat(b) if b else None) for a, b in texts)
