"""How the rows of a result lie, as far as its text decides it. A table keeps its rows in the order in which they come.

The engine is deterministic: over inputs whose rows lie as they lay, two plans of the same rows and values bring them in the same order
if they come through the same operators that order rows anew. Which those are is this digest; projections and filters are none. Equal
digests say that nothing moves; unequal ones say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.record import Record
from andon.sql.bound_plan import Node
from andon.sql.meaning.choices import is_alike, is_floating
from andon.sql.meaning.terms import Closed, MeantColumn, MeantRelation, mark

#: Operators that leave rows where they lie, or take some of them away.
_PASSING = frozenset({"LOGICAL_PROJECTION", "LOGICAL_FILTER", "LOGICAL_LIMIT", "LOGICAL_UNNEST"})
#: Those that give no row twice.
_ROW_BY_ROW = _PASSING - {"LOGICAL_UNNEST"}


class Layout(Record):
    """How the rows of an operator's result lie.

    Attributes:
        digest: by which operators they came there.
        is_fixed: they lie in one way, however those of the datasets do.
        is_exact: no value below is one of which equal ones differ (`0.0`, `-0.0`), or that is rounded when added.
        keys: digests of values that no two rows have in common, where some are known.
    """

    digest: str
    is_fixed: bool
    is_exact: bool
    keys: frozenset[str] | None = None


def layout_of(node: Node, found: MeantRelation, taken: Sequence[tuple[MeantRelation, Layout]], whole: str) -> Layout:
    """The layout of an operator's result.

    Args:
        found: what the operator means.
        taken: the relations that it takes with their layouts, in the order of the plan.
        whole: the digest of the plan as it stands.
    """
    below = [layout for _, layout in taken]
    kind = str(node.get("type"))
    is_exact = all(one.is_exact for one in below) and all(map(_is_exact, found.cells))
    is_fixed = kind != "LOGICAL_SAMPLE" and all(one.is_fixed for one in below)
    came = [one.digest for one in below]
    if kind in _PASSING and len(below) == 1:
        return Layout(came[0], is_fixed, is_exact, below[0].keys if kind in _ROW_BY_ROW else None)
    if kind == "LOGICAL_GET" and node["name"] == "seq_scan":
        data = node["function_data"]
        return Layout(mark("scan", data["schema"].lower(), data["table"].lower()), False, is_exact)
    if kind == "LOGICAL_ORDER_BY":
        closed = Closed(found)
        keys = [closed.digest(key) for key in found.order]
        sorted_by = {closed.digest(key.parts[0]) for key in found.order}
        told_apart = below[0].keys or {closed.digest(cell.term) for cell in found.cells}
        if is_exact and told_apart <= sorted_by:
            return Layout(mark("sorted", keys), True, is_exact)
        return Layout(mark("sorted", keys, came), is_fixed, is_exact)
    if kind == "LOGICAL_AGGREGATE_AND_GROUP_BY":
        sets = node.get("grouping_sets") or [[]]
        if not node.get("groups") and len(sets) == 1:
            return Layout(mark("one row", [] if is_exact else came), True, is_exact)
        closed = Closed(found)
        keys = [closed.digest(cell.term) for cell in found.cells[: len(node.get("groups", ()))]]
        return Layout(mark("groups", keys, sets, came), is_fixed, is_exact, frozenset(keys) if len(sets) == 1 else None)
    if kind in ("LOGICAL_DISTINCT", "LOGICAL_WINDOW"):
        closed = Closed(found)
        return Layout(mark(kind, closed.digests(found.cells), came), is_fixed, is_exact)
    if kind in ("LOGICAL_MATERIALIZED_CTE", "LOGICAL_DUMMY_SCAN", "LOGICAL_EXPRESSION_GET"):
        return Layout(came[-1] if came else mark("one row", []), below[-1].is_fixed if below else True, is_exact)
    if kind in ("LOGICAL_RECURSIVE_CTE", "LOGICAL_PIVOT", "LOGICAL_SAMPLE"):
        return Layout(mark(kind, whole), is_fixed, is_exact)
    if len(set(came)) < len(came):  # two parts of one dataset are told apart by their rows
        came = [mark(digest, Closed(part).rows) for digest, (part, _) in zip(came, taken, strict=True)]
    return Layout(mark(kind, node.get("join_type"), node.get("setop_all"), came), is_fixed, is_exact)


def _is_exact(cell: MeantColumn) -> bool:
    return cell.kind is None or (is_alike(cell.kind) and not _holds_floats(cell.kind))


def _holds_floats(kind: object) -> bool:
    """Whether floating-point numbers are anywhere in a type."""
    if isinstance(kind, list | tuple):
        return any(map(_holds_floats, kind))
    if not isinstance(kind, dict):
        return False
    return is_floating(kind) or any(map(_holds_floats, kind.values()))
