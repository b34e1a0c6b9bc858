"""Which columns a query uses: those that its rows are made of or decided by, and those without which it would not be answered, or
with other columns. Judged by the engine's own binder; the text alone tells nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from andon.base.recursion import deeply
from andon.model.version import Columns, Schemas
from andon.sql.bind import Binder, BindError
from andon.sql.bound_plan import Node, words_of
from andon.sql.lineage.query import Lineage, SourceColumn, planned_lineage
from andon.sql.tokens import tokens

#: Words that make something of the columns of a `*`, or of those of which no plan tells.
_LISTS = frozenset(("exclude", "replace", "rename", "columns"))


def used_columns(sql: str, schemas: Schemas) -> frozenset[SourceColumn] | None:
    """The `(dataset, column)`s that a query uses; None where it does not bind, so that nobody can tell. Raises nothing for the text.

    A column is used if values or rows come from it, as `column_lineage` tells; or if without it the query fails, or gives other columns.

    Args:
        sql: one SELECT; parameters may stand in it.
        schemas: of the datasets that it reads, and no others.
    """
    text = without_values(sql)
    traced, bound = _traced(text, schemas)
    if traced.fallback is None:
        found = set(traced.influence | traced.order).union(*traced.columns.values())
    elif bound is not None:
        found = set(bound)
    else:
        return None
    words, taken = words_of(text), bound or frozenset()
    # names that stand in a list of a `*` are asked for, and never taken
    listed = words if bound is None or not words.isdisjoint(_LISTS) else frozenset()
    maybe = {
        name: [
            c
            for c, _ in columns
            if (name, c) not in found and (not words_of(c).isdisjoint(listed) or (name, c) in taken)
        ]
        for name, columns in schemas.items()
    }
    return frozenset(found | (_needed(text, schemas, maybe) if any(maybe.values()) else set()))


def is_made_alike(sql: str, before: Schemas, after: Schemas) -> bool:
    """Whether what a query gave over the columns that were there is made of the same, and decided by the same, over those that are there
    now: a column that is new may join in.

    Args:
        sql: one SELECT that binds over either; of datasets that it reads the schemas are, and of no others.
    """
    text = without_values(sql)
    (one, bound), (other, bound_after) = _traced(text, before), _traced(text, after)
    if one.fallback is not None or other.fallback is not None:
        return bound == bound_after
    same = all(other.columns.get(name) == sources for name, sources in one.columns.items())
    return same and (one.influence, one.order) == (other.influence, other.order)


def outcomes(queries: Mapping[str, str], schemas: Schemas) -> dict[str, Columns | str]:
    """By their names, the columns that queries give over these datasets, or why one fails.

    Args:
        schemas: of all that is there.
    """
    binder = Binder()
    try:
        for name, columns in schemas.items():
            binder.declare(name, columns)
        found: dict[str, Columns | str] = {}
        for key, sql in queries.items():
            try:
                found[key] = binder.planned(without_values(sql))
            except BindError as error:
                found[key] = error.message
        return found
    finally:
        binder.close()


def without_values(sql: str) -> str:
    """A query with NULL for each of its parameters."""
    parts: list[str] = []
    at = 0
    mark: int | None = None
    for token in tokens(sql):
        if mark is not None and token.start == mark + 1 and token.kind in ("word", "number", "quoted"):
            parts += [sql[at:mark], "null"]
            at = token.end
        if token.kind == "mark" and token.text == "?":
            parts += [sql[at : token.start], "null"]
            at = token.end
        mark = token.start if token.kind == "mark" and token.text == "$" else None
    return "".join([*parts, sql[at:]])


def _traced(text: str, schemas: Schemas) -> tuple[Lineage, frozenset[SourceColumn] | None]:
    """The lineage of a query, and the columns that the binder took, whatever becomes of them; None where the engine shows no plan."""
    found, root = planned_lineage(text, schemas)
    if root is None:
        # two columns of one name have no lineage by name: within brackets they get others
        found, root = planned_lineage(f"from (\n{text}\n)", schemas)
    if root is None:
        return found, None
    names = {name.lower(): name for name in schemas}
    try:
        return found, frozenset(deeply(lambda: set(_scanned(root, names))))
    except (RecursionError, KeyError, IndexError, TypeError, ValueError):
        return found, None


def _needed(text: str, schemas: Schemas, maybe: Mapping[str, Sequence[str]]) -> set[SourceColumn]:
    """Those of `maybe` without which the query is another one; all of them where it can't be asked that."""
    binder = Binder()
    try:
        for name, columns in schemas.items():
            binder.declare(name, columns)
        try:
            whole = binder.planned(text)
        except BindError:
            return {(name, column) for name, columns in maybe.items() for column in columns}
        found = set()
        for name, some in maybe.items():
            if not some or _same(binder, text, name, schemas[name], some, whole):
                continue
            alone = (
                [c for c in some if not _same(binder, text, name, schemas[name], [c], whole)] if len(some) > 1 else some
            )
            found |= {(name, column) for column in alone}
        return found
    finally:
        binder.close()


def _same(binder: Binder, text: str, name: str, columns: Columns, without: Sequence[str], whole: Columns) -> bool:
    left = [(column, kind) for column, kind in columns if column not in without]
    if not left:
        return False  # there is no table of no columns: whatever needs its rows needs one of them
    binder.declare(name, left)
    try:
        return list(binder.planned(text)) == list(whole)
    except BindError:
        return False
    finally:
        binder.declare(name, columns)


def _scanned(node: Node, datasets: Mapping[str, str]) -> Iterator[SourceColumn]:
    if node.get("type") == "LOGICAL_GET" and node.get("name") == "seq_scan":
        data = node["function_data"]
        dataset = datasets.get(f"{data['schema']}.{data['table']}".lower())
        if dataset is not None:
            names = node["names"]
            numbers = (int(entry["index"]) for entry in node.get("column_indexes", ()))
            yield from ((dataset, names[number]) for number in numbers if number < len(names))
    for each in node.values():
        for part in each if isinstance(each, list) else (each,):
            if isinstance(part, dict):
                yield from _scanned(part, datasets)
