"""Operators of a plan that make fewer rows of many: GROUP BY, DISTINCT, LIMIT. What they may choose is said to be open."""

from __future__ import annotations

from collections.abc import Sequence

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.meaning.choices import is_alike, leaves_open, rounds
from andon.sql.meaning.expressions import Expressions, as_it_stands, kind_of
from andon.sql.meaning.scans import rest_of
from andon.sql.meaning.terms import Closed, Factor, Marks, MeantColumn, MeantRelation, Term, joined, mark, sealed
from andon.sql.names import words

#: Keys that are looked at, or that only number things; all others are part of what an operator means.
_AGGREGATE_KEYS = words(
    "expressions group_index aggregate_index groupings_index groups grouping_sets grouping_functions distinct_validity"
)

_LISTS = frozenset({"list", "array_agg"})


class Fewer:
    """Reads these operators of one plan.

    Args:
        whole: the digest of the plan as it stands.
    """

    def __init__(self, expressions: Expressions, whole: str) -> None:
        self._expressions = expressions
        self._whole = whole

    def aggregate(self, node: Node, child: MeantRelation) -> MeantRelation:
        """A GROUP BY with its aggregates."""
        closed = Closed(child)
        extra = rest_of(node, _AGGREGATE_KEYS)
        groups = node.get("groups", ())
        keys = self._expressions.terms(groups, child.cells)
        names = [closed.digest(key) for key in keys]
        sets = node.get("grouping_sets") or [list(range(len(keys)))]
        grouped = sorted(sorted({names[index] for index in each}) for each in sets)
        alike = all(is_alike(kind_of(expression)) for expression in groups)
        factor = Factor(
            mark("groups", closed.rows, grouped, extra, "" if alike else self._whole),
            single=not keys and len(sets) == 1,
            marks=joined(closed, Marks(open=not alike), *keys),
        )
        cells = []
        for index, (name, key) in enumerate(zip(names, keys, strict=True)):
            label = mark("key", name, "" if alike else self._whole)
            term = Term(label, (), (factor,), marks=joined(factor, key))
            cells.append(MeantColumn(term, (node["group_index"], index), kind_of(groups[index])))
        cells += self._gathered(node, child, closed, factor)
        for index, asked in enumerate(node.get("grouping_functions", ())):
            label = mark("grouping", [names[number] for number in asked])
            cells.append(MeantColumn(Term(label, (), (factor,)), (node["groupings_index"], index)))
        return MeantRelation(cells, [factor])

    def distinct(self, node: Node, child: MeantRelation) -> MeantRelation:
        """A DISTINCT, with or without ON."""
        closed = Closed(child)
        targets = self._expressions.terms(node.get("distinct_targets", ()), child.cells)
        if node["distinct_type"] != "DISTINCT":
            names = sorted({closed.digest(target) for target in targets})
            alike = all(is_alike(kind_of(target)) for target in node["distinct_targets"])
            factor = Factor(
                mark("groups", closed.rows, [names], {}, "" if alike else self._whole),
                marks=joined(closed, Marks(open=not alike), *targets),
            )
            return self._chosen(child, closed, factor, names if alike else ())
        names = sorted(set(closed.digests(child.cells)))
        alike = all(is_alike(cell.kind) for cell in child.cells)
        whole = "" if alike else self._whole
        factor = Factor(
            mark("groups", closed.rows, [names], {}, whole),
            marks=joined(closed, Marks(open=not alike), *(cell.term for cell in child.cells)),
        )
        cells = []
        for cell in child.cells:
            label = mark("key", closed.digest(cell.term), whole)
            cells.append(MeantColumn(Term(label, (), (factor,), marks=joined(factor)), cell.place, cell.kind))
        return MeantRelation(cells, [factor])

    def limit(self, node: Node, child: MeantRelation) -> MeantRelation:
        """A LIMIT: where the order leaves rows alike, the engine chooses."""
        closed = Closed(child)
        sorted_by = {closed.digest(key.parts[0]) for key in child.order}
        decided = all(closed.digest(cell.term) in sorted_by and is_alike(cell.kind) for cell in child.cells) and bool(
            child.cells
        )
        bounds = {}
        for key in ("limit_val", "offset_val"):
            bound = node.get(key, {})
            inner = bound.get("expression")
            bounds[key] = [
                as_it_stands({name: part for name, part in bound.items() if name != "expression"}),
                closed.digest(self._expressions.term(inner, child.cells)) if inner else "",
            ]
        order = [closed.digest(key) for key in child.order]
        extra = rest_of(node, words("limit_val offset_val"))
        if decided:
            return sealed(child, mark("limit", closed.rows, order, bounds, extra), closed)
        # how many rows there are is certain; which ones, the engine may choose
        choice = mark(order, self._whole)
        factor = Factor(mark("limit", closed.rows, bounds, extra), choice=choice, marks=joined(closed))
        return self._chosen(child, closed, factor, ())

    def _gathered(self, node: Node, child: MeantRelation, closed: Closed, factor: Factor) -> list[MeantColumn]:
        """The aggregates of an operator."""
        cells = []
        for index, expression in enumerate(node.get("expressions", ())):
            if expression["expression_class"] != "BOUND_AGGREGATE":
                raise UntracedError("the plan's aggregates are not the ones expected")
            inner = self._expressions.plain(expression, child.cells)
            taken = [
                closed.digest(term) for term in self._expressions.terms(expression.get("children", ()), child.cells)
            ]
            orders = (expression.get("order_bys") or {}).get("orders", ())
            by = self._expressions.terms([order["expression"] for order in orders], child.cells)
            is_open = leaves_open(expression, taken, [closed.digest(term) for term in by])
            is_rounded = rounds(expression) and not (child.is_plain and not inner.subquery)
            label = mark("aggregate", closed.digest(inner))
            marks = joined(factor, inner, Marks(is_open, is_rounded))
            term = Term(mark(label, self._whole) if is_open else label, (), (factor,), marks=marks)
            if expression.get("name") in _LISTS and is_alike(kind_of(expression)):
                term.unsorted = Term(label, (), (factor,), marks=joined(factor, inner))
            cells.append(MeantColumn(term, (node["aggregate_index"], index), kind_of(expression)))
        if [part.get("name") for part in node.get("expressions", ())] == ["first", "count_star"] and factor.single:
            (taken_first,) = self._expressions.terms(node["expressions"][0]["children"], child.cells)
            value = Term(mark("only", closed.digest(taken_first)), (), (factor,), marks=joined(factor, taken_first))
            cells[0].term.only = (value, cells[1].term)
        return cells

    def _chosen(self, child: MeantRelation, closed: Closed, factor: Factor, certain: Sequence[str]) -> MeantRelation:
        """Rows that the engine takes out of those below: `certain` values are the same in all that it may take."""
        cells = []
        for cell in child.cells:
            name = closed.digest(cell.term)
            label = mark("key", name, "") if name in certain else mark("chosen", name, self._whole)
            marks = joined(factor, cell.term, Marks(open=name not in certain))
            cells.append(MeantColumn(Term(label, (), (factor,), marks=marks), cell.place, cell.kind))
        return MeantRelation(cells, [factor])
