"""Whether an expression hands a column on as it is: its value is NULL, or the very value of a source column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.sql.bound_plan import Node
from andon.sql.lineage.columns import NOTHING, Bits, TracedColumn
from andon.sql.lineage.expressions import bare, kind_of

#: Digits before the point of whole numbers, and the kinds that hold all values of another one.
_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "UTINYINT": 3, "USMALLINT": 5, "UINTEGER": 10}
_WIDER: Mapping[str, frozenset[str]] = {
    "TINYINT": frozenset({"SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}),
    "SMALLINT": frozenset({"INTEGER", "BIGINT", "HUGEINT"}),
    "INTEGER": frozenset({"BIGINT", "HUGEINT"}),
    "BIGINT": frozenset({"HUGEINT"}),
    "UTINYINT": frozenset({"SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "USMALLINT", "UINTEGER", "UBIGINT"}),
    "USMALLINT": frozenset({"INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "UBIGINT"}),
    "UINTEGER": frozenset({"BIGINT", "HUGEINT", "UBIGINT"}),
    "UBIGINT": frozenset({"HUGEINT"}),
    "FLOAT": frozenset({"DOUBLE"}),
    "ENUM": frozenset({"VARCHAR"}),
}


def carried_by(expression: Any, columns: Sequence[TracedColumn]) -> Bits | None:
    """The source columns of which one gives an expression its value as it is, or NULL; None where it makes a value of its own.

    A type that holds all values of the one before it is a form of the same value; any other cast makes another one.
    """
    found = bare(expression, columns)
    if found is not None:
        return found.carried
    if not isinstance(expression, dict):
        return None
    if expression.get("expression_class") == "BOUND_CONSTANT":
        return NOTHING if expression.get("value", {}).get("is_null") else None
    if expression.get("expression_class") != "BOUND_CAST":
        return None
    inner = carried_by(expression["child"], columns)
    if not inner:
        return inner
    return inner if _holds_all(kind_of(expression["child"]), kind_of(expression)) else None


def carried_together(parts: Sequence[Bits | None]) -> Bits | None:
    """Of values that are one of several: all of their sources, where each of them has such."""
    found = NOTHING
    for part in parts:
        if part is None:
            return None
        found |= part
    return found


def _holds_all(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    if before is None or after is None:
        return False
    if before == after:
        return True
    one, other = str(before.get("id")), str(after.get("id"))
    if other in _WIDER.get(one, ()):
        return True
    if other != "DECIMAL":
        return False
    width, scale = _decimal(after)
    if one == "DECIMAL":
        own, own_scale = _decimal(before)
        return scale >= own_scale and width - scale >= own - own_scale
    return width - scale >= _DIGITS.get(one, 99)


def _decimal(kind: Node) -> tuple[int, int]:
    info = kind.get("type_info") or {}
    return int(info.get("width", 0)), int(info.get("scale", 0))
