"""SQL text cut into tokens, enough to find where a call, a statement or a clause ends. The parser itself is DuckDB's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from andon.base.record import Record

# Letters are said by what they are not: a range up to the last character takes ten times as long to compile as all else here.
_TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n\r]*)
      | (?P<comment>/\*)
      | (?P<string>[eE]'(?:[^'\\]|''|\\.)*'? | '(?:[^']|'')*'?)
      | (?P<quoted>"(?:[^"]|"")*"?)
      | (?P<dollar>\$(?:[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*)?\$)
      | (?P<word>[^\x00-@\[-^`{-\x7f][^\x00-#%-/:-@\[-^`{-\x7f]*)
      | (?P<number>[0-9][0-9A-Za-z_.]*)
      | (?P<mark>:=|=>|.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class SqlToken(Record):
    """A token: `kind` is string, quoted, word, number or mark; `text` is as written, `start` and `end` are characters."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The token in lower case for comparing with keywords; "" for quoted names and strings."""
        return self.text.lower() if self.kind in ("word", "mark") else ""

    @property
    def name(self) -> str:
        """The identifier that the token spells, in lower case."""
        if self.kind == "quoted":
            return self.text[1:-1].replace('""', '"').lower()
        return self.text.lower()


def without_values(text: str) -> str:
    """What a statement asks, its values and comments left out: for who may know that it is asked, and not of whom."""
    found = [(token, {"string": "'…'", "number": "…"}.get(token.kind, token.text)) for token in tokens(text)]
    said, end = "", 0
    for token, shown in found:
        said += (" " if said and token.start > end else "") + shown
        end = token.end
    return said


def tokens(text: str, start: int = 0) -> Iterator[SqlToken]:
    """The tokens of `text` from character `start` on; blanks and comments are left out. What is not closed ends at the end."""
    at = start
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return
        kind, end = str(match.lastgroup), match.end()
        if kind == "comment":
            end = _comment_end(text, at)
        elif kind == "dollar":
            close = text.find(match.group(), end)
            end = len(text) if close < 0 else close + len(match.group())
            kind = "string"
        if kind not in ("blank", "comment"):
            yield SqlToken(kind, text[at:end], at, end)
        at = end


def _comment_end(text: str, start: int) -> int:
    """Where the comment that opens at `start` ends; comments nest."""
    depth = 0
    for match in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(text)


def deep_comment(text: str, most: int) -> int | None:
    """Where a comment opens in which others stand more than `most` deep, or None."""
    at = 0
    while match := _TOKEN.match(text, at):
        at = match.end()
        if match.lastgroup == "dollar":
            close = text.find(match.group(), at)
            at = len(text) if close < 0 else close + len(match.group())
        elif match.lastgroup == "comment":
            start, at = match.start(), len(text)
            depth = 0
            for edge in _COMMENT_EDGE.finditer(text, start):
                depth += 1 if edge.group() == "/*" else -1
                if depth > most:
                    return start
                if depth == 0:
                    at = edge.end()
                    break
    return None


def closing(text: str, start: int) -> int | None:
    """The character after the bracket that closes the first one found at or after `start`; None if it is not closed."""
    depth = 0
    for token in tokens(text, start):
        if token.kind != "mark":
            continue
        if token.text in "([{":
            depth += 1
        elif token.text in ")]}":
            depth -= 1
            if depth <= 0:
                return token.end
    return None


def statements(text: str) -> list[tuple[int, int]]:
    """The character ranges of the statements of `text`, from the first token to the last, without the `;` between them."""
    found: list[tuple[int, int]] = []
    first: int | None = None
    last = 0
    for token in tokens(text):
        if token.kind == "mark" and token.text == ";":
            if first is not None:
                found.append((first, last))
            first = None
            continue
        if first is None:
            first = token.start
        last = token.end
    if first is not None:
        found.append((first, last))
    return found


def first_statement(text: str) -> str:
    """The text up to the end of its first statement; what stands before it stays, so that line numbers are the file's."""
    if ";" not in text:
        return text.rstrip()
    found = statements(text)
    return text[: found[0][1]] if found else text
