"""What a query allows of a table that grows. Raises nothing for what the text holds: what can't be proved has a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from andon.base.recursion import deeply
from andon.model.growth import Grain
from andon.model.version import Schemas
from andon.sql.bound_plan import Node, UntracedError, forget, planner, words_of
from andon.sql.growth.answers import Grows, RowsApart
from andon.sql.growth.apart import Apart
from andon.sql.growth.appended import Appended, BesideError, StopsGrowing
from andon.sql.growth.shapes import Shapes

_Found = TypeVar("_Found")


def rows_apart(
    sql: str, schemas: Schemas, macros: Sequence[str], columns: Sequence[str], grain: Grain | None = None
) -> RowsApart:
    """What rows of a query's result hang on that are told apart by `columns`; with a `grain` by the interval of the one column."""
    found = _asked(sql, schemas, macros, partial(_apart, columns, grain))
    return RowsApart(reason=found) if isinstance(found, str) else found


def grows_with(sql: str, schemas: Schemas, macros: Sequence[str], changed: Iterable[str]) -> Grows:
    """Whether more rows in `changed` only add rows to a query's result."""
    found = _asked(sql, schemas, macros, partial(_grows, frozenset(changed)))
    return Grows(reason=found) if isinstance(found, str) else found


def _apart(columns: Sequence[str], grain: Grain | None, shapes: Shapes, root: Node, names: Sequence[str]) -> RowsApart:
    lower = [name.lower() for name in names]
    walk = Apart(shapes, columns, grain)
    walk.walk(root, tuple(lower.index(name.lower()) for name in columns))
    inputs = {name: tuple(sorted(ways)) for name, ways in walk.inputs.items() if name not in walk.whole}
    reason = None if inputs else next(iter(walk.whole.values()), "it reads nothing")
    return RowsApart(inputs, walk.whole, reason)


def _grows(growing: frozenset[str], shapes: Shapes, root: Node, _: Sequence[str]) -> Grows:
    while True:
        try:
            if Appended(shapes, growing).grows(root):
                return Grows(growing)
            return Grows(reason="it reads nothing of it")
        except StopsGrowing as stops:
            return Grows(reason=str(stops))
        except BesideError as beside:
            growing |= beside.datasets


def _asked(
    sql: str,
    schemas: Schemas,
    macros: Sequence[str],
    ask: Callable[[Shapes, Node, Sequence[str]], _Found],
) -> _Found | str:
    """What `ask` says of a query's plan, or why there is none."""
    asked = planner()
    try:
        words = words_of(sql, *macros)
        datasets: dict[tuple[str, str], tuple[str, Mapping[str, str]]] = {}
        for dataset, columns in schemas.items():
            schema, _, table = dataset.lower().partition(".")
            if table in words and schema in words:
                asked.declare(dataset, columns)
                datasets[schema, table] = dataset, {name.lower(): name for name, _ in columns}
        found, root = asked.plan(sql, macros)
        shapes = Shapes(datasets)
        deeply(lambda: shapes.trace(root))
        return deeply(lambda: ask(shapes, root, [name for name, _ in found]))
    except UntracedError as error:
        if asked.broken:
            forget()
        return str(error)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # the plan is the engine's own form, and promised to nobody
        return f"the plan has another form than expected ({error!r})"
    except RecursionError:
        return "the SQL is nested too deeply"
