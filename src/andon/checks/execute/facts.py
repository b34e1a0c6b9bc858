"""What the writes of a version's files told about its columns, as values that can be compared. Nothing here is guessed: what isn't
certain is not known.

What that rules out: bounds of floating columns (NaN lies above all numbers and never counts as a maximum, and whether a file holds
one isn't told reliably), texts that may have been cut, infinite and far dates, nested columns.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from andon.base.names import quote
from andon.base.record import Record
from andon.checks.compile.values import family, is_whole
from andon.checks.execute.question import Target
from andon.model.check import Literal
from andon.model.version import ColumnStats

#: Bytes of a text from which on its statistics may have been cut (the engine cuts at 256).
_SURELY_WHOLE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ONE = date(1970, 1, 1)
_WHOLE = re.compile(r"-?[0-9]+\Z", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)(\+00)?\Z", re.ASCII)
_MICRO = timedelta(microseconds=1)

#: A number, a text, or microseconds or days since 1970.
Value = Decimal | str | int


class ColumnFacts(Record):
    """One column over all files.

    Attributes:
        kind: its lake type.
        nulls: number of NULLs, if known.
        low, high: exact smallest and greatest value, if known; both None also when there is no value.
        size: compressed bytes, if known.
    """

    kind: str
    rows: int
    nulls: int | None = None
    low: Value | None = None
    high: Value | None = None
    size: int | None = None

    @property
    def values(self) -> int | None:
        """Number of values that aren't NULL, if known."""
        return None if self.nulls is None else self.rows - self.nulls


class TargetFacts:
    """The facts of a target's columns, each found when it is first asked for."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._kinds = {name.lower(): (name, kind) for name, kind in target.columns}
        self._found: dict[str, ColumnFacts | None] = {}
        self.rows = target.rows

    def kind(self, name: str) -> str | None:
        """The lake type of a column."""
        found = self._kinds.get(name.lower())
        return None if found is None else found[1]

    def column(self, name: str) -> ColumnFacts | None:
        """What is known of a column; None for a view, and for what isn't a column with facts of its own."""
        lower = name.lower()
        if lower not in self._found:
            self._found[lower] = self._read(lower)
        return self._found[lower]

    def _read(self, lower: str) -> ColumnFacts | None:
        named = self._kinds.get(lower)
        if named is None or self.rows is None:
            return None
        name, kind = named
        key = quote(name)
        listed = [(file.rows, file.stats.get(key)) for file in self._target.files]
        if any(stats is None for rows, stats in listed if rows):
            return None
        known = [(rows, stats) for rows, stats in listed if rows and stats is not None]
        nulls = [stats.nulls for _, stats in known]
        sizes = [stats.size for _, stats in known]
        low, high = _bounds(kind, known)
        return ColumnFacts(kind, self.rows, _sum(nulls), low, high, _sum(sizes))


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _bounds(kind: str, known: list[tuple[int, ColumnStats]]) -> tuple[Value | None, Value | None]:
    lows: list[Value] = []
    highs: list[Value] = []
    for rows, stats in known:
        if stats.nulls == rows:
            continue
        low, high = value_of(kind, stats.minimum), value_of(kind, stats.maximum)
        if low is None or high is None:
            return None, None
        lows.append(low)
        highs.append(high)
    if not lows:
        return None, None
    return min(lows, key=_order), max(highs, key=_order)


def _order(value: Value) -> Decimal | int | bytes:
    # texts are ordered by their bytes, as the engine orders them
    return value.encode() if isinstance(value, str) else value


def value_of(kind: str, text: str | None) -> Value | None:
    """A value of the type `kind` from its text as the write told it, or None if it isn't certain."""
    if text is None:
        return None
    if is_whole(kind):
        return int(text) if _WHOLE.match(text) else None
    if kind.startswith("DECIMAL"):
        return Decimal(text) if _NUMBER.match(text) else None
    if kind == "VARCHAR":
        return text if len(text.encode()) < _SURELY_WHOLE else None
    if kind == "DATE":
        return days(text)
    if kind == "TIMESTAMP" and not text.endswith("+00"):
        return microseconds(text)
    if kind == "TIMESTAMP WITH TIME ZONE" and text.endswith("+00"):
        return microseconds(text)
    return None


def days(text: str) -> int | None:
    """Days since 1970 of an ISO date of a year with four digits."""
    if _DATE.match(text) is None:
        return None
    try:
        return (date.fromisoformat(text) - _DAY_ONE).days
    except ValueError:
        return None


def microseconds(text: str) -> int | None:
    """Microseconds since 1970 of an ISO instant in UTC of a year with four digits; of a date the day's beginning."""
    match = _STAMP.match(text)
    if match is None:
        found = days(text)
        return None if found is None else found * 86_400_000_000
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2].ljust(15, '0') if match[3] else match[2]}+00:00")
    except ValueError:
        return None
    return (moment - _EPOCH) // _MICRO


def literal_of(kind: str, literal: Literal) -> Value | None:
    """A check's literal as a value of the column's type, if the engine surely compares it exactly; else None."""
    of = family(kind)
    if of == "text":
        return literal.text
    if of == "number" and literal.kind == "number":
        return number_of(kind, literal.text)
    if of == "time" and literal.kind in ("date", "text"):
        if kind == "DATE":
            return days(literal.text)
        return microseconds(literal.text) if not literal.text.endswith("+00") else None
    return None


def number_of(kind: str, text: str) -> Decimal | None:
    """A number in a comparison with a column of a whole or decimal type, if the engine can hold both in one exact type."""
    if _NUMBER.match(text) is None:
        return None
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(whole) > 15 or len(fraction) > 6:
        return None
    if kind.startswith("DECIMAL("):
        precision, scale = (int(part) for part in kind[8:-1].split(","))
        if max(precision - scale, len(whole)) + max(scale, len(fraction)) > 38:
            return None
    elif not is_whole(kind) or kind in ("HUGEINT", "UHUGEINT"):
        return None
    return Decimal(text)
