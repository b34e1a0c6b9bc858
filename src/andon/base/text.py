"""Text for people: places in a text, excerpts with a mark, sizes, durations, counts."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W\d]\w*")


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column (both from 1) of the character at `offset` of `text`."""
    before = text[:offset]
    line = before.count("\n") + 1
    return line, offset - (before.rfind("\n") + 1) + 1


def byte_to_character(text: str, offset: int) -> int:
    """The character offset that stands at byte `offset` of `text` in UTF-8."""
    if text.isascii():
        return offset
    return len(text.encode()[:offset].decode(errors="ignore"))


def excerpt(text: str, line: int, column: int | None = None, context: int = 1) -> str:
    """The lines around `line` (from 1) with their numbers and, if `column` is given, a mark under it."""
    lines = text.split("\n")
    first, last = max(1, line - context), min(len(lines), line)
    width = len(str(last))
    out = []
    for number in range(first, last + 1):
        content = lines[number - 1].rstrip("\r").replace("\t", " ")
        out.append(f"{number:>{width}} | {content[:160]}")
    if column is not None:
        out.append(f"{' ' * width} | {' ' * (min(column, 160) - 1)}^")
    return "\n".join(out)


def is_plain(text: str) -> bool:
    """Whether a text has nothing but characters, lines and tabs: no controls, no halves of characters."""
    return not any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in text)


def one_line(text: str) -> str:
    """A text as one line that can be written anywhere: white space is one blank, what is no text `?`."""
    said = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
    return said if is_plain(said) else "".join(each if is_plain(each) else "?" for each in said)


def words_in(text: str) -> set[str]:
    """All words of a text, in lower case, wherever they stand: more than the names in it, never fewer."""
    return {word.lower() for word in _WORD.findall(text)}


def around_difference(one: str, other: str, width: int) -> tuple[str, str]:
    """Two texts cut to `width` characters, where they are longer: so that what differs first is to be seen in both."""
    if len(one) <= width and len(other) <= width:
        return one, other
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, same - width // 3) if same > width * 2 // 3 else 0
    return _window(one, start, width), _window(other, start, width)


def _window(text: str, start: int, width: int) -> str:
    before = "…" if start else ""
    room = width - len(before)
    part = text[start : start + room]
    return before + (part if len(text) <= start + room else part[: room - 1] + "…")


def plural(count: int, singular: str, many: str | None = None) -> str:
    """`1 dataset`, `2 datasets`, with thousands separated."""
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"


def size(count: int) -> str:
    """A number of bytes for people: `812 B`, `4.1 kB`, `1.3 GB` (powers of 1000)."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def seconds(value: float) -> str:
    """A duration for people: `0.42 s`, `12.3 s`, `3 min 05 s`."""
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def span(value: float) -> str:
    """A length of time in its largest whole unit: `42 s`, `12 min`, `7 h`, `3 days`."""
    for unit, length in (("day", 86_400), ("h", 3_600), ("min", 60)):
        count = int(value // length)
        if count:
            return plural(count, unit) if unit == "day" else f"{count:,} {unit}"
    return f"{int(value)} s"
