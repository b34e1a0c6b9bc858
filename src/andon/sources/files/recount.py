"""Every row of a CSV file read by other code than the engine's: slow, exact, and able to say what is wrong where."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from andon.sources.files.calls import Call
from andon.sources.files.dialect import (
    SAMPLE_CHARACTERS,
    CsvRecord,
    Dialect,
    fits,
    ragged,
    records,
    unmarked,
    unreadable,
)
from andon.sources.files.raw_text import Source, head, open_text

#: So many odd rows are looked at for what they have in common.
_ODD_ROWS = 1_000


def exact_rows(source: Source, call: Call, dialect: Dialect, width: int) -> int | None:
    """The number of rows, each of them with `width` fields; None where the author wants odd rows passed over.

    Blanks between a delimiter and a quote are taken as the engine takes them.

    Raises:
        DatasetError: `source.ragged`, `source.truncated`, `source.ambiguous`.
    """
    if call.get("ignore_errors") or call.get("store_rejects"):
        return None
    csv.field_size_limit(SAMPLE_CHARACTERS * 4)
    plain = _Walk(width, bool(call.get("null_padding")))
    error = plain.over(source, dialect, spaces=False)
    if error is None and not plain.odd:
        return plain.count
    spaced = _Walk(width, plain.padded)
    if spaced.over(source, dialect, spaces=True) is None and not spaced.odd:
        return spaced.count
    if error is not None:
        text, _ = head(source, SAMPLE_CHARACTERS)
        raise unreadable(source, dialect, error, plain.line + 1, text, call) from error
    raise ragged(source, call, dialect, plain.odd[0], width, plain.seen(), plain.ended, plain.starts)


class _Walk:
    """What was seen on the way through the rows of a file."""

    def __init__(self, width: int, padded: bool) -> None:
        self.width = width
        self.padded = padded
        self.count = 0
        self.line = 0
        self.ended = True
        self.odd: list[CsvRecord] = []
        self.starts: set[str] = set()
        self._good: CsvRecord | None = None
        self._last: CsvRecord | None = None

    def over(self, source: Source, dialect: Dialect, spaces: bool) -> csv.Error | None:
        """Go through the rows of `source`; the error that ended the way, if one did."""
        try:
            for record in self._records(source, dialect, spaces):
                self.count += 1
                self.line = record.line
                self._last = record
                if fits(record, self.width) or (self.padded and len(record.fields) < self.width):
                    self._good = self._good or record
                    self.starts.add(record.fields[0][:1])
                elif len(self.odd) < _ODD_ROWS:
                    self.odd.append(record)
        except csv.Error as error:
            return error
        return None

    def _records(self, source: Source, dialect: Dialect, spaces: bool) -> Iterator[CsvRecord]:
        with open_text(source) as stream:
            yield from records(self._watched(unmarked(stream)), dialect, spaces)

    def _watched(self, lines: Iterator[str]) -> Iterator[str]:
        line = "\n"
        for line in lines:
            yield line
        self.ended = line.endswith(("\n", "\r"))

    def seen(self) -> list[CsvRecord]:
        """The first good row, the odd ones, and the last row, in their order."""
        found = [*self.odd, *([self._good] if self._good else [])]
        if self._last is not None and self._last not in found:
            found.append(self._last)
        return sorted(found, key=lambda r: r.line)
