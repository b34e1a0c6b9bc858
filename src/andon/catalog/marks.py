"""Where in a text the words stand that were asked for, as ranges of characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from andon.base.record import Record
from andon.catalog.index import AskedWord

#: A part of a text from its beginning to before its end, in characters.
Mark = tuple[int, int]

_TERM = re.compile(r"[^\W_]+")
#: Characters that a line around what was found has at most, and before it.
_ROOM, _BEFORE = 140, 40


class MarkedText(Record):
    """A text, and where in it what was asked for stands."""

    text: str
    marks: tuple[Mark, ...]


def marks_in(text: str, words: Sequence[AskedWord]) -> tuple[Mark, ...]:
    """Where the words stand in `text`, in order; none overlaps another."""
    found = []
    for match in _TERM.finditer(text):
        term = _folded(match[0])
        met = next((place for word in words if (place := word.meets(term)) is not None), None)
        if met is None:
            continue
        start, end = met if len(term) == len(match[0]) else (0, len(match[0]))
        found.append((match.start() + start, match.start() + end))
    return tuple(found)


def best_line(text: str, words: Sequence[AskedWord]) -> MarkedText | None:
    """The line of `text` that has most of the words, cut around them; None where no line has one."""
    best: tuple[int, str, tuple[Mark, ...]] | None = None
    for line in text.splitlines():
        marks = marks_in(line, words)
        many = len({line[start:end].lower() for start, end in marks})
        if marks and (best is None or many > best[0]):
            best = (many, line, marks)
    return None if best is None else cut(MarkedText(best[1], best[2]))


def cut(marked: MarkedText) -> MarkedText:
    """A text in one line's room, around its first mark."""
    text = marked.text.rstrip()
    start = len(text) - len(text.lstrip())
    first = marked.marks[0][0] if marked.marks else start
    if first - start > _ROOM - _BEFORE:
        start = first - _BEFORE
    end = min(len(text), start + _ROOM)
    head, tail = ("…" if start > len(text) - len(text.lstrip()) else ""), ("…" if end < len(text) else "")
    moved = _inside(((a - start, b - start) for a, b in marked.marks), end - start)
    return MarkedText(f"{head}{text[start:end]}{tail}", tuple((a + len(head), b + len(head)) for a, b in moved))


def _inside(marks: Iterable[Mark], length: int) -> list[Mark]:
    return [(a, min(b, length)) for a, b in marks if 0 <= a < length]


def _folded(text: str) -> str:
    """A word as the index has it: without accents, in small letters."""
    if text.isascii():
        return text.lower()
    parted = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(c for c in parted if not ("\u0300" <= c <= "\u036f")))
