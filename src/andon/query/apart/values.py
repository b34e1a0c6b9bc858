"""Rows of the engine's values as JSON and back, each of the type that it was: what the engine gives in one process is had in another."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

#: Types that JSON has no like of, by the word that stands before them.
_WRITE: dict[type, Any] = {
    datetime: lambda v: ["moment", v.isoformat(), v.fold],
    date: lambda v: ["date", v.isoformat()],
    time: lambda v: ["time", v.isoformat(), v.fold],
    timedelta: lambda v: ["span", v.days, v.seconds, v.microseconds],
    Decimal: lambda v: ["decimal", str(v)],
    UUID: lambda v: ["uuid", str(v)],
    bytes: lambda v: ["bytes", v.hex()],
    bytearray: lambda v: ["bytes", v.hex()],
    memoryview: lambda v: ["bytes", v.hex()],
}


def write_rows(rows: Sequence[Sequence[Any]]) -> bytes:
    """`rows` as JSON."""
    return json.dumps([[_written(value) for value in row] for row in rows], separators=(",", ":")).encode(
        errors="surrogatepass"
    )


def read_rows(body: bytes) -> list[tuple[Any, ...]]:
    """The rows that `write_rows` wrote.

    Raises:
        ValueError: it holds something else.
    """
    try:
        return [tuple(_read(value) for value in row) for row in json.loads(body)]
    except (TypeError, KeyError, IndexError, ArithmeticError, RecursionError) as error:
        raise ValueError("these are no rows") from error


def _written(value: Any) -> Any:
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is float:
        return value if math.isfinite(value) else ["float", repr(value)]
    if kind is list:
        return ["list", *map(_written, value)]
    if kind is tuple:
        return ["tuple", *map(_written, value)]
    if kind is dict:
        return ["map", [[_written(key), _written(each)] for key, each in value.items()]]
    if kind is datetime and value.tzinfo is not None:
        moved = value.utcoffset() or timedelta()
        if not moved:
            return ["instant", value.replace(tzinfo=None).isoformat()]
    write = _WRITE.get(kind)
    if write is None:
        raise TypeError(f"a value of type {kind.__name__}")
    return write(value)


def _read(value: Any) -> Any:
    if type(value) is not list:
        return value
    word, *rest = value
    match word:
        case "list":
            return [_read(each) for each in rest]
        case "tuple":
            return tuple(_read(each) for each in rest)
        case "map":
            return {_hashable(_read(key)): _read(each) for key, each in rest[0]}
    return _READ[word](*rest)


def _hashable(key: Any) -> Any:
    return tuple(_hashable(each) for each in key) if isinstance(key, list) else key


_READ: dict[str, Any] = {
    "float": float,
    "moment": lambda text, fold: datetime.fromisoformat(text).replace(fold=fold),
    "instant": lambda text: datetime.fromisoformat(text).replace(tzinfo=timezone.utc),  # noqa: UP017
    "date": date.fromisoformat,
    "time": lambda text, fold: time.fromisoformat(text).replace(fold=fold),
    "span": timedelta,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": bytes.fromhex,
}
