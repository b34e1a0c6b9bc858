"""Which rows of a large table are looked at: stretches spread over the whole, the same ones every time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: Tables of at most so many rows are looked at whole.
WHOLE_UP_TO = 1_000_000

#: A sample is so many stretches of so many rows.
STRETCHES = 32
STRETCH = 16_384

#: Rows of a row group as the engine writes them: a stretch that begins with one needs nothing before it decoded.
_ROW_GROUP = 122_880
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows `first` to `last` (from 0, both included) of the file at index `file`."""

    file: int
    first: int
    last: int


def stretches(rows: Sequence[int]) -> list[Stretch]:
    """The stretches to look at in files of so many rows each; together `STRETCHES * STRETCH` rows, fewer where there aren't more."""
    total = sum(rows)
    found: list[Stretch] = []
    for number in range(STRETCHES):
        begin, end = total * number // STRETCHES, total * (number + 1) // STRETCHES
        room = max(end - begin - STRETCH, 0)
        start = begin + int(room * (number * _GOLDEN % 1.0))
        start = _aligned(rows, start, begin, begin + room)
        found += _in_files(rows, start, min(start + STRETCH, end))
    return found


def _aligned(rows: Sequence[int], start: int, earliest: int, latest: int) -> int:
    """The beginning of the row group of `start` where it lies between the bounds, else of the next one, else `start`."""
    before = 0
    for count in rows:
        if start < before + count:
            group = before + (start - before) // _ROW_GROUP * _ROW_GROUP
            for candidate in (group, group + _ROW_GROUP):
                if earliest <= candidate <= latest and candidate < before + count:
                    return candidate
            return start
        before += count
    return start


def _in_files(rows: Sequence[int], start: int, end: int) -> Iterator[Stretch]:
    """Rows `start` up to `end` of all files in a row, as stretches of single files."""
    before = 0
    for index, count in enumerate(rows):
        first, last = max(start - before, 0), min(end - before, count) - 1
        if first <= last:
            yield Stretch(index, first, last)
        before += count
