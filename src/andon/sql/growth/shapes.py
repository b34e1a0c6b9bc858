"""A bound plan with the columns of each of its operators, and where in them an expression points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.model.growth import Grain
from andon.sql.bound_plan import Node, UntracedError, scanned_columns
from andon.sql.lineage.columns import TracedColumn, TracedRelation
from andon.sql.lineage.expressions import bare
from andon.sql.lineage.scans import Datasets
from andon.sql.lineage.tracer import Tracer

_GRAINS = {
    "microsecond": 0,
    "millisecond": 0,
    "second": 0,
    "minute": 0,
    "hour": 0,
    "day": 1,
    "week": 2,
    "month": 2,
    "quarter": 3,
    "year": 3,
}
_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})


class Shapes(Tracer):
    """Knows the columns of every operator of one plan, once it was traced."""

    def __init__(self, datasets: Datasets) -> None:
        super().__init__(datasets)
        self._known = datasets
        self._of: dict[int, TracedRelation] = {}
        self._definitions: dict[int, Node] = {}

    def trace(self, node: Node) -> TracedRelation:
        """See `Tracer.trace`; what is found of each operator is kept."""
        if node.get("type") == "LOGICAL_MATERIALIZED_CTE":
            self._definitions[node["table_index"]] = node["children"][0]
        found = super().trace(node)
        self._of[id(node)] = found
        return found

    def columns(self, node: Node) -> list[TracedColumn]:
        """The columns of an operator's result."""
        return self._of[id(node)].columns

    def definition(self, use: Node) -> Node:
        """What a use of a common table stands for.

        Raises:
            UntracedError: it is one that calls itself.
        """
        found = self._definitions.get(use["cte_index"])
        if found is None:
            raise UntracedError("a recursion reads its own rows")
        return found

    def dataset(self, scan: Node) -> str | None:
        """The dataset that a scan reads; None for a table function."""
        if scan["name"] != "seq_scan":
            return None
        data = scan["function_data"]
        return self._known[data["schema"].lower(), data["table"].lower()][0]

    def scanned(self, scan: Node, position: int) -> str:
        """The column of the dataset that a column of a scan is."""
        index = scanned_columns(scan)[position]
        names = scan["names"]
        if index >= len(names):
            raise UntracedError("it reads row numbers")
        data = scan["function_data"]
        return self._known[data["schema"].lower(), data["table"].lower()][1][names[index].lower()]


def position(expression: Node, columns: Sequence[TracedColumn], grain: Grain | None = None) -> int | None:
    """Which of `columns` an expression is, if it is nothing else; with a `grain`, or its beginning of an interval within that."""
    found = bare(_within(expression, grain), columns)
    return next((index for index, column in enumerate(columns) if column is found), None) if found else None


def scans(node: Node, shapes: Shapes) -> Iterator[Node]:
    """All scans of datasets at and below an operator, through common tables."""
    if node.get("type") == "LOGICAL_GET" and shapes.dataset(node) is not None:
        yield node
    if node.get("type") == "LOGICAL_CTE_REF" and not node.get("is_recurring"):
        try:
            below = shapes.definition(node)
        except UntracedError:
            return  # within the recursion, whose parts are looked at themselves
        yield from scans(below, shapes)
    children = node.get("children", ())
    for child in children[1:] if node.get("type") == "LOGICAL_MATERIALIZED_CTE" else children:
        yield from scans(child, shapes)


def _within(expression: Node, grain: Grain | None) -> Node:
    """An expression without what leaves a moment in its interval: `date_trunc` to a part of one, and casts between dates and times."""
    while grain is not None:
        kind = expression["expression_class"]
        if kind == "BOUND_CAST" and not expression.get("try_cast") and _keeps(expression, grain):
            expression = expression["child"]
        elif kind == "BOUND_FUNCTION" and expression["name"] in ("date_trunc", "datetrunc"):
            unit, moment = expression["children"]
            if not _is_part(str((unit.get("value") or {}).get("value", "")).lower(), grain):
                return expression
            expression = moment
        else:
            return expression
    return expression


def _keeps(cast: Node, grain: Grain) -> bool:
    before, after = (cast["child"].get("return_type") or {}).get("id"), (cast.get("return_type") or {}).get("id")
    if before not in _MOMENTS or after not in _MOMENTS:
        return False
    return after != "DATE" or before == "DATE" or grain is not Grain.HOUR


def _is_part(unit: str, grain: Grain) -> bool:
    """Whether every interval of `unit` lies in one of `grain`."""
    size = _GRAINS.get(unit)
    if size is None:
        return False
    if unit == grain:
        return True
    if unit == "week":  # weeks lie across months and years
        return False
    return size < _GRAINS[grain] or (unit == "month" and grain is Grain.YEAR)
