"""Rows as aligned lines on a terminal of some width: what gives way there, in which order, and what is said of it.

Numbers, dates and names are never cut: what reads as another number is worse than a column that is not there. Texts are wrapped, or
cut with their full length told; where that is not enough, whole columns are left out, and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from textwrap import wrap as wrapped

from andon.base.record import Record
from andon.base.text import plural
from andon.cli.output import Cell, Ink, cell_words, display_width
from andon.render.visible import visible_lines

#: A text that is wrapped or cut keeps at least so many characters; a wrapped one fewer where nothing else can give way.
_WRAPPED, _CUT, _LEAST = 24, 16, 8
#: Parts of a header that stand on lines of their own are cut only above so many.
_HEAD = 12
_PARTS = re.compile(r"[^_ .]*[_ .]?")
#: Names in a note before it says how many more there are.
_NAMED = 8
_BETWEEN = 2
#: The sign for columns that are left out, and the blanks beside it.
_MARK = 1 + _BETWEEN

#: Texts of which a part reads as another value: numbers, dates, times, sums of money, ids of digits. Compiled when it is first needed.
_VALUE = r"[-+($€£]*[\d.,:/%\s_TZeE+\-]*\d[\d.,:/%\s_TZeE+\-]*[)%€]*\Z"
#: Longer texts are no such value.
_LONGEST_VALUE = 64
_END_OF_VALUE = re.compile(r"(?<![^\W\d_])[+\-]?\d[\d.,:/%+\-eE]*\Z")
_IN_VALUE = frozenset("0123456789.,:/%+-eE")


class Laid(Record):
    """A table as lines.

    Attributes:
        left_out: columns that are not shown.
        cut: `(column, length of its longest text)` where texts are cut.
        heights: how many lines each row has, the last ones of `lines`.
    """

    lines: tuple[str, ...]
    left_out: tuple[int, ...] = ()
    cut: tuple[tuple[int, int], ...] = ()
    heights: tuple[int, ...] = ()


def table(
    rows: Sequence[Sequence[Cell]],
    ink: Ink,
    *,
    headers: Sequence[str] = (),
    right: Iterable[int] = (),
    width: int | None = None,
    indent: str = "",
    whole: Iterable[int] = (),
    wrap: Iterable[int] = (),
    first: Iterable[int] = (),
    drop: Sequence[int] | None = None,
    names: Sequence[str] = (),
    rest: str | None = None,
) -> list[str]:
    """Rows as aligned lines that fit `width`, with a last line that names what is cut or left out.

    Args:
        whole: columns that are never cut (what a person copies or counts: names, ids, numbers).
        wrap: columns whose texts go on in the next line.
        first: columns that give way before all others.
        drop: columns that may be left out, in this order; None leaves them out from the middle.
        names: what columns are called in the last line, where there are no headers.
        rest: in the last line, how to see the rest.
    """
    laid = lay_out(
        rows,
        ink,
        headers=headers,
        right=right,
        width=width,
        indent=indent,
        whole=whole,
        wrap=wrap,
        first=first,
        drop=drop,
    )
    note = note_of(laid, names or headers, rest)
    return [*laid.lines, *note_lines(note, ink, width, indent)]


def note_lines(note: str, ink: Ink, width: int | None, indent: str = "") -> list[str]:
    """A note below a table, on as many lines as it takes."""
    lines = _wrapped(note, width - len(indent)) if note and width is not None else [note]
    return [indent + ink.paint(line, "dim") for line in lines if line]


def note_of(laid: Laid, names: Sequence[str], rest: str | None = None) -> str:
    """One line on what of a table is not shown; empty if it is all there."""
    parts = []
    called = {i: (names[i] if i < len(names) else "") or f"column {i + 1}" for i in (*laid.left_out, *dict(laid.cut))}
    if laid.left_out:
        parts.append(f"not shown: {_listed([called[i] for i in laid.left_out])}")
    if laid.cut:
        told = [f"{called[i]} (up to {plural(length, 'character')})" for i, length in laid.cut]
        parts.append(f"cut: {_listed(told)}")
    return f"… {'; '.join([*parts, *([rest] if rest else [])])}" if parts else ""


def lay_out(
    rows: Sequence[Sequence[Cell]],
    ink: Ink,
    *,
    headers: Sequence[str] = (),
    right: Iterable[int] = (),
    width: int | None = None,
    indent: str = "",
    whole: Iterable[int] = (),
    wrap: Iterable[int] = (),
    first: Iterable[int] = (),
    drop: Sequence[int] | None = None,
) -> Laid:
    """`table`, without its last line."""
    if not rows and not headers:
        return Laid(())
    count = max(len(headers), max(map(len, rows), default=0))
    texts = [[cell_words(cell) for cell in row] for row in rows]
    bodies = [max((display_width(row[i]) for row in texts if i < len(row)), default=0) for i in range(count)]
    heads = [display_width(cell_words(headers[i])) if i < len(headers) else 0 for i in range(count)]
    widths = [max(pair) for pair in zip(bodies, heads, strict=True)]
    shown = list(range(count))
    room = None if width is None else width - len(indent)
    wraps, marked = frozenset(wrap), False
    if room is not None and _needed(widths, shown) > room:
        solid = frozenset(whole) | {i for i in range(count) if i not in wraps and _is_solid(texts, i)}
        floors = _floors(bodies, headers, solid, wraps)
        shown = _fitting(floors, room, drop)
        marked = drop is None and len(shown) < count
        room -= _MARK if marked else 0
        _shrink(widths, [max(pair) for pair in zip(bodies, floors, strict=True)], shown, room, ())
        _shrink(widths, floors, shown, room, tuple(first))
        _shrink(widths, [min(f, _LEAST) if i in wraps else f for i, f in enumerate(floors)], shown, room, ())
    pen = _Pen(ink, widths, shown, frozenset(right), wraps, indent, marked)
    lines = pen.head(headers) if headers else []
    heights = []
    for row in rows:
        found = pen.row(row)
        heights.append(len(found))
        lines += found
    cut = tuple((i, bodies[i]) for i in shown if i not in wraps and bodies[i] > widths[i])
    return Laid(tuple(lines), tuple(i for i in range(count) if i not in shown), cut, tuple(heights))


def stacked(rows: Sequence[Sequence[Cell]], ink: Ink, width: int | None, indent: str = "  ") -> list[str]:
    """Rows of three cells; where they don't fit the terminal, the third stands below the other two."""
    wide = lay_out(rows, ink, indent=indent)
    if width is None or lay_out(rows, ink, width=width, indent=indent).lines == wide.lines:
        return list(wide.lines)
    lines = []
    for row in rows:
        lines += table([row[:2]], ink, width=width, indent=indent, whole=[0], wrap=[1], drop=())
        text = cell_words(row[2])
        style = row[2][1] if isinstance(row[2], tuple) else ""
        below = wrapped(text, width, initial_indent=indent * 2, subsequent_indent=indent * 2)
        lines += [ink.paint(line, style) if style else line for line in below]
    return lines


