"""Whether the newest build of a dataset is as usual: its rows, and the time that it took. Pure; the detector is that of `watch`.

Nobody asked for these limits, so only what lies far outside is told, and only of a refresh: a change may change all numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from andon.base.clock import from_text
from andon.base.text import seconds
from andon.base.text import size as bytes_of
from andon.checks.watch import FAR, Limits, Number, Point, learned
from andon.state.usual import BuiltNumbers

#: What takes less time is not looked at, and what takes not this many times as long as usual.
_LEAST_SECONDS, _TIMES = 10.0, 2.0
#: The same of bytes.
_LEAST_BYTES = 1_000_000


def unusual_rows(history: Sequence[BuiltNumbers], undone: frozenset[str]) -> str | None:
    """What is unusual about the rows of the last build; None where nothing is, or too little is known.

    Args:
        history: builds, oldest first.
        undone: commits that a person took back.
    """
    last = history[-1]
    if not last.is_refresh or last.rows is None:
        return None
    limits = _limits(Number.COUNT, [(each, each.rows) for each in history], undone)
    fault = limits.fault(last.rows) if limits is not None else None
    return f"it has {last.rows:,} rows: {fault}" if fault is not None else None


def unusual_seconds(history: Sequence[BuiltNumbers], undone: frozenset[str]) -> str | None:
    """The same of the time that the last build took: only that it took too long."""
    last = history[-1]
    if not last.is_refresh or last.seconds < _LEAST_SECONDS:
        return None
    limits = _limits(Number.SUM, [(each, each.seconds) for each in history], undone)
    if limits is None or last.seconds <= max(limits.high, _TIMES * limits.expected):
        return None
    return f"it took {seconds(last.seconds)}, where about {seconds(limits.expected)} is expected"


def unusual_bytes(history: Sequence[BuiltNumbers], undone: frozenset[str], sizes: Mapping[str, int]) -> str | None:
    """The same of the bytes that a row of the last build takes: that there are more rows is told already.

    Args:
        sizes: bytes by version; builds of which none are known don't count.
    """
    last = history[-1]
    size = sizes.get(last.version or "")
    if not last.is_refresh or size is None or size < _LEAST_BYTES or not last.rows:
        return None
    known = [each for each in history if each.rows and each.version in sizes]
    limits = _limits(Number.SUM, [(each, sizes[str(each.version)] / (each.rows or 1)) for each in known], undone)
    per_row = size / last.rows
    if limits is None or per_row <= max(limits.high, _TIMES * limits.expected):
        return None
    return f"it takes {bytes_of(size)}, {per_row / limits.expected:.1f} times as much for a row as expected"


def _limits(
    number: Number, values: Sequence[tuple[BuiltNumbers, float | None]], undone: frozenset[str]
) -> Limits | None:
    points = [Point(from_text(each.at), value, each.commit in undone) for each, value in values[:-1]]
    found = learned(number, points, from_text(values[-1][0].at), notice=FAR)
    return found if isinstance(found, Limits) else None
