"""A check's line cut into tokens, with their depth in brackets. SQL's own lexical rules, plus `..`, `+-` and comments of lines."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from andon.base.record import Record
from andon.sql.names import words

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
      | (?P<string>[eExX]?'(?:[^'])*(?:''[^']*)*'?)
      | (?P<quoted>"[^"]*(?:""[^"]*)*"?)
      | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
      | (?P<number>(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d][\w$]*)
      | (?P<op>\.\.|\+-|::|->>|->|<=|>=|<>|!=|!~~?\*?|==|:=|=>|\|\||--|/\*|\*\*|//|.)""",
    re.VERBOSE | re.DOTALL,
)

#: A number that may stand as a literal: no exponent, not so long that nobody meant it.
_PLAIN_NUMBER = re.compile(r"(?=.{1,60}\Z)(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)\Z")

OPENING = frozenset("([{")
CLOSING = frozenset(")]}")
_PAIRS = {")": "(", "]": "[", "}": "{"}

#: Words that can't be the name of a column without quotes: the engine's reserved ones and what the forms need.
RESERVED = words(
    """all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
    deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
    into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary
    qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot using
    variadic when where window with is matches"""
)

#: Words after which `5%` is a share all the same, since no operand begins with them.
_NO_OPERAND = words(
    """and or of then else end when where allow warn info quarantine is in not between like ilike similar from for"""
)


class Token(NamedTuple):
    """A token. Made by the ten thousand when a project is read, hence a tuple.

    Attributes:
        kind: word, number, string, quoted or op.
        depth: how many brackets are around it (a bracket's own left out).
        word: in lower case for comparing with keywords and marks; "" for quoted names, strings and numbers.
    """

    kind: str
    text: str
    start: int
    end: int
    depth: int
    word: str

    @property
    def name(self) -> str:
        """The identifier it spells, as written, quotes taken off."""
        return self.text[1:-1].replace('""', '"') if self.kind == "quoted" else self.text


class Flaw(Record):
    """Something wrong with a text: what, where (a character of the text), what to do."""

    message: str
    offset: int
    hint: str
    example: str = ""
    code: str = "project.bad_check"


@lru_cache(maxsize=16384)
def cut(text: str) -> tuple[Token, ...]:
    """The tokens of `text`, blanks left out; never raises."""
    found: list[Token] = []
    at = depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:  # no character is without a token; kept so that no text can loop
            break
        kind, end = str(match.lastgroup), match.end()
        if kind == "dollar":
            close = text.find(match.group(), end)
            end = len(text) if close < 0 else close + len(match.group())
            kind = "string"
        if kind != "blank":
            mark = match.group()
            if kind == "op" and mark in CLOSING:
                depth = max(0, depth - 1)
            word = mark if kind == "op" else mark.lower() if kind == "word" else ""
            found.append(Token(kind, text[at:end], at, end, depth, word))
            if kind == "op" and mark in OPENING:
                depth += 1
        at = end
    return tuple(found)


