"""Intervals that are written out: months, days and microseconds, which the two engines add in this order."""

from __future__ import annotations

import re

from andon.base.record import Record
from andon.sql.bound_plan import Node

_UNITS = {
    "to_years": (12, 0, 0),
    "to_quarters": (3, 0, 0),
    "to_months": (1, 0, 0),
    "to_weeks": (0, 7, 0),
    "to_days": (0, 1, 0),
    "to_hours": (0, 0, 3_600_000_000),
    "to_minutes": (0, 0, 60_000_000),
    "to_seconds": (0, 0, 1_000_000),
}
_PART = re.compile(r"\s*([-+]?\d+)\s+(year|quarter|month|week|day|hour|minute|second)s?(?:\s+|$)")


class Interval(Record):
    """A span of time."""

    months: int
    days: int
    micros: int


def written_interval(node: Node) -> Interval | None:
    """The interval that an expression writes out, in whole units; None if it is another expression."""
    kind = (node.get("return_type") or {}).get("id")
    if kind != "INTERVAL":
        return None
    if node["expression_class"] == "BOUND_CAST":
        value = node["child"].get("value", {})
        text = value.get("value")
        return _read(text) if isinstance(text, str) else None
    if node["expression_class"] != "BOUND_FUNCTION" or node["name"] not in _UNITS:
        return None
    number = _number(node["children"][0])
    if number is None:
        return None
    return _times(number, node["name"])


def _times(number: int, unit: str) -> Interval:
    months, days, micros = _UNITS[unit]
    return Interval(number * months, number * days, number * micros)


def _read(text: str) -> Interval | None:
    months = days = micros = position = 0
    lower = text.strip().lower()
    while position < len(lower):
        found = _PART.match(lower, position)
        if found is None:
            return None
        part = _times(int(found[1]), f"to_{found[2]}s")
        months, days, micros = months + part.months, days + part.days, micros + part.micros
        position = found.end()
    return Interval(months, days, micros) if position else None


def _number(node: Node) -> int | None:
    """A whole number under the casts and the rounding that the binder writes around it."""
    while True:
        kind = node["expression_class"]
        if kind == "BOUND_CAST":
            node = node["child"]
        elif kind == "BOUND_FUNCTION" and node["name"] in ("trunc", "-") and len(node["children"]) == 1:
            if node["name"] == "-":
                inner = _number(node["children"][0])
                return None if inner is None else -inner
            node = node["children"][0]
        else:
            break
    value = node.get("value", {}) if node["expression_class"] == "BOUND_CONSTANT" else {}
    number = value.get("value")
    whole = (value.get("type") or {}).get("id") in ("INTEGER", "BIGINT", "INTEGER_LITERAL")
    return number if whole and isinstance(number, int) else None
