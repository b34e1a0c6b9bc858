"""The answer of an insight in the one form that is kept and hashed: a head, then a row a line, as JSON. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from andon.base.hashing import digest
from andon.base.record import Record

#: So many rows are kept beside the insight at most, in so many bytes; an answer of more is known by its hash alone.
KEPT_ROWS, KEPT_BYTES = 1_000, 256 * 1024
#: An answer has so many rows at most: what has more is no answer, and belongs into a dataset.
MOST_ROWS = 100_000

_NUMBER = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))\Z")
_WHOLE = re.compile(r"U?(?:(?:TINY|SMALL|BIG|HUGE)INT|INTEGER)\Z|BIGNUM\Z")


class PinnedAnswer(Record):
    """An answer.

    Attributes:
        types: of the columns, as the engine calls them.
        rows: their values as JSON has them: what it can't hold is text.
        is_ordered: whether the query says in which order rows come; else they are sorted by their text.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_ordered: bool = False

    @property
    def text(self) -> str:
        """The form that is kept."""
        head = {
            "columns": [list(pair) for pair in zip(self.columns, self.types, strict=True)],
            "ordered": self.is_ordered,
        }
        return "".join(f"{_line(each)}\n" for each in (head, *map(list, self.rows)))

    @property
    def id(self) -> str:
        """The hash by which it is pinned."""
        return digest(self.text.encode())

    @property
    def is_small(self) -> bool:
        """Whether it is kept whole."""
        return len(self.rows) <= KEPT_ROWS and len(self.text.encode()) <= KEPT_BYTES


def kept_answer(
    columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]], *, is_ordered: bool
) -> PinnedAnswer:
    """What the engine answered.

    Args:
        rows: values as its client gives them.
    """
    made = [tuple(_plain(value) for value in row) for row in rows]
    return PinnedAnswer(
        tuple(columns), tuple(types), tuple(made if is_ordered else sorted(made, key=_line)), is_ordered
    )


def read_answer(text: str) -> PinnedAnswer:
    """Inverse of `PinnedAnswer.text`.

    Raises:
        ValueError: it is none.
    """
    lines = text.split("\n")
    try:
        head, *rows = [json.loads(line) for line in lines if line]
        columns = [(str(name), str(kind)) for name, kind in head["columns"]]
        found = tuple(tuple(row) for row in rows)
        is_ordered = bool(head["ordered"])
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("not an answer") from error
    if any(len(row) != len(columns) for row in found):
        raise ValueError("not an answer: a row has other columns")
    return PinnedAnswer(tuple(name for name, _ in columns), tuple(kind for _, kind in columns), found, is_ordered)


def is_number(kind: str) -> bool:
    """Whether columns of a type hold numbers."""
    return _NUMBER.match(kind) is not None


def is_whole(kind: str) -> bool:
    """Whether columns of a type hold whole numbers, of which some only name something: a year, a customer."""
    return _WHOLE.match(kind) is not None


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A value as JSON has it, always the same: floating-point numbers by their shortest text, decimals with all their places."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return format(value, "f")
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case Mapping():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(each) for each in value]
    return str(value)
