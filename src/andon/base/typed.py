"""Values of a stated type, from texts that people write or from values of a program."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

#: Types that a value may have, each with how such a value is written; and other words for them.
TYPES = {
    "text": "any text",
    "integer": "`42`",
    "decimal": "`12.50`",
    "double": "`0.5`",
    "boolean": "`true` or `false`",
    "date": "`2026-10-31`, or a month `2026-10` for its first day",
    "timestamp": "`2026-10-31T06:00`",
}
ALIASES = {
    "varchar": "text",
    "string": "text",
    "int": "integer",
    "bigint": "integer",
    "numeric": "decimal",
    "float": "double",
    "bool": "boolean",
    "datetime": "timestamp",
}
#: What the engine calls them.
ENGINE_TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "decimal": "decimal(38, 10)",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_MONTH = re.compile(r"\d{4}-\d{2}\Z")
_INTEGER = re.compile(r"[-+]?\d[\d_]*\Z")
_FLAGS = {"true": True, "false": False}


def type_named(word: str) -> str | None:
    """The type that a word names, None for one that there is not."""
    lower = word.strip().lower()
    found = ALIASES.get(lower, lower)
    return found if found in TYPES else None


def typed(kind: str, value: Any) -> Any:
    """`value` as one of the type `kind`, a key of `TYPES`; None stays None.

    Raises:
        ValueError: it is none.
    """
    if value is None:
        return None
    found = _of_text(kind, value.strip()) if isinstance(value, str) and kind != "text" else _of_value(kind, value)
    if found is None:
        raise ValueError(f"`{value}` is no {kind}: write {TYPES[kind]}")
    return found


def _of_text(kind: str, text: str) -> Any:
    try:
        match kind:
            case "integer":
                return int(text) if _INTEGER.match(text) else None
            case "decimal":
                found = Decimal(text)
                return found if found.is_finite() else None
            case "double":
                return float(text)
            case "boolean":
                return _FLAGS.get(text.lower())
            case "date":
                return date.fromisoformat(f"{text}-01" if _MONTH.match(text) else text)
            case _:
                return _moment(datetime.fromisoformat(text))
    except (ValueError, InvalidOperation):
        return None


def _of_value(kind: str, value: Any) -> Any:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    match kind:
        case "text":
            return value if isinstance(value, str) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "integer":
            return int(value) if is_number and math.isfinite(value) and value == int(value) else None
        case "decimal":
            return Decimal(str(value)) if is_number and math.isfinite(value) else None
        case "double":
            return float(value) if is_number else None
        case "date":
            return value if isinstance(value, date) and not isinstance(value, datetime) else None
        case _:
            return _moment(value) if isinstance(value, datetime) else None


def _moment(value: datetime) -> datetime:
    """A moment as the lake's timestamps are: in UTC, and without saying so."""
    return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
