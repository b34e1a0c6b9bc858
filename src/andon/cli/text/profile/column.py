"""All about one column of a profile, drawn for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Console, Ink, display_width
from andon.cli.table import table
from andon.cli.text.profile.bars import bar
from andon.model.profile import ColumnKind, ColumnProfile, Histogram
from andon.render.profiles import number, percent

#: Quantiles that are shown, of those that are kept.
_SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
#: Most frequent values that are shown; where there are no others, a histogram would say the same again.
_FEW_VALUES = 12
_WIDEST_BAR = 40
_WIDTH_IN_A_PIPE = 100
#: What a line with a bar holds beside label and bar: a count, a share, gaps and indent.
_BESIDE = 28
_LONGEST_LABEL = 40


def detail_lines(column: ColumnProfile, console: Console) -> list[str]:
    """Facts, quantiles, histogram and most frequent values of a column."""
    ink = console.out
    lines = [f"{ink.paint(column.name, 'bold')}  {ink.paint(column.type, 'accent')}"]
    facts: list[Sequence[Cell]] = [((name, "dim"), text) for name, text in _facts(column)]
    lines += table(facts, ink, indent="  ")
    if column.masked:
        return [*lines, "", ink.paint("marked pii: only counts are shown", "warn")]
    if column.quantiles:
        lines += ["", ink.paint("quantiles", "dim"), *_quantiles(column, console)]
    if column.histogram is not None and not (column.top_complete and len(column.top) <= _FEW_VALUES):
        lines += ["", ink.paint("histogram", "dim"), *_histogram(column, column.histogram, console)]
    if column.top:
        title = "all values" if column.top_complete else "most frequent values"
        listed = column.top if column.top_complete else column.top[:_FEW_VALUES]
        rows = [(number(t.value), t.count) for t in listed]
        lines += ["", ink.paint(title, "dim"), *_bars(rows, column.values, console, right=False)]
    return lines


def _facts(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    estimate = "" if column.distinct_exact else "≈"
    if column.rows < column.nulls_of or not column.distinct_exact:
        yield "looked at", plural(column.rows, "row")
    yield "nulls", f"{column.nulls:,} of {column.nulls_of:,}  {percent(column.null_share)}"
    unique = "  no value comes twice" if column.is_unique and column.rows > 1 else ""
    yield "distinct", f"{estimate}{column.distinct or 0:,}{unique}"
    if column.masked:
        return
    if column.minimum is not None:
        seen = "" if column.range_exact else "  of the rows looked at"
        yield "range", f"{number(column.minimum)} … {number(column.maximum)}{seen}"
    if column.mean is not None:
        yield "mean", number(column.mean)
    if column.deviation is not None:
        yield "deviation", number(column.deviation)
    if column.lengths is not None:
        unit = {ColumnKind.TEXT: "characters", ColumnKind.NESTED: "elements"}.get(column.kind, "bytes")
        yield (
            "length",
            f"{column.lengths.minimum:,} … {column.lengths.maximum:,} {unit}, {number(column.lengths.mean)} in the mean",
        )
    for name in ("zeros", "negative", "empty", "nan", "infinite"):
        count = getattr(column, name)
        if count:
            yield {"nan": "NaN"}.get(name, name), f"{count:,}  {percent(count / column.values)}"


def _quantiles(column: ColumnProfile, console: Console) -> list[str]:
    values = dict(column.quantiles)
    names = {0.5: "median"}
    pairs = [(names.get(s, f"{100 * s:.0f}%"), number(values[s])) for s in _SHARES if s in values]
    across = sum(max(display_width(a), display_width(b)) + 2 for a, b in pairs) + 2
    if across <= (console.width or _WIDTH_IN_A_PIPE):
        rows: list[Sequence[Cell]] = [[b for _, b in pairs]]
        return table(rows, console.out, headers=[a for a, _ in pairs], right=range(len(pairs)), indent="  ")
    return table([[(a, "dim"), b] for a, b in pairs], console.out, right=[0, 1], indent="  ")


def _histogram(column: ColumnProfile, histogram: Histogram, console: Console) -> list[str]:
    edges = [number(e) if column.kind is ColumnKind.NUMBER else _short_moment(str(e)) for e in histogram.edges]
    rows = [(edges[i], count) for i, count in enumerate(histogram.counts)]
    if histogram.below:
        rows.insert(0, (f"below {edges[0]}", histogram.below))
    if histogram.above:
        rows.append((f"above {edges[-1]}", histogram.above))
    return [*_bars(rows, column.values, console, right=True), *_last_edge(histogram, edges, rows)]


def _last_edge(histogram: Histogram, edges: Sequence[str], rows: Sequence[tuple[str, int]]) -> list[str]:
    """The end of the last bin, unless a line says it already."""
    if histogram.above:
        return []
    width = max(display_width(label) for label, _ in rows)
    return ["  " + " " * (width - display_width(edges[-1])) + edges[-1]]


def _short_moment(text: str) -> str:
    return text.removesuffix("+00").removesuffix(" 00:00:00")


def _bars(rows: Sequence[tuple[str, int]], total: int, console: Console, *, right: bool) -> list[str]:
    """Lines of label, bar, count and share."""
    ink: Ink = console.out
    width = console.width or _WIDTH_IN_A_PIPE
    label = min(max(display_width(text) for text, _ in rows), _LONGEST_LABEL, max(width - _BESIDE - 8, 8))
    room = max(4, min(_WIDEST_BAR, width - label - _BESIDE))
    most = max(count for _, count in rows) or 1
    cells: list[Sequence[Cell]] = [
        (text, (bar(count / most, room), "accent"), f"{count:,}", (percent(count / total if total else 0.0), "dim"))
        for text, count in rows
    ]
    return table(
        cells, ink, indent="  ", right=[0, 2, 3] if right else [2, 3], width=width, whole=[1, 2, 3], wrap=[0], drop=()
    )
