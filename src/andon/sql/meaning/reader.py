"""From a bound plan to its meaning: each operator takes the relations below it and gives one.

What is not known here raises: a plan is read as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.meaning.choices import rounds, window_leaves_open
from andon.sql.meaning.expressions import Expressions, conditions, kind_of
from andon.sql.meaning.fewer import Fewer
from andon.sql.meaning.joins import Joins
from andon.sql.meaning.layout import Layout, layout_of
from andon.sql.meaning.scans import rest_of, scan, table_function
from andon.sql.meaning.sets import except_or_intersect, recursion, union_all
from andon.sql.meaning.terms import (
    Closed,
    Factor,
    Marks,
    MeantColumn,
    MeantRelation,
    Term,
    fresh,
    joined,
    mark,
    product,
    sealed,
)
from andon.sql.names import words


class PlanReader:
    """Reads one plan.

    Args:
        whole: the digest of the plan as it stands.
        datasets: `(schema, table)` in lower case of all that it may scan.
    """

    def __init__(self, whole: str, datasets: frozenset[tuple[str, str]]) -> None:
        self.whole = whole
        self._datasets = datasets
        self._expressions = Expressions(whole)
        self._joins = Joins(self._expressions)
        self._fewer = Fewer(self._expressions, whole)
        self._ctes: dict[int, MeantRelation] = {}
        self._cte_layouts: dict[int, Layout] = {}
        #: Of the operators that are being read, from the root down: what was read below them, and how its rows lie.
        self._below: list[list[tuple[MeantRelation, Layout]]] = [[]]
        self._recursions = 0
        self._outer: list[list[str]] = []
        #: The datasets that were found, as `schema.name`.
        self.scanned: set[str] = set()

    @property
    def layout(self) -> Layout:
        """How the rows of what was read last lie."""
        return self._below[-1][-1][1]

    def read(self, node: Node) -> MeantRelation:
        """The meaning of an operator.

        Raises:
            UntracedError: if the plan holds anything that is not known.
        """
        self._below.append([])
        found = self._relation(node)
        below = self._below.pop()
        if node.get("type") == "LOGICAL_CTE_REF":
            layout = self._cte_layouts.get(node["cte_index"]) or Layout(mark("recursion", self.whole), False, False)
        else:
            layout = layout_of(node, found, below, self.whole)
        self._below[-1].append((found, layout))
        return found

    def _relation(self, node: Node) -> MeantRelation:
        kind = str(node.get("type"))
        if kind in _NAMED:
            return _NAMED[kind](self, node)
        below = [self.read(child) for child in node.get("children", ())]
        if kind not in _PLAIN:
            raise UntracedError(f"the plan holds an operator that is not known here ({kind})")
        return _PLAIN[kind](self, node, below)

    # --- where rows come from

    def _scan(self, node: Node) -> MeantRelation:
        below = [self.read(child) for child in node.get("children", ())]
        if node["name"] != "seq_scan" or below:
            return table_function(node, below)
        found = scan(node, self._datasets, self._expressions)
        data = node["function_data"]
        self.scanned.add(f"{data['schema']}.{data['table']}".lower())
        return found

    def _one_row(self, node: Node) -> MeantRelation:
        return MeantRelation([MeantColumn(Term("nothing"), (node["table_index"], 0))])

    def _values(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        rows = [self._expressions.terms(row, child.cells) for row in node["expressions"]]
        kinds = node["expr_types"]
        if any(len(row) != len(kinds) for row in rows):
            raise UntracedError("the rows of a VALUES differ in length")
        factor = Factor(mark("values", len(rows)))
        cells = [
            MeantColumn(
                Term(mark("entries"), [row[index] for row in rows], (factor,)),
                (node["table_index"], index),
                kind,
            )
            for index, kind in enumerate(kinds)
        ]
        return child.with_factor(factor, cells)

    # --- one relation in, one out

    def _project(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        terms = self._expressions.terms(node["expressions"], child.cells)
        cells = [
            MeantColumn(term, (node["table_index"], index), kind_of(node["expressions"][index]))
            for index, term in enumerate(terms)
        ]
        return child.with_cells(cells)

    def _filter(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        terms = self._expressions.terms(node.get("expressions", ()), child.cells)
        found = child.filtered(conditions(terms))
        kept = node.get("projection_map")
        return found.with_cells([child.cells[index] for index in kept]) if kept else found

    def _window(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        closed = Closed(child)
        cells = list(child.cells)
        for index, expression in enumerate(node["expressions"]):
            inner = self._expressions.plain(expression, child.cells)
            is_open = window_leaves_open(expression)
            is_rounded = rounds(expression) if expression["type"] == "WINDOW_AGGREGATE" else False
            term = Term(
                mark("window", closed.rows, self.whole if is_open else ""),
                (inner,),
                closed.factors,
                marks=joined(closed, Marks(is_open, is_rounded and not child.is_plain)),
            )
            cells.append(MeantColumn(term, (node["window_index"], index), kind_of(expression)))
        return MeantRelation(cells, child.factors, child.filters, child.order)

    def _unnest(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        terms = self._expressions.terms(node["expressions"], child.cells)
        factor = Factor(mark("unnest", rest_of(node, words("unnest_index expressions"))), terms)
        cells = [
            MeantColumn(Term(mark("given", index), (), (factor,)), (node["unnest_index"], index), kind_of(expression))
            for index, expression in enumerate(node["expressions"])
        ]
        return MeantRelation(child.cells + cells, [*child.factors, factor], child.filters)

    def _order(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        keys = []
        for order in node.get("orders", ()):
            term = self._expressions.term(order["expression"], child.cells)
            keys.append(Term(f"{order['type']} {order['null_order']}", (term,)))
        kept = node.get("projection_map")
        cells = [child.cells[index] for index in kept] if kept else child.cells
        return MeantRelation(cells, child.factors, child.filters, tuple(keys))

    def _sample(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        (child,) = below
        closed = Closed(child)
        return sealed(
            child, mark("sample", closed.rows, rest_of(node, frozenset()), self.whole), closed, Marks(open=True)
        )

    def _pivot(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        """The lists below come in the order of the rows, so this stays as it stands."""
        (child,) = below
        closed = Closed(child)
        factor = Factor(mark("pivot", closed.rows, self.whole), marks=Marks(open=True))
        cells = [
            MeantColumn(
                Term(mark("given", index, self.whole), (), (factor,), marks=Marks(open=True)),
                (node["pivot_index"], index),
                kind,
            )
            for index, kind in enumerate(node["bound_pivot"]["types"])
        ]
        return MeantRelation(cells, [factor])

    # --- two relations in

    def _cross(self, _: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        return product(*below)

    def _positional(self, _: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        left, right = (sealed(relation) for relation in below)
        found = product(left, right)
        return sealed(found, mark("positional", Closed(found).rows, self.whole), marks=Marks(open=True))

    def _join(self, node: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        left, right = below
        return self._joins.join(node, left, right)

    def _asof(self, _: Node, below: Sequence[MeantRelation]) -> MeantRelation:
        left, right = (sealed(relation) for relation in below)
        found = product(left, right)
        # of several equally near rows one is taken
        return sealed(found, mark("asof", Closed(found).rows, self.whole), marks=Marks(open=True))

    def _correlated(self, node: Node) -> MeantRelation:
        if node.get("delim_flipped"):
            raise UntracedError("the plan holds a correlated subquery the wrong way round")
        outer, inner = node["children"]
        left = self._numbered(outer) or self.read(outer)
        terms = self._expressions.terms(node.get("duplicate_eliminated_columns", ()), left.cells)
        closed = Closed(left)
        # called by what they are, not by their places
        names = [closed.digest(term) for term in terms]
        self._outer.append(names)
        right = self.read(inner)
        self._outer.pop()
        given = Term("given", [Term(name, (term,)) for name, term in zip(names, terms, strict=True)], unordered=True)
        return self._joins.join(node, left, right, given)

    def _numbered(self, node: Node) -> MeantRelation | None:
        """The left side of a correlated join that the engine has numbered, to know its rows apart: a number is a row."""
        if node["type"] != "LOGICAL_WINDOW" or len(node["expressions"]) != 1:
            return None
        window = node["expressions"][0]
        if window["type"] != "WINDOW_ROW_NUMBER" or window.get("partitions") or window.get("orders"):
            return None
        child = self.read(node["children"][0])
        closed = Closed(child)
        term = Term("the row", (), closed.factors, marks=joined(closed))
        cell = MeantColumn(term, (node["window_index"], 0), kind_of(window))
        return child.with_cells([*child.cells, cell])

    def _outer_columns(self, node: Node) -> MeantRelation:
        if not self._outer:
            raise UntracedError("the plan reads outer columns where there are none")
        names = self._outer[-1]
        factor = Factor(mark("outer", len(self._outer), sorted(names)))
        cells = [
            MeantColumn(Term(mark("parameter", name), (), (factor,)), (node["table_index"], index), kind)
            for index, (name, kind) in enumerate(zip(names, node["chunk_types"], strict=True))
        ]
        return MeantRelation(cells, [factor])

    # --- common tables and sets

    def _common_table(self, node: Node) -> MeantRelation:
        definition, rest = node["children"]
        self._ctes[node["table_index"]] = self.read(definition)
        self._cte_layouts[node["table_index"]] = self.layout
        return self.read(rest)

    def _common_table_use(self, node: Node) -> MeantRelation:
        found = self._ctes.get(node["cte_index"])
        kinds = node.get("chunk_types", [])
        if found is None or node.get("is_recurring") or len(kinds) != len(found.cells):
            raise UntracedError("the plan reads a CTE that it does not define")
        copy = fresh(found)
        cells = [
            MeantColumn(cell.term, (node["table_index"], index), kinds[index]) for index, cell in enumerate(copy.cells)
        ]
        return MeantRelation(cells, copy.factors, copy.filters)

    def _recursion(self, node: Node) -> MeantRelation:
        if node.get("ref_recurring") or node.get("key_targets"):
            raise UntracedError("it holds a recursion that reads all its rows so far")
        first = self.read(node["children"][0])
        self._recursions += 1
        factor = Factor(f"so far {self._recursions}")
        cells = [
            MeantColumn(Term(mark("given", index), (), (factor,)), None, cell.kind)
            for index, cell in enumerate(first.cells)
        ]
        self._ctes[node["table_index"]] = MeantRelation(cells, [factor])
        step = self.read(node["children"][1])
        self._recursions -= 1
        return recursion(node, first, step, self.whole)


_NAMED: Mapping[str, Callable[[PlanReader, Node], MeantRelation]] = {
    "LOGICAL_CTE_REF": PlanReader._common_table_use,
    "LOGICAL_DELIM_GET": PlanReader._outer_columns,
    "LOGICAL_DELIM_JOIN": PlanReader._correlated,
    "LOGICAL_DUMMY_SCAN": PlanReader._one_row,
    "LOGICAL_GET": PlanReader._scan,
    "LOGICAL_MATERIALIZED_CTE": PlanReader._common_table,
    "LOGICAL_RECURSIVE_CTE": PlanReader._recursion,
}

_PLAIN: Mapping[str, Callable[[PlanReader, Node, Sequence[MeantRelation]], MeantRelation]] = {
    "LOGICAL_AGGREGATE_AND_GROUP_BY": lambda reader, node, below: reader._fewer.aggregate(node, *below),
    "LOGICAL_ANY_JOIN": PlanReader._join,
    "LOGICAL_ASOF_JOIN": PlanReader._asof,
    "LOGICAL_COMPARISON_JOIN": PlanReader._join,
    "LOGICAL_CROSS_PRODUCT": PlanReader._cross,
    "LOGICAL_DISTINCT": lambda reader, node, below: reader._fewer.distinct(node, *below),
    "LOGICAL_EXCEPT": lambda reader, node, below: except_or_intersect(node, below, reader.whole),
    "LOGICAL_EXPRESSION_GET": PlanReader._values,
    "LOGICAL_FILTER": PlanReader._filter,
    "LOGICAL_INTERSECT": lambda reader, node, below: except_or_intersect(node, below, reader.whole),
    "LOGICAL_LIMIT": lambda reader, node, below: reader._fewer.limit(node, *below),
    "LOGICAL_ORDER_BY": PlanReader._order,
    "LOGICAL_PIVOT": PlanReader._pivot,
    "LOGICAL_POSITIONAL_JOIN": PlanReader._positional,
    "LOGICAL_PROJECTION": PlanReader._project,
    "LOGICAL_SAMPLE": PlanReader._sample,
    "LOGICAL_UNION": lambda _, node, below: union_all(node, below),
    "LOGICAL_UNNEST": PlanReader._unnest,
    "LOGICAL_WINDOW": PlanReader._window,
}
