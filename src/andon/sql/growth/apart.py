"""Whether rows of a result that have some values in common are made only of rows of the inputs that have these values too.

From the root down: of each operator the columns are known that tell the rows apart, and it is asked which columns of what is below tell
the same. Where none do, all of what is below is needed for any row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from andon.model.growth import Grain
from andon.sql.bound_plan import Node, UntracedError
from andon.sql.growth.shapes import Shapes, position, scans
from andon.sql.lineage.columns import TracedColumn

#: Places of the columns that tell rows apart; None: nothing does.
Places = tuple[int, ...] | None

_WHOLE = {
    "LOGICAL_LIMIT": "`limit` counts all rows",
    "LOGICAL_SAMPLE": "a sample is taken of all rows",
    "LOGICAL_PIVOT": "`pivot` looks at all rows",
    "LOGICAL_POSITIONAL_JOIN": "a positional join counts all rows",
    "LOGICAL_RECURSIVE_CTE": "a recursion reads rows of all kinds",
}
_EQUAL = frozenset({"COMPARE_EQUAL", "COMPARE_NOT_DISTINCT_FROM"})


class Apart:
    """Walks one plan.

    Attributes:
        inputs: by dataset the columns, in the order of those asked for, by which its scans are told apart.
        whole: datasets that any row may need all of, each with why.
    """

    def __init__(self, shapes: Shapes, names: Sequence[str], grain: Grain | None) -> None:
        self.inputs: dict[str, set[tuple[str, ...]]] = {}
        self.whole: dict[str, str] = {}
        self._shapes = shapes
        self._grain = grain
        self._told = " and ".join(f"`{name}`" for name in names)

    def walk(self, node: Node, at: tuple[int, ...]) -> None:
        """Find what rows of an operator hang on that are told apart by the columns at `at`."""
        kind = str(node["type"])
        if kind in _WHOLE:
            self._all(node, _WHOLE[kind])
        else:
            _STEPS[kind](self, node, at)

    def _all(self, node: Node, why: str) -> None:
        """All that is below an operator is needed for any row."""
        for scan in scans(node, self._shapes):
            dataset = self._shapes.dataset(scan)
            if dataset is not None:
                self.whole.setdefault(dataset, why)

    def _below(self, node: Node, at: Places, why: str) -> None:
        if at is None:
            self._all(node, why)
        else:
            self.walk(node, at)

    def _places(self, expressions: Sequence[Node], columns: Sequence[TracedColumn]) -> Places:
        found = [position(expression, columns, self._grain) for expression in expressions]
        return None if None in found else tuple(index for index in found if index is not None)

    # -- operators

    def _scan(self, node: Node, at: tuple[int, ...]) -> None:
        dataset = self._shapes.dataset(node)
        if dataset is None:
            for child in node.get("children", ()):
                self._all(child, f"`{node['name']}` takes rows")
            return
        try:
            self.inputs.setdefault(dataset, set()).add(tuple(self._shapes.scanned(node, index) for index in at))
        except UntracedError as error:
            self.whole.setdefault(dataset, str(error))

    def _constant(self, node: Node, _: tuple[int, ...]) -> None:
        for child in node.get("children", ()):
            self._all(child, "rows are written out")

    def _same(self, node: Node, at: tuple[int, ...]) -> None:
        for child in node["children"]:
            self.walk(child, at)

    def _filter(self, node: Node, at: tuple[int, ...]) -> None:
        kept = node.get("projection_map")
        self.walk(node["children"][0], tuple(kept[index] for index in at) if kept else at)

    def _projection(self, node: Node, at: tuple[int, ...]) -> None:
        (child,) = node["children"]
        expressions = [node["expressions"][index] for index in at]
        why = f"{self._told} is computed, so a row of an input does not tell where its values go"
        self._below(child, self._places(expressions, self._shapes.columns(child)), why)

    def _aggregate(self, node: Node, at: tuple[int, ...]) -> None:
        (child,) = node["children"]
        groups = node.get("groups", ())
        why = f"it groups without {self._told}"
        if len(node.get("grouping_sets", ())) > 1:
            self._all(child, "it groups in several ways at once")
        elif any(index >= len(groups) for index in at):
            self._all(child, why)
        else:
            self._below(child, self._places([groups[index] for index in at], self._shapes.columns(child)), why)

    def _distinct(self, node: Node, at: tuple[int, ...]) -> None:
        (child,) = node["children"]
        columns = self._shapes.columns(child)
        targets = {position(target, columns, self._grain) for target in node.get("distinct_targets", ())}
        is_told = targets.issuperset(at)
        self._below(child, at if is_told else None, f"`distinct on` takes one row whatever {self._told} is")

    def _window(self, node: Node, at: tuple[int, ...]) -> None:
        (child,) = node["children"]
        columns = self._shapes.columns(child)
        if any(index >= len(columns) for index in at):
            self._all(child, f"{self._told} comes of a window over all rows")
            return
        for window in node["expressions"]:
            partitions = {position(part, columns, self._grain) for part in window.get("partitions", ())}
            if not partitions.issuperset(at):
                self._all(child, f"a window looks at rows whatever {self._told} is: it is not in its `partition by`")
                return
        self.walk(child, at)

    def _unnest(self, node: Node, at: tuple[int, ...]) -> None:
        (child,) = node["children"]
        is_told = all(index < len(self._shapes.columns(child)) for index in at)
        self._below(child, at if is_told else None, f"{self._told} comes out of lists")

    def _cross(self, node: Node, at: tuple[int, ...]) -> None:
        left, right = node["children"]
        count = len(self._shapes.columns(left))
        why = f"it is joined without {self._told}"
        self._below(left, at if all(index < count for index in at) else None, why)
        self._below(right, tuple(i - count for i in at) if all(index >= count for index in at) else None, why)

    def _join(self, node: Node, at: tuple[int, ...]) -> None:
        left, right = node["children"]
        columns = self._shapes.columns(left), self._shapes.columns(right)
        kept = node.get("left_projection_map") or list(range(len(columns[0])))
        added = node.get("right_projection_map") or list(range(len(columns[1])))
        kind = node["join_type"]
        if kind in ("SEMI", "ANTI", "MARK"):
            added = []
        count = len(kept)
        if any(index >= count + len(added) for index in at):
            self._all(left, f"{self._told} is computed by a subquery")
            self._all(right, f"{self._told} is computed by a subquery")
            return
        # where a side may be missing, its columns tell nothing of the rows that have none
        own = {
            side: tuple(kept[i] if i < count else added[i - count] for i in at)
            for side, is_here in (("left", all(i < count for i in at)), ("right", all(i >= count for i in at)))
            if is_here
        }
        pairs = [] if node["type"] == "LOGICAL_ANY_JOIN" else self._pairs(node, *columns)
        places = [("left", kept[i]) if i < count else ("right", added[i - count]) for i in at]
        missing_left, missing_right = kind in ("RIGHT", "FULL", "OUTER"), kind not in ("INNER", "RIGHT", "SEMI")
        if any((missing_left and side == "left") or (missing_right and side == "right") for side, _ in places):
            why = f"{self._told} is missing in rows of an outer join that find no other"
            self._all(left, why)
            self._all(right, why)
            return
        why = f"it is joined without {self._told}"
        to_left, to_right = own.get("left") or _across(places, pairs, 0), own.get("right") or _across(places, pairs, 1)
        self._below(left, to_left, why)
        # a NULL among the values that `in` looks at decides over all rows; parameters of a subquery are asked one by one
        is_compared_whole = kind == "MARK" or node["type"] == "LOGICAL_DELIM_JOIN"
        self._below(right, None if is_compared_whole else to_right, why)

    def _pairs(self, node: Node, left: Sequence[TracedColumn], right: Sequence[TracedColumn]) -> list[tuple[int, int]]:
        """Columns of both sides that are equal in every pair of rows that meet."""
        found = []
        for condition in node.get("conditions", ()):
            if condition["comparison"] in _EQUAL:
                pair = (
                    position(condition["left"], left, self._grain),
                    position(condition["right"], right, self._grain),
                )
                if pair[0] is not None and pair[1] is not None:
                    found.append((pair[0], pair[1]))
        return found

    def _common_table(self, node: Node, at: tuple[int, ...]) -> None:
        self.walk(node["children"][1], at)

    def _common_table_use(self, node: Node, at: tuple[int, ...]) -> None:
        self.walk(self._shapes.definition(node), at)

    def _nothing(self, node: Node, at: tuple[int, ...]) -> None:
        """Rows of the outer query, which are looked at where they come from."""


def _across(places: Sequence[tuple[str, int]], pairs: Sequence[tuple[int, int]], side: int) -> Places:
    """The columns of one side that tell what `places` tell, by the columns that are equal on both; None where some have none."""
    name = ("left", "right")[side]
    found = []
    for where, index in places:
        if where == name:
            found.append(index)
            continue
        other = next((pair[side] for pair in pairs if pair[1 - side] == index), None)
        if other is None:
            return None
        found.append(other)
    return tuple(found)


_STEPS: Mapping[str, Callable[[Apart, Node, tuple[int, ...]], None]] = {
    "LOGICAL_AGGREGATE_AND_GROUP_BY": Apart._aggregate,
    "LOGICAL_ANY_JOIN": Apart._join,
    "LOGICAL_ASOF_JOIN": Apart._join,
    "LOGICAL_COMPARISON_JOIN": Apart._join,
    "LOGICAL_CROSS_PRODUCT": Apart._cross,
    "LOGICAL_CTE_REF": Apart._common_table_use,
    "LOGICAL_DELIM_GET": Apart._nothing,
    "LOGICAL_DELIM_JOIN": Apart._join,
    "LOGICAL_DISTINCT": Apart._distinct,
    "LOGICAL_DUMMY_SCAN": Apart._nothing,
    "LOGICAL_EXCEPT": Apart._same,
    "LOGICAL_EXPRESSION_GET": Apart._constant,
    "LOGICAL_FILTER": Apart._filter,
    "LOGICAL_GET": Apart._scan,
    "LOGICAL_INTERSECT": Apart._same,
    "LOGICAL_MATERIALIZED_CTE": Apart._common_table,
    "LOGICAL_ORDER_BY": Apart._same,
    "LOGICAL_PROJECTION": Apart._projection,
    "LOGICAL_UNION": Apart._same,
    "LOGICAL_UNNEST": Apart._unnest,
    "LOGICAL_WINDOW": Apart._window,
}
