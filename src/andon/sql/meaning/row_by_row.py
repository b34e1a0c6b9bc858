"""Whether a query takes the rows that it reads one by one, in their order: then what some of them come to is known without the others."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.recursion import deeply
from andon.sql.bound_plan import Node, UntracedError, forget, planner

#: What stands between rows and a result that each row goes through for itself.
_EACH = frozenset({"LOGICAL_PROJECTION", "LOGICAL_FILTER", "LOGICAL_UNNEST"})


def why_not_row_by_row(
    sql: str, dataset: str, columns: Sequence[tuple[str, str]], macros: Sequence[str] = ()
) -> str | None:
    """Why not each row of `dataset` (with the `columns`) makes its own rows of the result of `sql`; None where it is proved.

    Args:
        sql: reads `dataset` and nothing else. What it calls gives the same at each time.
    """
    asked = planner()
    try:
        asked.declare(dataset, columns)
        _, root = asked.plan(sql, macros)
        return deeply(lambda: _reason(root))
    except UntracedError as error:
        if asked.broken:
            forget()
        return str(error)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # the plan is the engine's own form, and promised to nobody
        return f"the plan has another form than expected ({error!r})"
    except RecursionError:
        return "the SQL is nested too deeply"


def _reason(node: Node) -> str | None:
    while node["type"] in _EACH:
        (node,) = node["children"]
    if node["type"] == "LOGICAL_GET" and node["name"] == "seq_scan":
        return None
    return f"{node['type'].removeprefix('LOGICAL_').lower().replace('_', ' ')} looks at more than one row"
