"""Drawing with characters: a bar, a row of small columns. Terminals without block characters get ASCII (`cli/output.py`)."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def bar(share: float, width: int) -> str:
    """A bar of `share` (0 to 1) of `width` characters, to an eighth; what is more than nothing is seen."""
    eighths = round(share * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def columns(counts: Sequence[int], width: int) -> str:
    """Counts as columns of different heights, at most `width` of them: neighbours are put together where there are more."""
    if not counts or not any(counts):
        return ""
    together = -(-len(counts) // width)
    sums = [sum(counts[i : i + together]) for i in range(0, len(counts), together)]
    most = max(sums)
    return "".join(" " if not n else _HEIGHTS[max(0, -(-n * len(_HEIGHTS) // most) - 1)] for n in sums)
