"""What the expressions of a plan take from the columns below them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.lineage.columns import NO_USE, NOTHING, Bits, ColumnUse, TracedColumn
from andon.sql.names import words

#: Classes whose value is made of the values of all parts that they hold.
_PLAIN = frozenset(
    {
        "BOUND_BETWEEN",
        "BOUND_CASE",
        "BOUND_CAST",
        "BOUND_COMPARISON",
        "BOUND_CONJUNCTION",
        "BOUND_CONSTANT",
        "BOUND_FUNCTION",
        "BOUND_OPERATOR",
        "BOUND_UNNEST",
    }
)

#: Keys that hold no part of an expression: names, types, constants, and what a function was told when it was bound.
_NO_PARTS = frozenset({"return_type", "arguments", "original_arguments", "value", "function_data", "type_info"})

#: The parts of an aggregate or window whose values go into its value; a FILTER does as the CASE that says the same, and touches no
#: other column. All others decide which values those are.
_VALUE_PARTS = ("children", "default_expr", "filter", "filters")

#: Aggregates whose value is the same in whatever order the rows come, as long as they don't round.
_UNORDERED = words("count count_star min max sum bool_and bool_or bit_and bit_or bit_xor")
#: Functions that make a list of as many entries as they have arguments.
_WRITTEN_LISTS = frozenset({"list_value", "unpivot_list"})

_ROUNDED = frozenset({"FLOAT", "DOUBLE"})

_LAMBDAS = "lambda_expr"


def use_of(expression: Any, columns: Sequence[TracedColumn]) -> ColumnUse:
    """What an expression, or all of a list, takes from `columns`.

    Raises:
        UntracedError: if it holds what is not known, or names a column that is not there.
    """
    if isinstance(expression, list):
        return union(use_of(part, columns) for part in expression)
    if not isinstance(expression, dict):
        return NO_USE
    kind = expression.get("expression_class")
    if kind == "BOUND_CONSTANT":
        return NO_USE
    if kind in ("BOUND_REF", "BOUND_COLUMN_REF"):
        return column_of(expression, columns).use
    if kind in ("BOUND_AGGREGATE", "BOUND_WINDOW"):
        return _gathered(expression, columns)
    if kind is not None and kind not in _PLAIN:
        raise UntracedError(f"the plan holds an expression that is not known here ({kind})")
    if kind is not None:
        _refuse_hidden(expression)
    return union(use_of(part, columns) for part in _parts(expression))


def union(uses: Iterable[ColumnUse]) -> ColumnUse:
    """All of them together."""
    derive = influence = NOTHING
    for use in uses:
        derive |= use.derive
        influence |= use.influence
    return ColumnUse(derive, influence)


def deciding(expressions: Any, columns: Sequence[TracedColumn]) -> Bits:
    """What expressions take that only sort rows into groups: a parameter of a correlated subquery makes no groups."""
    found = NOTHING
    for expression in expressions:
        column = bare(expression, columns)
        if column is None:
            found |= use_of(expression, columns).any
        elif column.parameter is None:
            found |= column.use.any
    return found


def ordering(orders: Any, columns: Sequence[TracedColumn]) -> Bits:
    """What the keys of an ORDER BY take."""
    return deciding([order["expression"] for order in orders or ()], columns)


def bare(expression: Any, columns: Sequence[TracedColumn]) -> TracedColumn | None:
    """The column that an expression is, if it is nothing else."""
    if isinstance(expression, dict) and expression.get("expression_class") in ("BOUND_REF", "BOUND_COLUMN_REF"):
        return column_of(expression, columns)
    return None


def column_of(reference: Node, columns: Sequence[TracedColumn]) -> TracedColumn:
    """The column that a reference names, by its number or, where the plan left it open, by its place.

    Raises:
        UntracedError: if there is none, it has another type than the reference says, or it can't be traced.
    """
    if reference["expression_class"] == "BOUND_REF":
        index = reference["index"]
        if index >= len(columns):
            raise UntracedError("the plan names a column that is not there")
        found = columns[index]
    else:
        binding = reference["binding"]
        place = (binding["table_index"], binding["column_index"])
        matches = [column for column in columns if column.place == place]
        if len(matches) != 1 or reference.get("depth"):
            raise UntracedError("the plan leaves open which column is meant")
        found = matches[0]
    if not same_kind(reference.get("return_type"), found.kind):
        raise UntracedError("the plan's columns are not in the order expected")
    if found.reason is not None:
        raise UntracedError(found.reason)
    return found


def same_kind(one: dict[str, Any] | None, other: dict[str, Any] | None) -> bool:
    """Whether two types are one, as far as they are known. COLLATE says how a text is compared, not what it is."""
    if one is None or other is None or one == other:
        return True
    return one.get("id") == other.get("id") == "VARCHAR"


def kind_of(expression: Node) -> dict[str, Any] | None:
    """The type of an expression as far as the plan says it."""
    kind: dict[str, Any] | None = expression.get("return_type")
    return kind


def is_counted(expression: Node, columns: Sequence[TracedColumn]) -> bool:
    """Whether a list is written out, so that its length depends on no value."""
    while expression["expression_class"] == "BOUND_CAST":
        expression = expression["child"]
    if expression["expression_class"] == "BOUND_FUNCTION":
        return expression["name"] in _WRITTEN_LISTS
    column = bare(expression, columns)
    return column is not None and column.counted


def is_ordered(aggregate: Node) -> bool:
    """Whether the value of an aggregate depends on the order of the rows."""
    if aggregate.get("name") not in _UNORDERED:
        return True
    return aggregate["name"] == "sum" and (kind_of(aggregate) or {}).get("id") in _ROUNDED


def _gathered(expression: Node, columns: Sequence[TracedColumn]) -> ColumnUse:
    """Of an aggregate or a window: arguments and filters are values, partitions, orders and frames decide."""
    _refuse_hidden(expression)
    values = union(use_of(expression.get(key), columns) for key in _VALUE_PARTS)
    influence = values.influence
    for key, part in expression.items():
        if key in _VALUE_PARTS or key in _NO_PARTS:
            continue
        if key in ("orders", "arg_orders"):
            influence |= ordering(part, columns)
        elif key == "order_bys":
            influence |= ordering(part.get("orders"), columns)
        elif key == "partitions":
            influence |= deciding(part, columns)
        elif isinstance(part, (dict, list)):
            influence |= use_of(part, columns).any
    return ColumnUse(values.derive, influence)


def _parts(expression: Node) -> Iterator[Any]:
    for key, part in expression.items():
        if isinstance(part, (dict, list)) and key not in _NO_PARTS:
            yield part


def _refuse_hidden(expression: Node) -> None:
    """A function may keep expressions of its own. Those of lambdas count their own columns, which are also arguments."""
    data = expression.get("function_data")
    if data and not (isinstance(data, dict) and _LAMBDAS in data) and _holds_reference(data):
        raise UntracedError(f"the function `{expression.get('name')}` hides what it reads")


def _holds_reference(data: Any) -> bool:
    if isinstance(data, list):
        return any(_holds_reference(part) for part in data)
    if not isinstance(data, dict):
        return False
    if data.get("expression_class") in ("BOUND_REF", "BOUND_COLUMN_REF"):
        return True
    return any(_holds_reference(part) for part in data.values() if isinstance(part, (dict, list)))
