"""Values of a result as text for a table and as JSON that loses nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_NUMBERS = frozenset({"FLOAT", "DOUBLE", "DECIMAL", "BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "INTEGER", "UINTEGER"})
_NUMBERS |= {"SMALLINT", "USMALLINT", "TINYINT", "UTINYINT"}
#: Beginnings of other types whose values are never cut.
_SOLID = ("DATE", "TIME", "BOOLEAN", "UUID", "INTERVAL")


def is_number(kind: str) -> bool:
    """Whether values of a DuckDB type stand to the right in a table."""
    return not kind.endswith("[]") and kind.partition("(")[0] in _NUMBERS


def is_solid(kind: str) -> bool:
    """Whether a part of a value of a DuckDB type reads as another value: numbers, moments, ids."""
    return is_number(kind) or (not kind.endswith("[]") and kind.startswith(_SOLID))


def cell_text(value: Any) -> str:
    """A value in a table: doubles without the noise of their last digits, moments without noise."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case float():
            # every number of up to 15 digits is what it was written as; of larger ones no digit is another
            return format(value, ".15g") if abs(value) < 1e15 else repr(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            text = value.isoformat(" ")
            return text[:-9] if text.endswith(" 00:00:00") else text
        case bytes():
            return "\\x" + value.hex()
        case Mapping():
            return "{" + ", ".join(f"{k}: {cell_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(cell_text(v) for v in value) + "]"
        case _:
            return str(value)


def as_json_text(value: Any) -> str:
    """`value` as JSON. Decimals and long integers keep all digits as numbers; what JSON has no word for becomes text."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value) if math.isfinite(value) else json.dumps(str(value))
        case Decimal():
            return format(value, "f") if value.is_finite() else json.dumps(str(value))
        case str():
            return _quoted(value)
        case datetime() | date() | time():
            return json.dumps(value.isoformat())
        case timedelta():
            return json.dumps(str(value))
        case bytes():
            return json.dumps("\\x" + value.hex())
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(str(k))}: {as_json_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(as_json_text(v) for v in value) + "]"
        case _:
            return _quoted(str(value))


def _quoted(text: str) -> str:
    """A text of JSON. Halves of characters, as names of files may hold, are escaped: whatever is made of it can be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False)
