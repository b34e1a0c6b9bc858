"""Lines of code on a terminal of some width: what is too long goes on below, further in. Nothing is lost but blanks where it parts.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from andon.cli.output import display_width

#: How much further in a line goes on.
_FURTHER = 4
#: A line keeps at least so many characters for itself, however far in it stands.
_LEAST = 16
_LEADING = re.compile(r"\s*")


def code_lines(lines: Iterable[str], width: int | None, before: str = "", sign: int = 0) -> Iterator[str]:
    """Lines of code with `before` in front of each, none wider than `width`; None: as they are.

    Args:
        sign: how many characters in front of a line say what it is (`+` of a diff): they stand in front of what goes on, too.
    """
    for line in lines:
        if width is None or display_width(before + line) <= width:
            yield before + line
            continue
        mark, text = line[:sign], line[sign:]
        lead = _LEADING.match(text)
        within = lead[0] if lead else ""
        room = max(width - display_width(before + mark), _LEAST)
        further = within + " " * _FURTHER
        if display_width(further) + _LEAST > room:
            further = " " * max(0, min(_FURTHER, room - _LEAST))
        first, rest = _parted(text, room, len(within))
        yield before + mark + first
        while rest:
            part, rest = _parted(rest, room - display_width(further), 0)
            yield before + mark + further + part


def _parted(text: str, room: int, from_: int) -> tuple[str, str]:
    """`text` up to `room`, parted behind the last blank in it if there is one after `from_`; and the rest."""
    if display_width(text) <= room:
        return text, ""
    end, used = 0, 0
    while end < len(text) and used + display_width(text[end]) <= room:
        used += display_width(text[end])
        end += 1
    end = max(end, 1)
    if text[end : end + 1] == " ":
        return text[:end], text[end + 1 :].lstrip(" ")
    blank = text.rfind(" ", from_ + 1, end)
    if blank < 0 or not text[from_:blank].strip():
        return text[:end], text[end:]
    return text[:blank].rstrip(" "), text[blank + 1 :]
