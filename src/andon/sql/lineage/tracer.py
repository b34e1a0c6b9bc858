"""From a bound plan to the sources of its columns: each operator takes the relations below it and gives one.

What is not known here raises: a plan is traced as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from andon.base.record import replace
from andon.sql.bound_plan import Node, UntracedError
from andon.sql.lineage.carried import carried_by, carried_together
from andon.sql.lineage.columns import NOTHING, ColumnUse, Sources, TracedColumn, TracedRelation, influenced, values_of
from andon.sql.lineage.expressions import (
    bare,
    deciding,
    is_counted,
    is_ordered,
    kind_of,
    ordering,
    same_kind,
    union,
    use_of,
)
from andon.sql.lineage.joins import JOIN_KEYS, cross, join
from andon.sql.lineage.scans import SCAN_KEYS, Datasets, scan
from andon.sql.lineage.sets import except_rows, intersect_rows, placed, same, stacked, union_rows
from andon.sql.names import words

#: What an operator may say. Anything else would be something that is not looked at.
_KEYS: Mapping[str, frozenset[str]] = {
    "LOGICAL_AGGREGATE_AND_GROUP_BY": words("""expressions group_index aggregate_index groupings_index groups grouping_sets
        grouping_functions distinct_validity"""),
    "LOGICAL_ANY_JOIN": JOIN_KEYS,
    "LOGICAL_ASOF_JOIN": JOIN_KEYS,
    "LOGICAL_COMPARISON_JOIN": JOIN_KEYS,
    "LOGICAL_CROSS_PRODUCT": frozenset(),
    "LOGICAL_CTE_REF": words("table_index cte_index chunk_types bound_columns is_recurring"),
    "LOGICAL_DELIM_GET": words("table_index chunk_types"),
    "LOGICAL_DELIM_JOIN": JOIN_KEYS | {"mark_types", "duplicate_eliminated_columns"},
    "LOGICAL_DISTINCT": words("distinct_type distinct_targets order_by"),
    "LOGICAL_DUMMY_SCAN": frozenset({"table_index"}),
    "LOGICAL_EXCEPT": words("table_index column_count setop_all allow_out_of_order"),
    "LOGICAL_EXPRESSION_GET": words("table_index expr_types expressions"),
    "LOGICAL_FILTER": words("expressions projection_map"),
    "LOGICAL_GET": SCAN_KEYS,
    "LOGICAL_INTERSECT": words("table_index column_count setop_all allow_out_of_order"),
    "LOGICAL_LIMIT": words("limit_val offset_val"),
    "LOGICAL_MATERIALIZED_CTE": words("table_index column_count ctename materialize"),
    "LOGICAL_ORDER_BY": frozenset({"orders"}),
    "LOGICAL_PIVOT": words("pivot_index bound_pivot"),
    "LOGICAL_POSITIONAL_JOIN": frozenset(),
    "LOGICAL_PROJECTION": words("table_index expressions"),
    "LOGICAL_RECURSIVE_CTE": words("union_all ctename table_index column_count ref_recurring"),
    "LOGICAL_SAMPLE": frozenset({"sample_options"}),
    "LOGICAL_UNION": words("table_index column_count setop_all allow_out_of_order"),
    "LOGICAL_UNNEST": words("unnest_index expressions"),
    "LOGICAL_WINDOW": words("window_index expressions"),
}
_ALWAYS = frozenset({"type", "children"})

_REASONS = {
    "LOGICAL_CHUNK_GET": "it reads the engine's own catalog",
    "LOGICAL_COLUMN_DATA_GET": "it reads the engine's own catalog",
    "LOGICAL_DEPENDENT_JOIN": "the engine leaves a correlated subquery open",
}


class Tracer:
    """Traces one plan. `sources` gives the names of the bits afterwards."""

    def __init__(self, datasets: Datasets) -> None:
        self.sources = Sources()
        self._datasets = datasets
        self._ctes: dict[int, TracedRelation] = {}
        self._outer: list[list[TracedColumn]] = []
        self._correlations = 0
        #: the sources of all keys that anything is sorted by
        self.order = NOTHING

    def trace(self, node: Node) -> TracedRelation:
        """The result of an operator.

        Raises:
            UntracedError: if the plan holds anything that is not known.
        """
        kind = str(node.get("type"))
        known = _KEYS.get(kind)
        if known is None:
            reason = f"the plan holds an operator that is not known here ({kind})"
            raise UntracedError(_REASONS.get(kind, reason))
        unknown = node.keys() - known - _ALWAYS
        if unknown == {"key_targets"}:
            raise UntracedError("it holds a recursion with USING KEY")
        if unknown:
            raise UntracedError(f"an operator says what is not known here ({kind}: {', '.join(sorted(unknown))})")
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, node)
        below = [self.trace(child) for child in node.get("children", ())]
        found = _PLAIN[kind](node, below)
        self.order |= found.order
        return found

    def _scan(self, node: Node) -> TracedRelation:
        below = [self.trace(child) for child in node.get("children", ())]
        return scan(node, below, self._datasets, self.sources)

    def _common_table(self, node: Node) -> TracedRelation:
        definition, rest = node["children"]
        self._ctes[node["table_index"]] = self.trace(definition)
        return self.trace(rest)

    def _recursion(self, node: Node) -> TracedRelation:
        if node.get("ref_recurring"):
            raise UntracedError("it holds a recursion that reads all its rows so far")
        first, step = node["children"]
        found = self.trace(first)
        while True:
            # sources only ever come to it, so this ends
            self._ctes[node["table_index"]] = found
            wider = stacked([found, self.trace(step)])
            if not node["union_all"]:
                wider = replace(wider, rows=wider.rows | values_of(wider.columns))
            if same(wider, found):
                return placed(wider, node["table_index"])
            found = wider

    def _common_table_use(self, node: Node) -> TracedRelation:
        found = self._ctes.get(node["cte_index"])
        if found is None or node.get("is_recurring"):
            raise UntracedError("the plan reads a CTE that it does not define")
        return _retyped(found, node)

    def _correlated(self, node: Node) -> TracedRelation:
        if node.get("delim_flipped"):
            raise UntracedError("the plan holds a correlated subquery the wrong way round")
        outer, inner = node["children"]
        left = self.trace(outer)
        self._correlations += 1
        number = self._correlations
        given = [
            TracedColumn(
                use_of(expression, left.columns),
                None,
                kind_of(expression),
                (number, index),
                carried=carried_by(expression, left.columns),
            )
            for index, expression in enumerate(node.get("duplicate_eliminated_columns", ()))
        ]
        self._outer.append(given)
        right = self.trace(inner)
        self._outer.pop()
        found = join(node, left, right, number)
        columns = [
            replace(column, parameter=None) if column.parameter and column.parameter[0] == number else column
            for column in found.columns
        ]
        # the engine answers once for each different set of parameters, in an order of its own
        return TracedRelation(columns, found.rows, found.order | union(column.use for column in given).any)

    def _outer_columns(self, node: Node) -> TracedRelation:
        if not self._outer:
            raise UntracedError("the plan reads outer columns where there are none")
        return _retyped(TracedRelation(list(self._outer[-1])), node)


def _retyped(found: TracedRelation, node: Node) -> TracedRelation:
    """The relation under the place of the operator that reads it, if its columns have the types that this one expects."""
    kinds = node.get("chunk_types", [])
    fits = len(kinds) == len(found.columns) and all(
        same_kind(column.kind, kind) for column, kind in zip(found.columns, kinds, strict=True)
    )
    if not fits:
        raise UntracedError("the plan's columns are not the ones expected")
    columns = [
        replace(column, place=(node["table_index"], index), kind=kinds[index])
        for index, column in enumerate(found.columns)
    ]
    return found.with_columns(columns)


def _projection(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    columns = []
    for index, expression in enumerate(node["expressions"]):
        source = bare(expression, child.columns)
        columns.append(
            TracedColumn(
                use_of(expression, child.columns),
                (node["table_index"], index),
                kind_of(expression),
                source.parameter if source else None,
                counted=is_counted(expression, child.columns),
                carried=carried_by(expression, child.columns),
            )
        )
    return child.with_columns(columns)


def _filter(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    rows = child.rows | use_of(node.get("expressions", []), child.columns).any
    kept = node.get("projection_map")
    columns = [child.columns[index] for index in kept] if kept else child.columns
    return TracedRelation(columns, rows, child.order)


def _aggregate(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    groups = node.get("groups", [])
    sets = node.get("grouping_sets", [])
    columns = []
    for index, expression in enumerate(groups):
        source = bare(expression, child.columns)
        # a grouping set leaves columns out, and a parameter that is NULL now and then is none
        parameter = source.parameter if source and len(sets) <= 1 else None
        place = (node["group_index"], index)
        carried = carried_by(expression, child.columns) if len(sets) <= 1 else None
        use = use_of(expression, child.columns)
        columns.append(TracedColumn(use, place, kind_of(expression), parameter, carried=carried))
    keys = deciding(groups, child.columns) if len(sets) <= 1 else use_of(groups, child.columns).any
    whole = not groups
    for index, expression in enumerate(node.get("expressions", [])):
        column = TracedColumn(use_of(expression, child.columns), (node["aggregate_index"], index), kind_of(expression))
        # without groups there is one row whatever comes in: what decides over rows decides over values only
        extra = (child.rows if whole else NOTHING) | (child.order if is_ordered(expression) else NOTHING)
        columns.append(influenced(column, extra))
    for index in range(len(node.get("grouping_functions", []))):
        columns.append(TracedColumn(ColumnUse(), (node["groupings_index"], index)))
    return TracedRelation(columns, NOTHING if whole else child.rows | keys, child.order)


def _window(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    columns = list(child.columns)
    order = child.order
    for index, expression in enumerate(node["expressions"]):
        use = use_of(expression, child.columns)
        order |= use.influence
        column = TracedColumn(use, (node["window_index"], index), kind_of(expression))
        # rows that the window's own keys don't tell apart stay as they came
        columns.append(influenced(column, child.order))
    return TracedRelation(columns, child.rows, order)


def _unnest(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    uses = [use_of(expression, child.columns) for expression in node["expressions"]]
    columns = [
        TracedColumn(use, (node["unnest_index"], index), kind_of(node["expressions"][index]))
        for index, use in enumerate(uses)
    ]
    # whether there is a list at all may be decided elsewhere, even where its length is known
    lengths = [
        ColumnUse(influence=use.influence) if is_counted(expression["child"], child.columns) else use
        for use, expression in zip(uses, node["expressions"], strict=True)
    ]
    return TracedRelation(child.columns + columns, child.rows | union(lengths).any, child.order)


def _order(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    return replace(child, order=child.order | ordering(node.get("orders"), child.columns))


def _limit(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    rows = child.rows | child.order
    for key in ("limit_val", "offset_val"):
        rows |= use_of(node.get(key, {}).get("expression"), child.columns).any
    return replace(child, rows=rows)


def _sample(_: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    return replace(child, rows=child.rows | child.order)


def _distinct(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    rows = child.rows | deciding(node.get("distinct_targets", []), child.columns)
    if node["distinct_type"] == "DISTINCT":
        return replace(child, rows=rows | values_of(child.columns))
    orders = (node.get("order_by") or {}).get("orders")
    return replace(child, rows=rows | ordering(orders, child.columns) | child.order)


def _cross(_: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    left, right = below
    return cross(left, right)


def _positional(_: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    left, right = below
    found = cross(left, right)
    return replace(found, rows=found.rows | found.order)


def _join(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    left, right = below
    return join(node, left, right)


def _values(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    (child,) = below
    kinds = node["expr_types"]
    if any(len(row) != len(kinds) for row in node["expressions"]):
        raise UntracedError("the rows of a VALUES differ in length")
    columns = []
    for index, kind in enumerate(kinds):
        entries = [row[index] for row in node["expressions"]]
        sources = [bare(entry, child.columns) for entry in entries]
        parameters = {source.parameter if source else None for source in sources}
        parameter = parameters.pop() if len(parameters) == 1 else None
        carried = carried_together([carried_by(entry, child.columns) for entry in entries])
        use = use_of(entries, child.columns)
        columns.append(TracedColumn(use, (node["table_index"], index), kind, parameter, carried=carried))
    return child.with_columns(columns)


def _pivot(node: Node, below: Sequence[TracedRelation]) -> TracedRelation:
    """Below come the groups, a list for each aggregate, and the list that says to which value each entry belongs."""
    (child,) = below
    groups = node["bound_pivot"].get("group_count", 0)
    kinds = node["bound_pivot"]["types"]
    lists, names = child.columns[groups:-1], child.columns[-1]
    if not lists or len(kinds) < groups or (len(kinds) - groups) % len(lists):
        raise UntracedError("the plan's PIVOT has other columns than expected")
    columns = [replace(column, kind=kind) for column, kind in zip(child.columns[:groups], kinds, strict=False)]
    for index in range(len(kinds) - groups):
        use = lists[index % len(lists)].use
        columns.append(TracedColumn(ColumnUse(use.derive, use.influence | names.use.any), None, kinds[groups + index]))
    return placed(child.with_columns(columns), node["pivot_index"])


def _nothing(node: Node, _: Sequence[TracedRelation]) -> TracedRelation:
    return TracedRelation([TracedColumn(place=(node["table_index"], 0))])


_SPECIAL: Mapping[str, Callable[[Tracer, Node], TracedRelation]] = {
    "LOGICAL_CTE_REF": Tracer._common_table_use,
    "LOGICAL_DELIM_GET": Tracer._outer_columns,
    "LOGICAL_DELIM_JOIN": Tracer._correlated,
    "LOGICAL_GET": Tracer._scan,
    "LOGICAL_MATERIALIZED_CTE": Tracer._common_table,
    "LOGICAL_RECURSIVE_CTE": Tracer._recursion,
}

_PLAIN: Mapping[str, Callable[[Node, Sequence[TracedRelation]], TracedRelation]] = {
    "LOGICAL_AGGREGATE_AND_GROUP_BY": _aggregate,
    "LOGICAL_ANY_JOIN": _join,
    "LOGICAL_ASOF_JOIN": _join,
    "LOGICAL_COMPARISON_JOIN": _join,
    "LOGICAL_CROSS_PRODUCT": _cross,
    "LOGICAL_DISTINCT": _distinct,
    "LOGICAL_DUMMY_SCAN": _nothing,
    "LOGICAL_EXCEPT": except_rows,
    "LOGICAL_EXPRESSION_GET": _values,
    "LOGICAL_FILTER": _filter,
    "LOGICAL_INTERSECT": intersect_rows,
    "LOGICAL_LIMIT": _limit,
    "LOGICAL_ORDER_BY": _order,
    "LOGICAL_PIVOT": _pivot,
    "LOGICAL_POSITIONAL_JOIN": _positional,
    "LOGICAL_PROJECTION": _projection,
    "LOGICAL_SAMPLE": _sample,
    "LOGICAL_UNION": union_rows,
    "LOGICAL_UNNEST": _unnest,
    "LOGICAL_WINDOW": _window,
}
