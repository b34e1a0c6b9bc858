"""Expressions of a bound plan, said in Spark SQL. The binder has written out every cast, so each part has exactly one type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from andon.base.record import Record
from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.casts import cast
from andon.engines.spark.translation.functions import FUNCTIONS
from andon.engines.spark.translation.interval import Interval, written_interval
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.types import BOOLEAN, ORDERED, planned_type
from andon.engines.spark.translation.values import SparkValue, planned_constant, sortable
from andon.sql.bound_plan import Node

_COMPARED = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "<>",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
    "COMPARE_NOT_DISTINCT_FROM": "<=>",
    "COMPARE_DISTINCT_FROM": "<=>",
}
#: What to write in place of functions that are not listed.
INSTEAD: Mapping[str, str] = {
    "age": "`date_diff('day', a, b)`",
    "hash": "`md5(text)`",
    "to_days": "`d + n` of a DATE",
}
_UNKNOWN = "do it in a dataset of its own that DuckDB builds, or write Spark SQL beside this one"


class ExpressionScope(Record):
    """Where an expression stands.

    Attributes:
        columns: the columns below it, in the plan's order.
        server: who will answer.
        notes: where what people should know is put.
        moment: the logical time.
    """

    columns: Sequence[SparkValue]
    server: SparkServer
    notes: set[str]
    moment: datetime | None = None


def value_of(node: Node, scope: ExpressionScope) -> SparkValue:
    """What an expression says.

    Raises:
        NotTranslated: with the construct's place.
    """
    kind = str(node.get("expression_class"))
    rule = _RULES.get(kind)
    try:
        if rule is None:
            raise NotTranslated(f"an expression ({kind.removeprefix('BOUND_').lower()})", _UNKNOWN)
        return rule(node, scope)
    except NotTranslated as error:
        if error.offset is None:
            error.offset = offset_of(node)
        raise


def offset_of(node: Node) -> int | None:
    """Where an expression stands in its text, in bytes."""
    offset = node.get("query_location")
    return offset if isinstance(offset, int) and offset < 2**62 else None


def first_offset(node: Node) -> int | None:
    """Where the first expression of an operator, or else of those below it, stands in its text, in bytes."""
    found = []
    waiting: list[Any] = [part for key, part in node.items() if key != "children"]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            place = offset_of(each)
            found += [place] if place is not None else []
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    if found:
        return min(found)
    return next((place for child in node.get("children", ()) if (place := first_offset(child)) is not None), None)


def compared(left: SparkValue, comparison: str, right: SparkValue, server: SparkServer) -> str:
    """A comparison of two values of one type.

    Raises:
        NotTranslated: of a type that the engines compare differently.
    """
    for side in (left, right):
        if side.type.name not in ORDERED:
            raise NotTranslated(f"a comparison of {side.type.text}", "compare its parts: `list[1]`, `struct.part`")
    if left.type != right.type:
        raise NotTranslated(f"a comparison of {left.type.text} with {right.type.text}", "cast one of them")
    if comparison not in _COMPARED:
        raise NotTranslated(f"the comparison {comparison.lower()}", _UNKNOWN)
    said = f"({sortable(left, server).text} {_COMPARED[comparison]} {sortable(right, server).text})"
    return f"(not {said})" if comparison == "COMPARE_DISTINCT_FROM" else said


def _reference(node: Node, scope: ExpressionScope) -> SparkValue:
    found = scope.columns[node.get("index", 0)]
    if found.type != planned_type(node["return_type"]):
        raise NotTranslated("a column whose type the plan leaves open", _UNKNOWN)
    return found


def _constant(node: Node, _: ExpressionScope) -> SparkValue:
    value = node["value"]
    kind = planned_type(value["type"])
    return planned_constant(value, kind)


def _cast(node: Node, scope: ExpressionScope) -> SparkValue:
    to = planned_type(node["return_type"])
    return cast(value_of(node["child"], scope), to, bool(node.get("try_cast")))


def _comparison(node: Node, scope: ExpressionScope) -> SparkValue:
    left, right = value_of(node["left"], scope), value_of(node["right"], scope)
    return SparkValue(compared(left, str(node["type"]), right, scope.server), BOOLEAN)


def _conjunction(node: Node, scope: ExpressionScope) -> SparkValue:
    word = " and " if node["type"] == "CONJUNCTION_AND" else " or "
    return SparkValue(f"({word.join(value_of(part, scope).text for part in node['children'])})", BOOLEAN)


def _between(node: Node, scope: ExpressionScope) -> SparkValue:
    value, lower, upper = (value_of(node[key], scope) for key in ("input", "lower", "upper"))
    above = "COMPARE_GREATERTHANOREQUALTO" if node.get("lower_inclusive") else "COMPARE_GREATERTHAN"
    below = "COMPARE_LESSTHANOREQUALTO" if node.get("upper_inclusive") else "COMPARE_LESSTHAN"
    bounds = compared(value, above, lower, scope.server), compared(value, below, upper, scope.server)
    return SparkValue(f"({' and '.join(bounds)})", BOOLEAN)


def _operator(node: Node, scope: ExpressionScope) -> SparkValue:
    parts = [value_of(part, scope) for part in node["children"]]
    first, kind = parts[0], str(node["type"])
    match kind:
        case "OPERATOR_NOT":
            return SparkValue(f"(not {first.text})", BOOLEAN)
        case "OPERATOR_IS_NULL":
            return SparkValue(f"({first.text} is null)", BOOLEAN)
        case "OPERATOR_IS_NOT_NULL":
            return SparkValue(f"({first.text} is not null)", BOOLEAN)
        case "OPERATOR_COALESCE":
            return SparkValue(f"coalesce({_listed(parts)})", planned_type(node["return_type"]))
        case "COMPARE_IN" | "COMPARE_NOT_IN":
            for part in parts[1:]:
                compared(first, "COMPARE_EQUAL", part, scope.server)
            word = "in" if kind == "COMPARE_IN" else "not in"
            asked, *among = (sortable(part, scope.server) for part in parts)
            return SparkValue(f"({asked.text} {word} ({_listed(among)}))", BOOLEAN)
    raise NotTranslated(f"the operator {kind.removeprefix('OPERATOR_').lower()}", _UNKNOWN)


def _listed(parts: Sequence[SparkValue]) -> str:
    return ", ".join(part.text for part in parts)


def _case(node: Node, scope: ExpressionScope) -> SparkValue:
    checks = [(value_of(c["when_expr"], scope), value_of(c["then_expr"], scope)) for c in node["case_checks"]]
    last = value_of(node["else_expr"], scope)
    said = " ".join(f"when {when.text} then {then.text}" for when, then in checks)
    return SparkValue(f"(case {said} else {last.text} end)", planned_type(node["return_type"]))


def _function(node: Node, scope: ExpressionScope) -> SparkValue:
    name, kind = str(node["name"]), planned_type(node["return_type"])
    rules = FUNCTIONS.get(name)
    if rules is None:
        form = INSTEAD.get(name)
        raise NotTranslated(f"the function `{name}`", f"{form}, or {_UNKNOWN}" if form else _UNKNOWN)
    children = node.get("children", [])
    interval = _interval_of(name, children)
    arguments = tuple(value_of(child, scope) for child in children if not interval or child is not interval[0])
    call = FunctionCall(
        name=name,
        arguments=arguments,
        type=kind,
        server=scope.server,
        notes=scope.notes,
        moment=scope.moment,
        interval=interval[1] if interval else None,
    )
    return SparkValue(rules(call), kind)


def _interval_of(name: str, children: Sequence[Node]) -> tuple[Node, Interval] | None:
    if name not in ("+", "-") or len(children) != 2:
        return None
    for child in children:
        found = written_interval(child)
        if found is not None:
            return child, found
    return None


_RULES = {
    "BOUND_BETWEEN": _between,
    "BOUND_CASE": _case,
    "BOUND_CAST": _cast,
    "BOUND_COMPARISON": _comparison,
    "BOUND_CONJUNCTION": _conjunction,
    "BOUND_CONSTANT": _constant,
    "BOUND_FUNCTION": _function,
    "BOUND_OPERATOR": _operator,
    "BOUND_REF": _reference,
}
