"""The normal form of Python text: its tokens, without comments and layout, the same for every version of Python."""

from __future__ import annotations

import io
import token
import tokenize
from collections.abc import Sequence

from andon.base.hashing import content_id

#: `(line, column, end line, end column)`: lines from 1, columns from 0 in characters.
Range = tuple[int, int, int, int]

_DROPPED = frozenset({token.COMMENT, token.NL, token.ENCODING, token.ENDMARKER})
_LAYOUT = {token.INDENT: "\t>", token.DEDENT: "\t<", token.NEWLINE: "\n"}
# Python 3.12 cuts f-strings (3.14 also t-strings) into parts; before, each is one token.
_OPENERS = frozenset(getattr(token, name) for name in ("FSTRING_START", "TSTRING_START") if hasattr(token, name))
_CLOSERS = frozenset(getattr(token, name) for name in ("FSTRING_END", "TSTRING_END") if hasattr(token, name))


def normal_tokens(text: str, without: Sequence[Range] = ()) -> str:
    """Hash of the tokens of `text`, which must be valid Python; tokens that lie in the ranges `without` don't count."""
    text = text.replace("\r\n", "\n")
    lines = list(io.StringIO(text))
    out: list[str] = []
    depth = 0
    start = (0, 0)
    for item in tokenize.generate_tokens(io.StringIO(text).readline):
        if item.type in _OPENERS:
            start = item.start if depth == 0 else start
            depth += 1
        elif item.type in _CLOSERS:
            depth -= 1
            if depth == 0:
                out.append(_between(lines, start, item.end))
        elif depth or item.type in _DROPPED or _inside(item.start, item.end, without):
            continue
        else:
            out.append(_LAYOUT.get(item.type, item.string))
    return content_id(out)


def _inside(start: tuple[int, int], end: tuple[int, int], ranges: Sequence[Range]) -> bool:
    return any((r[0], r[1]) <= start and end <= (r[2], r[3]) for r in ranges)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    middle = lines[start[0] : end[0] - 1]
    return "".join([lines[start[0] - 1][start[1] :], *middle, lines[end[0] - 1][: end[1]]])
