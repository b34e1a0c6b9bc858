"""Whether new rows of some inputs only add rows to a result: those that the query gives over the new rows alone.

Each operator is one of two: it *grows* with the inputs, row by row, or it is the *same* whatever comes to them. What is neither stops the
proof, with what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from andon.sql.bound_plan import Node
from andon.sql.growth.shapes import Shapes, scans

_GROWS, _SAME = True, False

_STOPS = {
    "LOGICAL_AGGREGATE_AND_GROUP_BY": "rows are grouped, and a new row changes what its group had",
    "LOGICAL_DISTINCT": "`distinct` compares new rows with those that were there",
    "LOGICAL_EXCEPT": "`except` compares new rows with those that were there",
    "LOGICAL_INTERSECT": "`intersect` compares new rows with those that were there",
    "LOGICAL_LIMIT": "`limit` counts all rows",
    "LOGICAL_PIVOT": "`pivot` looks at all rows",
    "LOGICAL_POSITIONAL_JOIN": "a positional join counts all rows",
    "LOGICAL_RECURSIVE_CTE": "a recursion meets new rows with those that were there",
    "LOGICAL_SAMPLE": "a sample is taken of all rows",
    "LOGICAL_WINDOW": "a window looks at other rows",
    "LOGICAL_GET": "a table function takes rows",
    "LOGICAL_EXPRESSION_GET": "rows are written out",
}
_ROW_BY_ROW = frozenset({"LOGICAL_FILTER", "LOGICAL_ORDER_BY", "LOGICAL_PROJECTION", "LOGICAL_UNNEST"})
_JOINS = frozenset({"LOGICAL_ANY_JOIN", "LOGICAL_ASOF_JOIN", "LOGICAL_COMPARISON_JOIN", "LOGICAL_DELIM_JOIN"})
#: Of which side of a join the result grows with; of the others a new row may change what is there.
_LINEAR = {
    "INNER": ("left", "right"),
    "LEFT": ("left",),
    "RIGHT": ("right",),
    "SEMI": ("left",),
    "ANTI": ("left",),
    "MARK": ("left",),
    "SINGLE": ("left",),
}


class StopsGrowing(Exception):
    """Why new rows of an input do more than add rows."""


class BesideError(Exception):
    """Rows of `datasets` stand beside those that grow: they must grow with them, by no row at all."""

    def __init__(self, datasets: frozenset[str]) -> None:
        super().__init__("rows of several inputs stand beside each other")
        self.datasets = datasets


class Appended:
    """Walks one plan for inputs `growing` that only get more rows."""

    def __init__(self, shapes: Shapes, growing: Set[str]) -> None:
        self._shapes = shapes
        self._growing = growing

    def grows(self, node: Node) -> bool:
        """Whether the result of an operator grows with the inputs; else it stays the same.

        Raises:
            StopsGrowing: it does neither.
            BesideError: it would, if more inputs grew.
        """
        kind = str(node["type"])
        special = _SPECIAL.get(kind)
        if special is not None:
            return special(self, node)
        if kind in _JOINS:
            return self._join(node)
        below = [self.grows(child) for child in node.get("children", ())]
        if not any(below):
            return _SAME
        if kind in _ROW_BY_ROW:
            return _GROWS
        raise StopsGrowing(_STOPS[kind])

    def _scan(self, node: Node) -> bool:
        dataset = self._shapes.dataset(node)
        if dataset is not None:
            return dataset in self._growing
        if any([self.grows(child) for child in node.get("children", ())]):
            raise StopsGrowing(_STOPS["LOGICAL_GET"])
        return _SAME

    def _union(self, node: Node) -> bool:
        below = [(child, self.grows(child)) for child in node["children"]]
        if not any(grows for _, grows in below):
            return _SAME
        if not node["setop_all"]:
            raise StopsGrowing("`union` compares new rows with those that were there: write `union all`")
        others = {
            self._shapes.dataset(scan) for child, grows in below if not grows for scan in scans(child, self._shapes)
        }
        if others:
            raise BesideError(frozenset(name for name in others if name is not None))
        if not all(grows for _, grows in below):
            raise StopsGrowing("rows that are written out stand beside those of an input")
        return _GROWS

    def _cross(self, node: Node) -> bool:
        left, right = (self.grows(child) for child in node["children"])
        if left and right:
            raise StopsGrowing("inputs that grow are joined with each other")
        return left or right

    def _join(self, node: Node) -> bool:
        left, right = (self.grows(child) for child in node["children"])
        if not left and not right:
            return _SAME
        if left and right:
            raise StopsGrowing("inputs that grow are joined with each other")
        kind = node["join_type"]
        is_linear = ("left" if left else "right") in _LINEAR.get(kind, ())
        if is_linear and (left or node["type"] != "LOGICAL_ASOF_JOIN"):
            return _GROWS
        raise StopsGrowing("a new row on one side of a join changes which rows of the other have found one")

    def _common_table(self, node: Node) -> bool:
        return self.grows(node["children"][1])

    def _common_table_use(self, node: Node) -> bool:
        return self.grows(self._shapes.definition(node))

    def _recursion(self, node: Node) -> bool:
        if any(self._shapes.dataset(scan) in self._growing for scan in scans(node, self._shapes)):
            raise StopsGrowing(_STOPS["LOGICAL_RECURSIVE_CTE"])
        return _SAME

    def _constant(self, _: Node) -> bool:
        return _SAME


_SPECIAL: Mapping[str, Callable[[Appended, Node], bool]] = {
    "LOGICAL_CROSS_PRODUCT": Appended._cross,
    "LOGICAL_CTE_REF": Appended._common_table_use,
    "LOGICAL_DELIM_GET": Appended._constant,
    "LOGICAL_DUMMY_SCAN": Appended._constant,
    "LOGICAL_GET": Appended._scan,
    "LOGICAL_MATERIALIZED_CTE": Appended._common_table,
    "LOGICAL_RECURSIVE_CTE": Appended._recursion,
    "LOGICAL_UNION": Appended._union,
}