def vertical(rows: Iterable[Sequence[Cell]], ink: Ink, headers: Sequence[str], width: int | None) -> Iterable[str]:
    """A line per value and a block per row, nothing cut: for what has more columns or longer texts than a line."""
    names = [cell_words(name) for name in headers]
    label = max(map(display_width, names), default=0)
    for number, row in enumerate(rows, 1):
        if number > 1:
            yield ""
        yield ink.paint(f"row {number:,}", "dim")
        for name, cell in zip(names, row, strict=True):
            text, style = cell if isinstance(cell, tuple) else (cell, "")
            pieces = [piece for line in visible_lines(text) for piece in _pieces(line, width, label + 4)]
            for at, piece in enumerate(pieces):
                head = ink.paint(name, "dim") + " " * (label - display_width(name)) if not at else " " * label
                yield f"  {head}  {ink.paint(piece, style) if style else piece}".rstrip()


def _pieces(line: str, width: int | None, before: int) -> list[str]:
    return [line] if width is None else _wrapped(line, max(width - before, _WRAPPED))


class _Pen:
    """Writes rows at given widths."""

    def __init__(
        self,
        ink: Ink,
        widths: Sequence[int],
        shown: Sequence[int],
        right: frozenset[int],
        wraps: frozenset[int],
        indent: str,
        marked: bool,
    ) -> None:
        self._ink = ink
        self._widths = widths
        self._shown = shown
        self._right = right
        self._wraps = wraps
        self._indent = indent
        #: Before which column stands the sign that columns are left out.
        self._mark = next((b for a, b in pairwise(shown) if b > a + 1), None) if marked else None

    def head(self, headers: Sequence[str]) -> list[str]:
        """The names of the columns, the last line of each just above its values."""
        names = [cell_words(h) for h in headers]
        parts = {i: _head_lines(names[i], self._widths[i]) for i in self._shown if i < len(names)}
        height = max((len(lines) for lines in parts.values()), default=1)
        cells = {i: ["", *[""] * (height - len(lines) - 1), *lines][-height:] for i, lines in parts.items()}
        lines = [{i: (lines[at], "dim") for i, lines in cells.items()} for at in range(height)]
        return [self._line(dict(line), "…" if at == height - 1 else " ") for at, line in enumerate(lines)]

    def row(self, row: Sequence[Cell]) -> list[str]:
        """One row; it has more lines than one where a text is wrapped."""
        lines: dict[int, list[Cell]] = {}
        for i in self._shown:
            cell = row[i] if i < len(row) else ""
            text, style = cell_words(cell), cell[1] if isinstance(cell, tuple) else ""
            parts = _wrapped(text, self._widths[i]) if i in self._wraps else [_cut(text, self._widths[i])]
            lines[i] = [(part, style) for part in parts]
        height = max((len(parts) for parts in lines.values()), default=1)
        return [self._line({i: parts[at] for i, parts in lines.items() if at < len(parts)}) for at in range(height)]

    def _line(self, cells: dict[int, Cell], mark: str = "…") -> str:
        parts = []
        for i in self._shown:
            if i == self._mark:
                parts.append(self._ink.paint(mark, "dim"))
            cell = cells.get(i, "")
            text, style = cell if isinstance(cell, tuple) else (cell, "")
            pad = " " * (self._widths[i] - display_width(text))
            painted = self._ink.paint(text, style) if style else text
            parts.append(pad + painted if i in self._right else painted + pad)
        return (self._indent + (" " * _BETWEEN).join(parts)).rstrip()


