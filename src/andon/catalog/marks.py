"""Where in a text the words stand that were asked for, as ranges of characters. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from andon.base.record import Record
from andon.catalog.index import AskedWord

#: A part of a text from its beginning to before its end, in characters.
Mark = tuple[int, int]

#: Characters that a line around what was found has at most, and before it.
_ROOM, _BEFORE = 140, 40
#: Where a word may begin: behind no letter or digit.
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"


class MarkedText(Record):
    """A text, and where in it what was asked for stands."""

    text: str
    marks: tuple[Mark, ...]


class Marker:
    """Marks the words of one search in texts."""

    def __init__(self, words: Sequence[AskedWord]) -> None:
        patterns = [f"({pattern})" for word in words if (pattern := _pattern(word))]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def marks(self, text: str) -> tuple[Mark, ...]:
        """Where the words stand in `text`, in order; none overlaps another."""
        if self._pattern is None:
            return ()
        return tuple(match.span() for match in self._pattern.finditer(_folded(text)))

    def best_line(self, text: str) -> MarkedText | None:
        """The line of `text` that has most of the words, the first of those, cut around them; None where no line has one."""
        if self._pattern is None:
            return None
        folded = _folded(text)
        lines: dict[int, tuple[set[int | None], list[Mark]]] = {}
        for match in self._pattern.finditer(folded):
            start = folded.rfind("\n", 0, match.start()) + 1
            met, marks = lines.setdefault(start, (set(), []))
            met.add(match.lastindex)  # the number of the word
            marks.append((match.start() - start, match.end() - start))
        if not lines:
            return None
        start = max(lines, key=lambda start: (len(lines[start][0]), -start))
        end = text.find("\n", start)
        return cut(MarkedText(text[start:] if end < 0 else text[start:end], tuple(lines[start][1])))


def cut(marked: MarkedText) -> MarkedText:
    """A text in one line's room, around its first mark."""
    text = marked.text.rstrip()
    begin = len(text) - len(text.lstrip())
    start = begin
    first = marked.marks[0][0] if marked.marks else start
    if first - start > _ROOM - _BEFORE:
        start = first - _BEFORE
    end = min(len(text), start + _ROOM)
    head, tail = ("…" if start > begin else ""), ("…" if end < len(text) else "")
    moved = _inside(((a - start, b - start) for a, b in marked.marks), end - start)
    return MarkedText(f"{head}{text[start:end]}{tail}", tuple((a + len(head), b + len(head)) for a, b in moved))


def _inside(marks: Iterable[Mark], length: int) -> list[Mark]:
    return [(a, min(b, length)) for a, b in marks if 0 <= a < length]


def _pattern(word: AskedWord) -> str:
    """What stands for a word in a text: it and its forms as whole words, else the beginning of one, else a part of one."""
    patterns = [f"{_BEGIN}{re.escape(term)}{_END}" for term in _longest_first({*word.exact, *word.alike})]
    patterns += [_BEGIN + re.escape(word.word)] if word.begins else []
    patterns += [re.escape(word.word)] if word.parts else []
    return "|".join(patterns)


def _longest_first(terms: Iterable[str]) -> list[str]:
    return sorted(terms, key=lambda term: (-len(term), term))


def _folded(text: str) -> str:
    """A text as the index has it, without accents, in small letters; each character in its place."""
    return text.lower() if text.isascii() else "".join(map(_plain, text))


def _plain(character: str) -> str:
    if character.isascii():
        return character.lower()
    small = character.lower()[:1]
    parted = unicodedata.normalize("NFD", small)
    return parted[0] if len(parted) > 1 and all("\u0300" <= mark <= "\u036f" for mark in parted[1:]) else small
