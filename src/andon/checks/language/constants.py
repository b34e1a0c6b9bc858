"""Constants that stand in an expression where SQL takes them for something else than was meant. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from andon.checks.language.tokens import Flaw

Node = Mapping[str, Any]

_CONDITIONS = frozenset(("COMPARISON", "CONJUNCTION", "BETWEEN"))


def constant_flaw(node: Node) -> Flaw | None:
    """What is wrong with a node of a tree because of the constants in it; its place is the engine's."""
    match node.get("class"):
        case "COMPARISON" if node["type"] not in ("COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM"):
            if any(_is_null(node.get(side, {})) for side in ("left", "right")):
                hint = "write `a is null` or `a is not null`"
                return Flaw("a comparison with NULL is never true or false", 0, hint)
        case "CONJUNCTION":
            return _alone(node, "and" if node["type"].endswith("AND") else "or")
        case "OPERATOR" if node["type"] == "OPERATOR_NOT":
            return _alone(node, "not")
        case "BETWEEN":
            return _empty(node)
        case "FUNCTION" if str(node["function_name"]).lower() == "count":
            return _counted(node)
    return None


def _alone(node: Node, word: str) -> Flaw | None:
    """A constant as a condition: `a > 0 and not null`, `status = 'new' or 'paid'`."""
    constant = next((one for one in node.get("children", ()) if one.get("class") == "CONSTANT"), None)
    if constant is None:
        return None
    at = int(constant.get("query_location") or 0)
    if _is_null(constant):
        hint = "name the column: `a is not null`" if word == "not" else "write `a is null` or `a is not null`"
        return Flaw(f"NULL beside `{word}` is no condition", at, hint)
    hint = "name the column again, `a = 1 or a = 2`, or give a list: `a in 1, 2`"
    return Flaw(f"a value beside `{word}` is no condition", at, hint)


def _empty(node: Node) -> Flaw | None:
    low, high = (_ordered(node.get(end, {})) for end in ("lower", "upper"))
    if low is None or high is None or type(low) is not type(high) or not low > high:  # type: ignore[operator]
        return None
    at = int(node["lower"].get("query_location") or 0)
    return Flaw("nothing lies between these bounds", at, "write the smaller bound first", "amount 0..100")


def _counted(node: Node) -> Flaw | None:
    """`count(a < 0)`, which counts every row where the condition isn't NULL."""
    children = node.get("children", ())
    if node.get("distinct") or len(children) != 1 or not _is_condition(children[0]):
        return None
    at = int(node.get("query_location") or 0)
    message = "`count` of a condition counts the rows where it is false, too"
    return Flaw(message, at, "write `count_if(…)`, or a share: `share(…) < 5%`", "share(coupon is null) < 75%")


def _is_condition(node: Node) -> bool:
    kind, type_ = node.get("class"), str(node.get("type"))
    if kind == "OPERATOR":
        return type_ in ("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN")
    return kind in _CONDITIONS


def _is_null(node: Node) -> bool:
    return bool(node.get("value", {}).get("is_null")) if node.get("class") == "CONSTANT" else False


def _ordered(node: Node) -> Decimal | str | None:
    """A constant that can be ordered as it is written: a number or a text (of a day, for one)."""
    value = node.get("value", {})
    if node.get("class") != "CONSTANT" or value.get("is_null"):
        return None
    kind, written = value.get("type", {}), value.get("value")
    if kind.get("id") == "VARCHAR":
        return str(written)
    if isinstance(written, int) and not isinstance(written, bool):
        return Decimal(written).scaleb(-int((kind.get("type_info") or {}).get("scale", 0)))
    return None
