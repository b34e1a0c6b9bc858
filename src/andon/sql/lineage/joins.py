"""Joins of a plan."""

from __future__ import annotations

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.lineage.columns import NO_USE, ColumnUse, TracedColumn, TracedRelation, influenced
from andon.sql.lineage.expressions import bare, union, use_of
from andon.sql.names import words

#: What a join may say, whatever its kind.
JOIN_KEYS = words(
    """join_type mark_index conditions condition delim_flipped left_projection_map right_projection_map"""
)

_CONDITION_KEYS = frozenset({"left", "right", "comparison"})
_SAME = "COMPARE_NOT_DISTINCT_FROM"


def cross(left: TracedRelation, right: TracedRelation) -> TracedRelation:
    """Every row with every row."""
    return TracedRelation(left.columns + right.columns, left.rows | right.rows, left.order | right.order)


def join(node: Node, left: TracedRelation, right: TracedRelation, correlation: int | None = None) -> TracedRelation:
    """The result of a join of two relations.

    Args:
        node: the operator.
        left: the relation to the left.
        right: the one to the right.
        correlation: the number under which the right one's parameters are columns of the left one.

    Raises:
        UntracedError: if it is of an unknown kind.
    """
    kind = node["join_type"]
    compared = _conditions(node, left, right, correlation)
    kept = _mapped(left.columns, node.get("left_projection_map"))
    added = _mapped(right.columns, node.get("right_projection_map"))
    order = left.order | right.order
    if kind == "MARK":
        # true or false for each row of the left: it takes no row away
        use = ColumnUse(compared.derive, compared.influence | right.rows)
        return TracedRelation([*kept, TracedColumn(use, (node["mark_index"], 0))], left.rows, left.order)
    if kind == "SINGLE":
        over = compared.any | right.rows
        return TracedRelation(kept + [influenced(column, over) for column in added], left.rows, order)
    rows = left.rows | right.rows | compared.any
    if node["type"] == "LOGICAL_ASOF_JOIN":
        # of several equally near rows, one is taken
        rows |= order
    if kind in ("SEMI", "ANTI"):
        return TracedRelation(kept, rows, order)
    if kind in ("INNER", "LEFT", "RIGHT", "FULL", "OUTER"):
        return TracedRelation(kept + added, rows, order)
    raise UntracedError(f"the plan holds a join that is not known here ({kind})")


def _conditions(node: Node, left: TracedRelation, right: TracedRelation, correlation: int | None) -> ColumnUse:
    uses = []
    for condition in node.get("conditions", ()):
        if condition.keys() - _CONDITION_KEYS:
            raise UntracedError("the plan holds a join condition that is not known here")
        if not _binds_parameter(condition, node, left, right, correlation):
            uses.append(use_of(condition["left"], left.columns))
            uses.append(use_of(condition["right"], right.columns))
    if node.get("condition"):
        uses.append(use_of(node["condition"], left.columns + right.columns))
    return union(uses) if uses else NO_USE


def _binds_parameter(
    condition: Node, node: Node, left: TracedRelation, right: TracedRelation, correlation: int | None
) -> bool:
    """Whether a condition only brings the rows of a correlated subquery to the outer row that they were made for."""
    if condition["comparison"] != _SAME:
        return False
    one, other = bare(condition["left"], left.columns), bare(condition["right"], right.columns)
    if one is None or other is None or other.parameter is None:
        return False
    if one.parameter == other.parameter:
        return True
    if correlation is None or other.parameter[0] != correlation:
        return False
    outer = node["duplicate_eliminated_columns"][other.parameter[1]]
    return bare(outer, left.columns) is one


def _mapped(columns: list[TracedColumn], kept: list[int] | None) -> list[TracedColumn]:
    return [columns[index] for index in kept] if kept else columns
