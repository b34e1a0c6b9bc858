"""Operators of a bound plan, said as steps of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from andon.engines.spark.translation.aggregates import TIES_NOTE
from andon.engines.spark.translation.expressions import ExpressionScope, first_offset, value_of
from andon.engines.spark.translation.gathering import aggregate_of, ordered, window_of
from andon.engines.spark.translation.joins import crossed, joined
from andon.engines.spark.translation.relations import SparkRelation, Steps
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.types import BIGINT, INTEGER, name, planned_type
from andon.engines.spark.translation.values import SparkValue, null, sortable
from andon.sql.bound_plan import Node, scanned_columns

#: What to write in place of operators that are not translated.
INSTEAD: Mapping[str, tuple[str, str]] = {
    "LOGICAL_ASOF_JOIN": ("ASOF JOIN", "a join with `qualify row_number() over (partition by … order by … desc) = 1`"),
    "LOGICAL_PIVOT": ("PIVOT", "`sum(x) filter (where kind = 'a') as a` for each column"),
    "LOGICAL_POSITIONAL_JOIN": ("POSITIONAL JOIN", "a join by a key"),
    "LOGICAL_RECURSIVE_CTE": ("a recursive CTE", "a dataset of its own that DuckDB builds"),
    "LOGICAL_SAMPLE": ("a sample", "`where hash(key) % 100 = 0` in a dataset that DuckDB builds"),
}
_INDEXES = "an operator that is not known here"
_WORDS = {
    "LOGICAL_ASOF_JOIN": "asof",
    "LOGICAL_PIVOT": "pivot",
    "LOGICAL_POSITIONAL_JOIN": "positional",
    "LOGICAL_RECURSIVE_CTE": "recursive",
    "LOGICAL_SAMPLE": "sample",
}


#: The word of a query that an operator comes of, for what has no place of its own in it.
_CLAUSES = {"LOGICAL_AGGREGATE_AND_GROUP_BY": "group", "LOGICAL_DISTINCT": "distinct", "LOGICAL_LIMIT": "order"}


class Operators:
    """Says one plan."""

    def __init__(
        self, steps: Steps, datasets: Mapping[tuple[str, str], str], server: SparkServer, moment: datetime | None
    ) -> None:
        self._steps = steps
        self._datasets = datasets
        self._server = server
        self._moment = moment
        self._ctes: dict[int, SparkRelation] = {}
        self._outer: list[SparkRelation] = []

    def relation(self, node: Node) -> SparkRelation:
        """What an operator gives.

        Raises:
            NotTranslated: it, or what stands in it, is not listed.
        """
        kind = str(node["type"])
        rule = _RULES.get(kind)
        if rule is None:
            what, form = INSTEAD.get(kind, (f"`{kind.removeprefix('LOGICAL_').lower()}`", _INDEXES))
            raise NotTranslated(what, form, word=_WORDS.get(kind))
        try:
            return rule(self, node)
        except NotTranslated as error:
            if error.near is None:
                error.near = first_offset(node)
            error.word = error.word or _CLAUSES.get(kind)
            raise

    def _scope(self, columns: Sequence[SparkValue]) -> ExpressionScope:
        return ExpressionScope(columns, self._server, self._steps.notes, self._moment)

    def _child(self, node: Node) -> SparkRelation:
        (child,) = node["children"]
        return self.relation(child)

    def _scan(self, node: Node) -> SparkRelation:
        data = node.get("function_data") or {}
        dataset = self._datasets.get((str(data.get("schema", "")).lower(), str(data.get("table", "")).lower()))
        if node["name"] != "seq_scan" or dataset is None:
            if node["name"] in ("range", "generate_series"):
                return self._series(node)
            form = "a dataset of its own that DuckDB builds"
            if node["name"] == "unnest":
                form = "`select key, unnest([1, 2]) as e from …`, `select key, unnest(list) as e from …`, in a CTE"
            raise NotTranslated(f"the table function `{node['name']}`", form, word=str(node["name"]))
        names, kinds = node["names"], node["returned_types"]
        values = []
        for index in scanned_columns(node):
            if index >= len(names):  # no column at all is needed: the rows are counted
                values.append(SparkValue("cast(1 as bigint)", BIGINT))
                continue
            kind = planned_type(kinds[index])
            text = name(names[index])
            values.append(SparkValue(f"cast({text} as timestamp_ntz)" if kind.name == "TIMESTAMP" else text, kind))
        return self._steps.add(values, f"from {name(self._steps.views[dataset])}")

    def _series(self, node: Node) -> SparkRelation:
        given = [value.get("value") for value in node.get("parameters", ())]
        if not given or len(given) > 3 or not all(isinstance(number, int) for number in given):
            what = f"`{node['name']}` of other values than written whole numbers"
            raise NotTranslated(what, "`generate_series(1, 10)`, and `date + i` for days", word=str(node["name"]))
        first, last, step = ([0, *given] if len(given) == 1 else given) + ([1] if len(given) < 3 else [])
        if step <= 0:
            raise NotTranslated(f"`{node['name']}` downwards", "count upwards", word=str(node["name"]))
        last -= node["name"] == "range"
        if last < first:
            form = "a series of at least one number, and WHERE"
            raise NotTranslated(f"an empty `{node['name']}`", form, word=str(node["name"]))
        listed = f"explode(sequence(cast({first} as bigint), cast({last} as bigint), cast({step} as bigint)))"
        return self._steps.put(f"select {listed} as c0", [BIGINT])

    def _filter(self, node: Node) -> SparkRelation:
        below = self._child(node)
        scope = self._scope(below.columns())
        conditions = " and ".join(value_of(part, scope).text for part in node["expressions"])
        kept = node.get("projection_map")
        columns = below.columns()
        return self._steps.add(
            [columns[place] for place in kept] if kept else columns, f"from {below.name} where {conditions}"
        )

    def _projection(self, node: Node) -> SparkRelation:
        below = self._only(node) or self._child(node)
        scope = self._scope(below.columns())
        return self._steps.add([value_of(part, scope) for part in node["expressions"]], f"from {below.name}")

    def _only(self, node: Node) -> SparkRelation | None:
        """The one row of a scalar subquery: the plan takes the first, counts, and fails where there are more."""
        (child,) = node["children"]
        aggregates = child.get("expressions", [])
        if child["type"] != "LOGICAL_AGGREGATE_AND_GROUP_BY" or child.get("groups") or len(aggregates) != 2:
            return None
        if [part.get("name") for part in aggregates] != ["first", "count_star"] or len(node["expressions"]) != 1:
            return None
        checks = node["expressions"][0].get("case_checks") or [{}]
        if (checks[0].get("then_expr") or {}).get("name") != "error":
            return None
        below = self._child(child)
        first = value_of(aggregates[0]["children"][0], self._scope(below.columns()))
        values = [SparkValue(f"first({first.text})", first.type), SparkValue("count(*)", BIGINT)]
        return self._steps.add(values, f"from {below.name}")

    def _aggregate(self, node: Node) -> SparkRelation:
        below = self._child(node)
        groups = [
            sortable(value_of(part, self._scope(below.columns())), self._server) for part in node.get("groups", ())
        ]
        sets = node.get("grouping_sets") or ()
        if groups:  # a key is a column of its own: Spark would take a written number for the place of one
            below = self._steps.add([*below.columns(), *groups], f"from {below.name}")
        width = len(below.types) - len(groups)
        scope = self._scope(below.columns()[:width])
        keys = below.columns()[width:]
        added = [aggregate_of(part, scope) for part in node.get("expressions", ())]
        functions = node.get("grouping_functions") or ()
        values = [*keys, *added, *(_grouping(keys, places) for places in functions)]
        if len(sets) <= 1:
            by = ", ".join(key.text for key in keys)
            return self._steps.add(values, f"from {below.name}" + (f" group by {by}" if keys else ""))
        # the set of nothing is a row of its own also where there is no row at all, which ROLLUP of Spark forgets
        kept = [f"({', '.join(keys[place].text for place in places)})" for places in sets if places]
        found = self._steps.add(values, f"from {below.name} group by grouping sets ({', '.join(kept)})")
        for _ in range(len(sets) - len(kept)):
            whole = [*(null(key.type) for key in keys), *added, *(_all_grouped(places) for places in functions)]
            total = self._steps.add(whole, f"from {below.name}")
            found = self._steps.put(f"select * from {found.name} union all select * from {total.name}", found.types)
        return found

    def _window(self, node: Node) -> SparkRelation:
        below = self._child(node)
        scope = self._scope(below.columns())
        added = [window_of(part, scope) for part in node["expressions"]]
        return self._steps.add([*below.columns(), *added], f"from {below.name}")

    def _order(self, node: Node) -> SparkRelation:
        return self._child(node)  # rows have no order but under a LIMIT, which asks for it itself

    def _limit(self, node: Node) -> SparkRelation:
        (child,) = node["children"]
        limit, offset = (_written(node.get(key) or {}) for key in ("limit_val", "offset_val"))
        under = child
        if child["type"] != "LOGICAL_ORDER_BY" and not _is_constant(child):
            raise NotTranslated(
                "LIMIT without an order", "`order by key limit 10`, with a key that tells all rows apart", word="limit"
            )
        below = self.relation(under)
        order = ""
        if child["type"] == "LOGICAL_ORDER_BY":
            scope = self._scope(below.columns())
            self._steps.notes.add(TIES_NOTE)
            order = f" order by {', '.join(ordered(part, scope) for part in child['orders'])}"
        bounds = (f" limit {limit}" if limit is not None else "") + (f" offset {offset}" if offset else "")
        return self._steps.add(below.columns(), f"from {below.name}{order}{bounds}")

    def _distinct(self, node: Node) -> SparkRelation:
        below = self._child(node)
        columns = [sortable(column, self._server) for column in below.columns()]
        if node["distinct_type"] == "DISTINCT":
            return self._steps.add(columns, f"from {below.name}", distinct=True)
        scope = self._scope(columns)
        orders = (node.get("order_by") or {}).get("orders")
        if not orders:
            raise NotTranslated(
                "DISTINCT ON without an order", "`distinct on (key) … order by key, other`", word="distinct"
            )
        self._steps.notes.add(TIES_NOTE)
        keys = ", ".join(sortable(value_of(part, scope), self._server).text for part in node["distinct_targets"])
        sorted_by = ", ".join(ordered(part, scope) for part in orders)
        number = SparkValue(f"row_number() over (partition by {keys} order by {sorted_by})", INTEGER)
        numbered = self._steps.add([*columns, number], f"from {below.name}")
        return self._steps.add(numbered.columns()[:-1], f"from {numbered.name} where c{len(columns)} = 1")

    def _set(self, node: Node) -> SparkRelation:
        parts = [self.relation(child) for child in node["children"]]
        word = {"LOGICAL_UNION": "union", "LOGICAL_EXCEPT": "except", "LOGICAL_INTERSECT": "intersect"}[node["type"]]
        first = parts[0]
        if any(part.types != first.types for part in parts):
            raise NotTranslated(f"{word.upper()} of different types", "cast the columns to one type", word=word)
        if word == "intersect" and node["setop_all"] and self._server is SparkServer.SAIL:
            form = "INTERSECT of rows that are numbered: `row_number() over (partition by x order by x)`"
            raise NotTranslated("INTERSECT ALL", form, word=word)
        columns = first.columns()
        if word != "union":
            columns = [sortable(column, self._server) for column in columns]
        # a UNION without ALL has a DISTINCT above it in the plan
        every = " all" if node["setop_all"] or word == "union" else ""
        listed = ", ".join(f"{column.text} as c{index}" for index, column in enumerate(columns))
        return self._steps.put(f"\n  {word}{every} ".join(f"select {listed} from {p.name}" for p in parts), first.types)

    def _values(self, node: Node) -> SparkRelation:
        self._child(node)
        kinds = [planned_type(kind) for kind in node["expr_types"]]
        scope = self._scope([])
        rows = [", ".join(value_of(entry, scope).text for entry in row) for row in node["expressions"]]
        listed = ", ".join(f"c{index}" for index in range(len(kinds)))
        return self._steps.put(f"select * from values {', '.join(f'({row})' for row in rows)} as v({listed})", kinds)

    def _nothing(self, _: Node) -> SparkRelation:
        return self._steps.put("select 1 as c0", [INTEGER])

    def _unnest(self, node: Node) -> SparkRelation:
        below = self._child(node)
        if len(node["expressions"]) != 1:
            form = "`unnest` of one list of structs, `[{'a': 1, 'b': 3}, {'a': 2, 'b': 4}]`, in a CTE, whose parts are `e.a`, `e.b`"
            raise NotTranslated("several `unnest` side by side", form, word="unnest")
        (expression,) = node["expressions"]
        listed = value_of(expression["child"], self._scope(below.columns()))
        if listed.type.name != "LIST":
            raise NotTranslated(f"`unnest` of {listed.type.text}", "unnest a list", word="unnest")
        entry = SparkValue("u.e", planned_type(expression["return_type"]))
        return self._steps.add(
            [*below.columns(), entry], f"from {below.name} lateral view explode({listed.text}) u as e"
        )

    def _cross(self, node: Node) -> SparkRelation:
        left, right = (self.relation(child) for child in node["children"])
        return crossed(left, right, self._steps)

    def _join(self, node: Node) -> SparkRelation:
        left, right = (self.relation(child) for child in node["children"])
        return joined(node, left, right, self._steps, self._scope([]))

    def _cte(self, node: Node) -> SparkRelation:
        definition, rest = node["children"]
        self._ctes[node["table_index"]] = self.relation(definition)
        return self.relation(rest)

    def _cte_use(self, node: Node) -> SparkRelation:
        found = self._ctes.get(node["cte_index"])
        if found is None or node.get("is_recurring"):
            raise NotTranslated("a CTE that the plan does not define", "a dataset of its own that DuckDB builds")
        return found

    def _correlated(self, node: Node) -> SparkRelation:
        """A correlated subquery: it is answered once for each different set of what it takes from outside."""
        if node.get("delim_flipped"):
            raise NotTranslated("a correlated subquery", "a join")
        outer, inner = node["children"]
        left = self.relation(outer)
        scope = self._scope(left.columns())
        given = [sortable(value_of(part, scope), self._server) for part in node.get("duplicate_eliminated_columns", ())]
        self._outer.append(self._steps.add(given, f"from {left.name}", distinct=True))
        right = self.relation(inner)
        self._outer.pop()
        return joined(node, left, right, self._steps, self._scope([]))

    def _outer_columns(self, _: Node) -> SparkRelation:
        if not self._outer:
            raise NotTranslated("a correlated subquery", "a join")
        return self._outer[-1]


def _grouping(keys: Sequence[SparkValue], places: Sequence[int]) -> SparkValue:
    """GROUPING: a bit for each key, the last one the lowest."""
    powers = zip(reversed(places), range(len(places)), strict=True)
    bits = (f"cast(grouping({keys[place].text}) as bigint) * {2**power}" for place, power in powers)
    return SparkValue(f"({' + '.join(bits)})", BIGINT)


def _all_grouped(places: Sequence[int]) -> SparkValue:
    return SparkValue(f"cast({2 ** len(places) - 1} as bigint)", BIGINT)


def _written(bound: Node) -> int | None:
    kind = bound.get("type", "UNSET")
    if kind == "UNSET":
        return None
    if kind != "CONSTANT_VALUE":
        raise NotTranslated("a LIMIT that is computed, or a share", "`limit 10`", word="limit")
    return int(bound["constant_integer"])


def _is_constant(node: Node) -> bool:
    """Whether all rows are equal, so that it doesn't matter which are taken: as under EXISTS."""
    parts = node.get("expressions", ())
    return node["type"] == "LOGICAL_PROJECTION" and all(part["expression_class"] == "BOUND_CONSTANT" for part in parts)


