"""Set operations of a plan, and what recursion shares with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from andon.base.record import replace
from andon.sql.bound_plan import Node, UntracedError
from andon.sql.lineage.carried import carried_together
from andon.sql.lineage.columns import NOTHING, Bits, TracedColumn, TracedRelation
from andon.sql.lineage.expressions import union


def union_rows(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    """The rows of all parts; without ALL, equal rows count once."""
    found = stacked(below)
    rows = found.rows if node["setop_all"] else found.rows | _compared(below, found)
    return placed(replace(found, rows=rows), node["table_index"])


def intersect_rows(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    """Rows that are on both sides: every value stands on both."""
    found = stacked(below)
    return placed(replace(found, rows=found.rows | _compared(below, found)), node["table_index"])


def except_rows(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    """Rows of the first part that are not in the others: what is taken away leaves no value behind."""
    found = stacked(below)
    pairs = zip(found.columns, below[0].columns, strict=True)
    columns = [replace(column, use=first.use, carried=first.carried) for column, first in pairs]
    return placed(TracedRelation(columns, found.rows | _compared(below, found), found.order), node["table_index"])


def stacked(below: Sequence[TracedRelation]) -> TracedRelation:
    """Rows of one after rows of the other, column by column."""
    if len({len(relation.columns) for relation in below}) != 1:
        raise UntracedError("the parts of a set operation differ in their number of columns")
    columns = []
    for parts in zip(*(relation.columns for relation in below), strict=True):
        parameters = {part.parameter for part in parts}
        columns.append(
            TracedColumn(
                union(part.use for part in parts),
                None,
                parts[0].kind,
                parts[0].parameter if len(parameters) == 1 else None,
                next((part.reason for part in parts if part.reason), None),
                carried=carried_together([part.carried for part in parts]),
            )
        )
    return TracedRelation(columns, _any(r.rows for r in below), _any(r.order for r in below))


def placed(found: TracedRelation, table: int) -> TracedRelation:
    """The same columns under the place of another operator."""
    return found.with_columns([replace(column, place=(table, index)) for index, column in enumerate(found.columns)])


def same(one: TracedRelation, other: TracedRelation) -> bool:
    """Whether two relations have the same sources."""
    return (
        one.rows == other.rows
        and one.order == other.order
        and all(
            a.use == b.use and a.parameter == b.parameter and a.carried == b.carried
            for a, b in zip(one.columns, other.columns, strict=True)
        )
    )


def _compared(below: Sequence[TracedRelation], together: TracedRelation) -> Bits:
    """What it takes to compare the rows of all parts with each other."""
    found = NOTHING
    for index, column in enumerate(together.columns):
        if column.parameter is None:
            found |= _any(relation.columns[index].use.any for relation in below)
    return found


def _any(sets: Iterable[Bits]) -> Bits:
    return reduce(or_, sets, NOTHING)
