"""Which calls of a query add floating-point numbers up, as its bound plan tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.names import folded
from andon.model.version import Schemas
from andon.sql.bound_plan import UntracedError, forget, planner
from andon.sql.constructs import Rounding, may_round
from andon.sql.meaning.choices import rounds
from andon.sql.renaming import nodes_of


def rounding_of(sql: str, schemas: Schemas, macros: Sequence[str] = ()) -> Rounding | None:
    """Which calls of a query do; None where its plan can't be read: then each may. Raises nothing for what the text holds.

    Args:
        sql: one SELECT.
        schemas: the columns of what it reads.
        macros: `CREATE MACRO` statements, in an order in which they can be made.
    """
    if not any(map(may_round, (sql, *macros))):
        return Rounding()
    asked = planner()
    try:
        for dataset, columns in schemas.items():
            asked.declare(dataset, columns)
        _, root = asked.shown(sql, macros)
    except UntracedError:
        if asked.broken:
            forget()
        return None
    if isinstance(root, str):
        return None
    found: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for node in nodes_of(root):
        if node.get("expression_class") in ("BOUND_AGGREGATE", "BOUND_WINDOW") and node.get("name"):
            argument: dict[str, Any] = next(iter(node.get("children", ())), {})
            column = argument.get("alias", "") if argument.get("expression_class") == "BOUND_REF" else ""
            found[rounds(node)].add((str(node["name"]), folded(str(column))))
    return Rounding(frozenset(found[True]), frozenset(found[False]))
