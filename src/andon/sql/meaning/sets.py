"""Set operations and recursion, in terms of their meaning."""

from __future__ import annotations

from collections.abc import Sequence

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.meaning.choices import is_alike
from andon.sql.meaning.terms import Closed, Factor, Marks, MeantColumn, MeantRelation, Term, joined, mark


def union_all(node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
    """The rows of all parts, in whatever order the parts stand."""
    _refuse_unequal(below)
    parts = [(Closed(relation), relation) for relation in below]
    # parts of the same rows stay in the order of the text
    parts.sort(key=lambda pair: pair[0].rows)
    factor = Factor(
        mark("union", [closed.rows for closed, _ in parts]),
        marks=joined(*(closed for closed, _ in parts)),
    )
    cells = []
    for index, first in enumerate(below[0].cells):
        terms = [relation.cells[index].term for _, relation in parts]
        label = mark("of each", [closed.digest(term) for (closed, _), term in zip(parts, terms, strict=True)])
        cells.append(_cell(node, index, first, Term(label, (), (factor,), marks=joined(factor, *terms))))
    return MeantRelation(cells, [factor])


def except_or_intersect(node: Node, below: Sequence[MeantRelation], whole: str) -> MeantRelation:
    """Rows of the first part that are, or are not, in the others."""
    _refuse_unequal(below)
    closed = [Closed(relation) for relation in below]
    columns = [
        [digests.digest(relation.cells[index].term) for digests, relation in zip(closed, below, strict=True)]
        for index in range(len(below[0].cells))
    ]
    alike = all(is_alike(cell.kind) for relation in below for cell in relation.cells)
    every = [cell.term for relation in below for cell in relation.cells]
    factor = Factor(
        mark(node["type"], node["setop_all"], [part.rows for part in closed], sorted(columns), "" if alike else whole),
        marks=joined(Marks(open=not alike), *closed, *every),
    )
    cells = [
        _cell(
            node,
            index,
            below[0].cells[index],
            Term(mark("of both", columns[index]), (), (factor,), marks=joined(factor)),
        )
        for index in range(len(columns))
    ]
    return MeantRelation(cells, [factor])


def recursion(node: Node, first: MeantRelation, step: MeantRelation, whole: str) -> MeantRelation:
    """The rows of a recursive CTE: its columns are told apart by their places alone."""
    _refuse_unequal((first, step))
    closed = [Closed(first), Closed(step)]
    columns = [part.digests(relation.cells) for part, relation in zip(closed, (first, step), strict=True)]
    alike = all(is_alike(cell.kind) for cell in first.cells)
    every = [cell.term for cell in first.cells + step.cells]
    factor = Factor(
        mark("recursion", node["union_all"], [part.rows for part in closed], columns, "" if alike else whole),
        marks=joined(Marks(open=not alike), *closed, *every),
    )
    cells = [
        _cell(node, index, cell, Term(mark("given", index), (), (factor,), marks=joined(factor)))
        for index, cell in enumerate(first.cells)
    ]
    return MeantRelation(cells, [factor])


def _refuse_unequal(below: Sequence[MeantRelation]) -> None:
    if len({len(relation.cells) for relation in below}) != 1:
        raise UntracedError("the parts of a set operation differ in their number of columns")


def _cell(node: Node, index: int, like: MeantColumn, term: Term) -> MeantColumn:
    return MeantColumn(term, (node["table_index"], index), like.kind)
