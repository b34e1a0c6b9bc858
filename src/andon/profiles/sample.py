"""Which rows of a large table are looked at: small chunks picked by the hash of their place, so the same ones every time. Pure.

Neighbouring rows are often alike (a table in order of time or shop), so many small chunks tell more than a few long stretches. A chunk
is cheap to skip but not free: of very large tables only stretches spread over the whole are read at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.base.record import Record

#: Tables of at most so many rows are looked at whole.
WHOLE_UP_TO = 1_000_000

#: A sample has about so many rows, in chunks of so many neighbours.
SAMPLE = 524_288
CHUNK = 128

#: Of a table of more rows than this only so many stretches are read, each of one row group as the engine writes them.
READ_UP_TO = 12_000_000
STRETCHES = 96
STRETCH = 122_880

_GOLDEN = 0.6180339887498949


class Stretch(Record):
    """Rows `first` to `last` (from 0, both included) of the file at index `file`."""

    file: int
    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.last - self.first + 1


def stretches(rows: Sequence[int]) -> list[Stretch]:
    """The stretches to read of files of so many rows each: all, or of very large tables some, spread over the whole."""
    total = sum(rows)
    if total <= READ_UP_TO:
        return [Stretch(index, 0, count - 1) for index, count in enumerate(rows) if count]
    found: list[Stretch] = []
    for number in range(STRETCHES):
        begin, end = total * number // STRETCHES, total * (number + 1) // STRETCHES
        room = end - begin - STRETCH
        start = begin + int(max(room, 0) * (number * _GOLDEN % 1.0))
        start = _aligned(rows, start, begin, begin + room)
        found += _in_files(rows, start, min(start + STRETCH, end))
    return found


def one_in(read: Sequence[Stretch]) -> int:
    """One of how many chunks of what is read is looked at."""
    return max(2, round(sum(s.rows for s in read) / SAMPLE))


def _aligned(rows: Sequence[int], start: int, earliest: int, latest: int) -> int:
    """The beginning of the row group of `start` where it lies between the bounds, else of the next one, else `start`."""
    before = 0
    for count in rows:
        if start < before + count:
            group = before + (start - before) // STRETCH * STRETCH
            for candidate in (group, group + STRETCH):
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