def flaw_of(text: str) -> Flaw | None:
    """What keeps `text` from being cut at all: quotes or brackets that aren't closed, `;`, comments of SQL, odd characters."""
    if "\0" in text:
        return Flaw("the line holds a NUL character", text.index("\0"), "remove the character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return Flaw("the line holds half of a surrogate pair", error.start, "save the file as UTF-8")
    opened: list[Token] = []
    for token in cut(text):
        flaw = _flaw_of_token(token, opened)
        if flaw is not None:
            return flaw
    if opened:
        return Flaw(f"`{opened[-1].text}` is not closed", opened[-1].start, "close the bracket")
    return None


def _flaw_of_token(token: Token, opened: list[Token]) -> Flaw | None:
    if token.kind in ("string", "quoted"):
        body = token.text.lstrip("eExX") if token.kind == "string" else token.text
        mark = body[0]
        closed = (
            body.count(body[: body.index("$", 1) + 1]) > 1
            if mark == "$"
            else len(body) > 1 and body.count(mark) % 2 == 0
        )
        return None if closed else Flaw("a quote is not closed", token.start, f"end it with `{mark}`")
    if token.kind != "op":
        return None
    if token.text == "!":
        hint = "write `<>` or `!=` for not equal, `not` before a condition"
        return Flaw("`!` alone is no operator", token.start, hint)
    if token.text == ";":
        return Flaw("one line is one check", token.start, "put what follows `;` on a line of its own")
    if token.text in ("--", "/*"):
        return Flaw(f"`{token.text}` within a check", token.start, "a comment begins with two blanks and `--` or `#`")
    if token.text in OPENING:
        opened.append(token)
    elif token.text in CLOSING:
        if not opened or opened[-1].text != _PAIRS[token.text]:
            return Flaw(f"`{token.text}` closes nothing", token.start, "remove it, or open the bracket")
        opened.pop()
    return None


def without_comment(line: str) -> str:
    """`line` without its comment: `#` or `--` at the start or after two blanks, outside of quotes and brackets."""
    for token in cut(line):
        if token.text not in ("#", "--") or token.depth:
            continue
        before = line[: token.start]
        if not before.strip() or (before[-2:].isspace() and len(before[-2:]) == 2):
            return before
    return line


def is_glued(one: Token, other: Token) -> bool:
    """Whether nothing stands between two tokens that follow each other."""
    return one.end == other.start


def is_share(parts: tuple[Token, ...], index: int) -> bool:
    """Whether the token at `index` is a `%` that makes a share of the number before it: glued, and no operand follows."""
    if not index or parts[index].text != "%" or parts[index - 1].kind != "number":
        return False
    if not _PLAIN_NUMBER.match(parts[index - 1].text):
        return False
    if not is_glued(parts[index - 1], parts[index]):
        return False
    return index + 1 == len(parts) or not begins_operand(parts[index + 1])


def begins_operand(token: Token) -> bool:
    """Whether an operand can begin with `token`."""
    if token.kind == "op":
        return token.text in ("(", "[", "{", "@", "~")
    return token.kind != "word" or token.word not in _NO_OPERAND


def top_level(parts: tuple[Token, ...]) -> list[int]:
    """Indexes of the tokens that stand in no bracket and in no `case … end`."""
    found, cases = [], 0
    for index, token in enumerate(parts):
        if token.depth:
            continue
        if token.word == "end" and cases:
            cases -= 1
        elif token.word == "case":
            cases += 1
        elif not cases:
            found.append(index)
    return found


def part(text: str, start: int, end: int | None = None) -> str:
    """The characters from `start` to `end` with blanks for all before them, so that places stay those of the whole text."""
    return " " * start + text[start:end]


def identifiers(parts: tuple[Token, ...]) -> tuple[str, ...] | None:
    """The names of a list `a, "b c", d`, or None if the tokens are anything else."""
    names: list[str] = []
    for index, token in enumerate(parts):
        if index % 2:
            if token.text != ",":
                return None
        elif is_name(token):
            names.append(token.name)
        else:
            return None
    return tuple(names) if len(parts) % 2 else None


def is_enclosed(parts: tuple[Token, ...]) -> bool:
    """Whether one pair of brackets is around all of the tokens."""
    if len(parts) < 2 or parts[0].text != "(" or parts[-1].text != ")":
        return False
    return all(token.depth > parts[0].depth for token in parts[1:-1])


def listed(parts: tuple[Token, ...]) -> list[list[Token]]:
    """The elements of a list with commas; an empty one for a comma too many."""
    groups: list[list[Token]] = [[]]
    for token in parts:
        if token.text == "," and token.depth == parts[0].depth and token.kind == "op":
            groups.append([])
        else:
            groups[-1].append(token)
    return groups


def is_name(token: Token) -> bool:
    """Whether `token` can be the name of a column."""
    return token.kind == "quoted" or (token.kind == "word" and token.word not in RESERVED)
