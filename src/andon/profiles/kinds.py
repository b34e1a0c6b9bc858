"""What can be said about values of a type, and how a profile keeps a value. Pure."""

from __future__ import annotations

import math

from andon.model.profile import LONGEST_TEXT, ColumnKind, Value
from andon.model.types import FLOATS, INTEGERS, parse_type

_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_NESTED = frozenset({"LIST", "ARRAY", "STRUCT", "MAP", "UNION"})


def kind_of(type_text: str) -> ColumnKind:
    """What can be said about values of a DuckDB type."""
    name = parse_type(type_text).name
    if name in INTEGERS or name in FLOATS or name == "DECIMAL":
        return ColumnKind.NUMBER
    if name in _MOMENTS:
        return ColumnKind.MOMENT
    if name in _NESTED:
        return ColumnKind.NESTED
    return {"VARCHAR": ColumnKind.TEXT, "BOOLEAN": ColumnKind.BOOLEAN}.get(name, ColumnKind.OTHER)


def value_of(text: str | None, type_text: str) -> Value:
    """The engine's text of a value as a value of a profile."""
    if text is None:
        return None
    name = parse_type(type_text).name
    if name in INTEGERS:
        return int(text)
    if name in FLOATS:
        number = float(text)
        return number if math.isfinite(number) else text
    if name == "BOOLEAN":
        return text == "true"
    return cut(text)


def cut(text: str) -> str:
    """The beginning of a text that is too long to be kept whole."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"
