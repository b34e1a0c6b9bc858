"""Rows as JSON for a page: each value as every reader of JSON reads it, with nothing lost on the way.

Numbers that a double does not hold stand as text: whole ones beyond 2^53, decimals, and those that are none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any

#: The greatest whole number that a double holds with all that are less.
_EXACT = 2**53 - 1
#: Types whose values JSON has words for, whatever they are.
_PLAIN = frozenset((str, bool, type(None)))


def write_lines(rows: Sequence[Sequence[Any]]) -> bytes:
    """`rows` as one line of JSON."""
    columns = [_column(values) for values in zip(*rows, strict=True)]
    return json.dumps(list(zip(*columns, strict=True)), separators=(",", ":")).encode() + b"\n"


def _column(values: Sequence[Any]) -> Iterable[Any]:
    """The values of a column. It has one type, so that one way is right for all of them."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        return values
    kinds.discard(type(None))
    write = _WRITE.get(kinds.pop(), exact) if len(kinds) == 1 else exact
    return [None if value is None else write(value) for value in values]


def exact(value: Any) -> Any:
    """A value as JSON that says all of it."""
    if type(value) in _PLAIN:
        return value
    write = _WRITE.get(type(value))
    if write is not None:
        return write(value)
    if isinstance(value, Mapping):
        return {_key(key): exact(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(each) for each in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    return str(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(exact(key))


def _moment(value: datetime | time) -> str:
    """With its offset, where it has one: `2026-11-01 06:00:00+00`."""
    text = str(value)
    return text.removesuffix(":00") if value.tzinfo is not None else text


#: How values of a type are written.
_WRITE: dict[type, Callable[[Any], Any]] = {
    int: lambda value: value if -_EXACT <= value <= _EXACT else str(value),
    float: lambda value: value if math.isfinite(value) else str(value),
    Decimal: lambda value: format(value, "f"),
    datetime: _moment,
    time: _moment,
}