_RULES = {
    "LOGICAL_AGGREGATE_AND_GROUP_BY": Operators._aggregate,
    "LOGICAL_ANY_JOIN": Operators._join,
    "LOGICAL_COMPARISON_JOIN": Operators._join,
    "LOGICAL_CROSS_PRODUCT": Operators._cross,
    "LOGICAL_CTE_REF": Operators._cte_use,
    "LOGICAL_DELIM_GET": Operators._outer_columns,
    "LOGICAL_DELIM_JOIN": Operators._correlated,
    "LOGICAL_DISTINCT": Operators._distinct,
    "LOGICAL_DUMMY_SCAN": Operators._nothing,
    "LOGICAL_EXCEPT": Operators._set,
    "LOGICAL_EXPRESSION_GET": Operators._values,
    "LOGICAL_FILTER": Operators._filter,
    "LOGICAL_GET": Operators._scan,
    "LOGICAL_INTERSECT": Operators._set,
    "LOGICAL_LIMIT": Operators._limit,
    "LOGICAL_MATERIALIZED_CTE": Operators._cte,
    "LOGICAL_ORDER_BY": Operators._order,
    "LOGICAL_PROJECTION": Operators._projection,
    "LOGICAL_UNION": Operators._set,
    "LOGICAL_UNNEST": Operators._unnest,
    "LOGICAL_WINDOW": Operators._window,
}
