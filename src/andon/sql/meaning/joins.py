"""Joins, in terms of their meaning: an inner join is a product under filters, an outer one a factor that hangs on the others."""

from __future__ import annotations

import json
from collections.abc import Sequence

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.meaning.expressions import Expressions, compared, conditions, junction
from andon.sql.meaning.terms import Closed, Factor, MeantColumn, MeantRelation, Term, joined, mark, product
from andon.sql.names import words

#: What a join may say, whatever its kind.
JOIN_KEYS = words(
    """type children join_type mark_index conditions condition delim_flipped left_projection_map right_projection_map mark_types
    duplicate_eliminated_columns"""
)

_CONDITION_KEYS = frozenset({"left", "right", "comparison"})


class Joins:
    """Reads the joins of one plan."""

    def __init__(self, expressions: Expressions) -> None:
        self._expressions = expressions

    def join(
        self, node: Node, left: MeantRelation, right: MeantRelation, parameters: Term | None = None
    ) -> MeantRelation:
        """The result of a join.

        Args:
            node: the operator.
            left: the relation to the left.
            right: the one to the right.
            parameters: what the right one is asked for, if it is a correlated subquery.

        Raises:
            UntracedError: if it is of an unknown kind.
        """
        if node.keys() - JOIN_KEYS:
            raise UntracedError("the plan holds a join that says what is not known here")
        kind = node["join_type"]
        if kind == "INNER" and parameters is None:
            return _mapped(node, self._inner(node, left, right), len(left.cells))
        if kind in ("SEMI", "ANTI", "MARK", "SINGLE"):
            return self._asked(node, left, right, parameters)
        if kind == "LEFT" or (kind == "INNER" and parameters is not None):
            return _mapped(node, self._hanging(node, left, right, parameters), len(left.cells))
        if kind == "RIGHT" and parameters is None:
            turned = self._hanging(node, left, right, None, is_turned=True)
            return _mapped(node, turned, len(left.cells))
        if kind in ("FULL", "OUTER") and parameters is None:
            return _mapped(node, self._full(node, left, right), len(left.cells))
        raise UntracedError(f"the plan holds a join that is not known here ({kind})")

    def _inner(self, node: Node, left: MeantRelation, right: MeantRelation) -> MeantRelation:
        together = product(left, right)
        count = len(left.cells)
        met = self._conditions(node, together.cells[:count], together.cells[count:])
        return together.filtered(conditions(met))

    def _hanging(
        self, node: Node, left: MeantRelation, right: MeantRelation, parameters: Term | None, is_turned: bool = False
    ) -> MeantRelation:
        """For each row of one side its matches on the other, or NULLs: which rows the first side has is not its concern."""
        kept, hung = (right, left) if is_turned else (left, right)
        closed = Closed(hung)
        stands = _stands_for(hung, closed)
        sides = (stands, kept.cells) if is_turned else (kept.cells, stands)
        met = conditions(self._conditions(node, *sides))
        outer = "LEFT" if is_turned else node["join_type"]
        parts = [junction("CONJUNCTION_AND", met), *([parameters] if parameters else ())]
        factor = Factor(mark("hanging", outer, closed.rows, parameters is not None), parts, marks=joined(closed))
        cells = []
        for cell, stand in zip(hung.cells, stands, strict=True):
            term = Term(stand.term.label, (), (factor,), marks=joined(factor, cell.term))
            cells.append(MeantColumn(term, cell.place, cell.kind))
        every = cells + kept.cells if is_turned else kept.cells + cells
        return MeantRelation(every, [*kept.factors, factor], kept.filters)

    def _asked(self, node: Node, left: MeantRelation, right: MeantRelation, parameters: Term | None) -> MeantRelation:
        """What a subquery says to each row of the left: no row comes twice."""
        kind = node["join_type"]
        closed = Closed(right)
        stands = _stands_for(right, closed)
        met = junction("CONJUNCTION_AND", conditions(self._conditions(node, left.cells, stands)))
        parts = [met, *([parameters] if parameters else ())]
        name = {"SEMI": "MARK"}.get(kind, kind)
        label = ["asked", name, closed.rows, parameters is not None]
        if kind == "SINGLE":
            found = []
            for cell, stand in zip(right.cells, stands, strict=True):
                marks = joined(closed, cell.term)
                term = Term(mark(*label, stand.term.label), parts, marks=marks, subquery=True)
                found.append(MeantColumn(term, cell.place, cell.kind))
            relation = MeantRelation(left.cells + found, left.factors, left.filters, left.order)
            return _mapped(node, relation, len(left.cells))
        answer = Term(mark(*label), parts, marks=joined(closed), subquery=True)
        maps = node.get("left_projection_map")
        cells = [left.cells[index] for index in maps] if maps else left.cells
        if kind == "MARK":
            return left.with_cells([*cells, MeantColumn(answer, (node["mark_index"], 0))])
        return left.filtered([answer]).with_cells(cells)

    def _full(self, node: Node, left: MeantRelation, right: MeantRelation) -> MeantRelation:
        sides = (Closed(left), Closed(right))
        stands = (_stands_for(left, sides[0], "left"), _stands_for(right, sides[1], "right"))
        met = junction("CONJUNCTION_AND", conditions(self._conditions(node, *stands)))
        inner = Closed(MeantRelation())
        factor = Factor(
            mark("full", [side.rows for side in sides], inner.digest(met)),
            marks=joined(met, *sides),
        )
        cells = []
        for cell, stand in zip(left.cells + right.cells, stands[0] + stands[1], strict=True):
            term = Term(stand.term.label, (), (factor,), marks=joined(factor, cell.term))
            cells.append(MeantColumn(term, cell.place, cell.kind))
        return MeantRelation(cells, [factor])

    def _conditions(self, node: Node, left: Sequence[MeantColumn], right: Sequence[MeantColumn]) -> list[Term]:
        found = []
        for condition in node.get("conditions", ()):
            if condition.keys() - _CONDITION_KEYS:
                raise UntracedError("the plan holds a join condition that is not known here")
            one = self._expressions.term(condition["left"], left)
            other = self._expressions.term(condition["right"], right)
            found.append(compared(condition["comparison"], one, other))
        if node.get("condition"):
            found.append(self._expressions.term(node["condition"], [*left, *right]))
        return found


def _stands_for(relation: MeantRelation, closed: Closed, side: str = "other") -> list[MeantColumn]:
    """The columns of a relation, as names that a condition may use from outside."""
    found = []
    for cell in relation.cells:
        label = json.dumps([side, closed.digest(cell.term)])
        found.append(MeantColumn(Term(label, marks=joined(cell.term)), cell.place, cell.kind))
    return found


def _mapped(node: Node, found: MeantRelation, count: int) -> MeantRelation:
    """The columns that a join keeps."""
    left, right = node.get("left_projection_map"), node.get("right_projection_map")
    cells = [found.cells[index] for index in left] if left else found.cells[:count]
    cells += [found.cells[count + index] for index in right] if right else found.cells[count:]
    return found.with_cells(cells)
