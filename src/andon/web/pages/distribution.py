"""What is drawn of a column's values: bars, with the words that stand below and on them. Pure."""

from __future__ import annotations

from andon.base.record import Record
from andon.base.text import plural
from andon.model.profile import ColumnKind, ColumnProfile, Value
from andon.render.profiles import number, shown

#: Most frequent values that are drawn.
_TOP = 8
_LONGEST = 40
_MOMENT = 10


class Bar(Record):
    """One bar: what it stands for, how many rows that are, and its part of the highest."""

    label: str
    rows: int
    height: float


class Distribution(Record):
    """A small picture of a column's values.

    Attributes:
        caption: what stands below it.
        is_of_values: whether each bar is one value; else it is a range.
    """

    bars: tuple[Bar, ...]
    caption: str
    is_of_values: bool = False


def distribution(column: ColumnProfile) -> Distribution:
    """The picture of a column; without bars where there is nothing to draw."""
    if column.masked:
        return Distribution((), "personal: counts only")
    if column.values == 0:
        return Distribution((), "no values" if column.rows else "no rows")
    if column.histogram is not None and not _is_few(column):
        return Distribution(_ranges(column), _range(column))
    if column.top and column.kind is not ColumnKind.NESTED:
        return _of_values(column)
    if column.lengths is not None:
        unit = {ColumnKind.TEXT: "characters", ColumnKind.NESTED: "elements"}.get(column.kind, "bytes")
        return Distribution((), f"{column.lengths.minimum:,} – {column.lengths.maximum:,} {unit}")
    return Distribution((), _range(column))


def _is_few(column: ColumnProfile) -> bool:
    return column.top_complete and len(column.top) <= _TOP


def _of_values(column: ColumnProfile) -> Distribution:
    counts = [(_cut(shown(top.value)), top.count) for top in column.top[:_TOP]]
    highest = max(count for _, count in counts)
    bars = tuple(Bar(label, count, count / highest) for label, count in counts)
    if _is_few(column):
        return Distribution(bars, plural(len(column.top), "value"), is_of_values=True)
    rest = column.values - sum(count for _, count in counts)
    caption = f"{_cut(shown(column.top[0].value), 18)} and others" if rest > 0 else plural(len(column.top), "value")
    return Distribution(bars, caption, is_of_values=True)


def _ranges(column: ColumnProfile) -> tuple[Bar, ...]:
    histogram = column.histogram
    if histogram is None:
        return ()
    highest = max(histogram.counts, default=0) or 1
    edges = [_value(column, edge) for edge in histogram.edges]
    return tuple(
        Bar(f"{low} – {high}", count, count / highest)
        for low, high, count in zip(edges, edges[1:], histogram.counts, strict=False)
    )


def _range(column: ColumnProfile) -> str:
    if column.minimum is None:
        return plural(column.distinct or 0, "value")
    low, high = _value(column, column.minimum), _value(column, column.maximum)
    return low if low == high else f"{low} – {high}"


def _value(column: ColumnProfile, value: Value) -> str:
    if column.kind is ColumnKind.MOMENT and isinstance(value, str):
        return value[:_MOMENT]
    if column.kind is ColumnKind.NUMBER and isinstance(value, str):  # a DECIMAL, with all its digits
        whole, point, rest = value.partition(".")
        return f"{int(whole):,}{point}{rest}" if whole.lstrip("-").isdigit() and whole != "-0" else value
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else number(round(value))
    return _cut(number(value), 24)


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
