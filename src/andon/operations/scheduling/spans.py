"""How long it may take to bring a dataset up to date. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from andon.operations.scheduling.book import ScheduleBook


class Spans:
    """Seconds that it may take to bring a dataset up to date; those of the last book are kept, as runs change them and passes don't."""

    def __init__(self) -> None:
        self._kept: tuple[ScheduleBook, Mapping[str, float], frozenset[str], dict[str, float]] | None = None

    def of(self, book: ScheduleBook, seconds: Mapping[str, float], shut: frozenset[str]) -> dict[str, float]:
        """As `spans_of`."""
        kept = self._kept
        if kept is not None and kept[0] is book and kept[1] is seconds and kept[2] == shut:
            return kept[3]
        found = spans_of(book, seconds, shut)
        self._kept = book, seconds, shut, found
        return found


#: Of all passes of the process.
SPANS = Spans()


def spans_of(book: ScheduleBook, seconds: Mapping[str, float], shut: frozenset[str]) -> dict[str, float]:
    """Seconds that it may take to bring each dataset up to date: a run with all that goes along, by the longest way through it, and
    before it another one that shares something, which may have begun just then.

    Args:
        seconds: what each took last.
        shut: what is no way through.
    """
    ways = {d: [p for p in book.inputs[d] if p not in shut] for d in book.order}
    above: dict[str, float] = {}
    for d in book.order:
        above[d] = seconds.get(d, 0.0) + max((above[p] for p in ways[d]), default=0.0)
    below: dict[str, float] = {}
    for d in reversed(book.order):
        following = (below[r] + seconds.get(r, 0.0) for r in book.readers[d] if book.entries[r].follows)
        below[d] = max(following, default=0.0)
    longest: dict[str, float] = {}
    for d in reversed(book.order):
        longest[d] = max((above[d] + below[d], *(longest[r] for r in book.readers[d])))
    shared: dict[str, float] = {}
    for d in book.order:
        shared[d] = max((longest[d], *(shared[p] for p in ways[d])))
    return {d: above[d] + below[d] + shared[d] for d in book.order}