def _needed(widths: Sequence[int], shown: Sequence[int]) -> int:
    return sum(widths[i] for i in shown) + _BETWEEN * (len(shown) - 1)


def _is_solid(texts: Sequence[Sequence[str]], column: int) -> bool:
    """Whether all values of a column are numbers, dates or the like."""
    cells = (row[column] for row in texts if column < len(row))
    found = [part for cell in cells for part in cell.split(" → ") if part not in ("", "NULL")]
    return bool(found) and all(len(text) <= _LONGEST_VALUE and re.match(_VALUE, text) for text in found)


def _floors(bodies: Sequence[int], headers: Sequence[str], solid: frozenset[int], wraps: frozenset[int]) -> list[int]:
    """How narrow each column may get."""
    floors = []
    for i, body in enumerate(bodies):
        least = body if i in solid else min(body, _WRAPPED if i in wraps else _CUT)
        name = cell_words(headers[i]) if i < len(headers) else ""
        longest = max(display_width(part.rstrip()) for part in _PARTS.findall(name))
        floors.append(max(least, min(longest, _HEAD)))
    return floors


def _fitting(floors: Sequence[int], room: int, drop: Sequence[int] | None) -> list[int]:
    """The columns that fit even where each is as narrow as it may get."""
    shown = list(range(len(floors)))
    if drop is not None:
        for column in drop:
            if _needed(floors, shown) <= room:
                break
            shown.remove(column)
        for column in drop:  # the last one that went may have made room for one before
            again = sorted({*shown, column})
            if _needed(floors, again) <= room:
                shown = again
        return shown
    if _needed(floors, shown) <= room:
        return shown
    left, right = 0, len(floors) - 1
    kept: list[int] = []
    used = _MARK - _BETWEEN
    while left <= right:
        # in turn from both ends; where the next one of an end is too wide, from the other
        sides = (left, right) if len(kept) % 2 == 0 else (right, left)
        side = next((i for i in sides if used + floors[i] + _BETWEEN <= room or not kept), None)
        if side is None:
            break
        kept.append(side)
        used += floors[side] + _BETWEEN
        left, right = (left + 1, right) if side == left else (left, right - 1)
    return sorted(kept)


def _shrink(widths: list[int], floors: Sequence[int], shown: Sequence[int], room: int, first: Sequence[int]) -> None:
    """Take from the widest columns until all fit."""
    for group in ([i for i in shown if i in first], [i for i in shown if i not in first]):
        while (excess := _needed(widths, shown) - room) > 0:
            giving = [i for i in group if widths[i] > floors[i]]
            if not giving:
                break
            widest = max(giving, key=lambda i: widths[i])
            next_width = max((widths[i] for i in giving if widths[i] < widths[widest]), default=0)
            widths[widest] -= max(1, min(excess, widths[widest] - max(floors[widest], next_width)))


def _head_lines(name: str, width: int) -> list[str]:
    """A name on as many lines as it takes, broken after `_` and blanks where it can be."""
    if display_width(name) <= width:
        return [name]
    lines, line = [], ""
    for part in _PARTS.findall(name):
        if line and display_width(line + part.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += part
        while display_width(line.rstrip()) > width:
            lines.append(line[:width])
            line = line[width:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _wrapped(text: str, width: int) -> list[str]:
    if display_width(text) <= width:
        return [text]
    lines = wrapped(text, width, break_on_hyphens=False)
    if all(display_width(line) <= width for line in lines):
        return lines
    return [piece for line in lines for piece in _split_wide(line, width)]


def _split_wide(line: str, width: int) -> list[str]:
    pieces, piece = [], ""
    for character in line:
        if piece and display_width(piece + character) > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]


def _cut(text: str, width: int) -> str:
    """`text` in `width` characters; no number or date in it is cut in two."""
    if display_width(text) <= width:
        return text
    kept = text[: max(width - 1, 0)]
    while kept and display_width(kept) > width - 1:
        kept = kept[:-1]
    if text[len(kept)] in _IN_VALUE:
        kept = _END_OF_VALUE.sub("", kept)
    return kept + "…"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
