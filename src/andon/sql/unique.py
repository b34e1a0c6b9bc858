"""What tells the rows of a SELECT apart, by the parser's tree: declared keys, what it groups by, what is distinct.

A *term* is a column (its table's name in the query, or "", and its own) or another expression in one writing. A *key* is a list of
places, each with the terms that say the same of it: who orders by one term of each place leaves no ties.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from andon.base.names import folded
from andon.sql.names import words

Term = tuple[str, str]
RowKey = tuple[frozenset[Term], ...]
#: Datasets with their keys; CTEs that a query sees.
Keys = Mapping[str, Sequence[str]]
Ctes = Mapping[str, Any]

_EXPRESSION = " "
#: Aggregates that make one row of all; others only cost a hint too many.
_AGGREGATES = words(
    "count count_star min max sum avg mean median first any_value last bool_and bool_or arg_max arg_min"
)
_DEPTH = 40
_ONE_SIDE = ("SEMI", "ANTI")


def ctes_in(node: Any, outer: Ctes) -> Ctes:
    """The CTEs that a query sees, those around it among them."""
    own = {
        folded(str(each.get("key", ""))): (each.get("value") or {}).get("query", {}).get("node")
        for each in (node.get("cte_map") or {}).get("map", ())
    }
    return {**outer, **own} if own else outer


def term_of(expression: Any) -> Term:
    """The term that an expression is."""
    if expression.get("class") == "COLUMN_REF":
        names = [folded(str(name)) for name in expression["column_names"]]
        return (names[-2] if len(names) > 1 else "", names[-1])
    return (_EXPRESSION, json.dumps(_bare(expression), sort_keys=True))


def tells_apart(keys: Iterable[RowKey], terms: Collection[Term]) -> bool:
    """Whether rows that agree in all terms are one row."""
    return any(all(any(_says(term, each) for term in terms for each in place) for place in key) for key in keys)


def keys_below(node: Any, keys: Keys, ctes: Ctes) -> list[RowKey]:
    """What tells the rows apart that a SELECT takes from its tables."""
    return _of_table(node.get("from_table") or {}, keys, ctes, _DEPTH)


def keys_of(node: Any, keys: Keys, ctes: Ctes) -> list[RowKey]:
    """What tells the rows apart that a SELECT goes on with once it has grouped them."""
    return _of_select(node, keys, ctes, _DEPTH)


def keys_of_table(node: Any, alias: str, keys: Keys, ctes: Ctes) -> list[RowKey]:
    """What tells the rows of one table apart among those that a SELECT takes from, where each of its rows has one of that table."""
    waiting = [node.get("from_table") or {}]
    found: list[RowKey] = []
    while waiting:
        table = waiting.pop()
        if table.get("type") == "JOIN":
            if table.get("join_type") != "INNER":
                return []
            waiting += [table["left"], table["right"]]
        elif alias and alias == folded(str(table.get("alias") or table.get("table_name") or "")):
            found += _of_table(table, keys, ctes, _DEPTH)
    return found


def selected(node: Any) -> dict[str, Any]:
    """The expressions that a SELECT names, by name: aliases, and columns by their own."""
    found: dict[str, Any] = {}
    for item in node.get("select_list", ()):
        name = item.get("alias") or (item["column_names"][-1] if item.get("class") == "COLUMN_REF" else "")
        if name:
            found.setdefault(folded(str(name)), item)
    return found


def ordinal(expression: Any) -> int | None:
    """The number of a selected expression that `order by 2` or `group by 2` means."""
    value = (expression.get("value") or {}).get("value") if expression.get("type") == "VALUE_CONSTANT" else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _says(term: Term, place: Term) -> bool:
    if _EXPRESSION in (term[0], place[0]):
        return term == place
    return term[1] == place[1] and (term[0] == place[0] or "" in (term[0], place[0]))


def _bare(part: Any) -> Any:
    if isinstance(part, dict):
        if part.get("class") == "COLUMN_REF":
            return list(term_of(part))
        return {name: _bare(value) for name, value in part.items() if name not in ("query_location", "alias")}
    return [_bare(each) for each in part] if isinstance(part, list) else part


def _calls(items: Any, names: Collection[str]) -> bool:
    """Whether expressions call one of `names`, subqueries and windows aside."""
    waiting = list(items)
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict) and part.get("class") not in ("WINDOW", "SUBQUERY"):
            if part.get("class") == "FUNCTION" and str(part.get("function_name", "")).lower() in names:
                return True
            waiting += part.values()
    return False


def is_multiplied(node: Any) -> bool:
    """Whether a SELECT gives several rows for one that it reads."""
    return _calls(node.get("select_list", ()), ("unnest", "generate_subscripts"))


def _of_select(node: Any, keys: Keys, ctes: Ctes, depth: int) -> list[RowKey]:
    grouped = node.get("group_expressions")
    if not grouped:
        if _calls(node.get("select_list", ()), _AGGREGATES):
            return [()]
        return _of_table(node.get("from_table") or {}, keys, ctes, depth)
    if len(node.get("group_sets", ())) > 1:
        return []
    named, items = selected(node), node.get("select_list", ())
    places = []
    for each in grouped:
        number = ordinal(each)
        if number is not None and not 0 < number <= len(items):
            return []
        by = each if number is None else items[number - 1]
        same = {term_of(by)}
        if by.get("class") == "COLUMN_REF" and len(by["column_names"]) == 1:
            meant = named.get(folded(str(by["column_names"][0])))
            same |= {term_of(meant)} if meant is not None else set()
        places.append(frozenset(same))
    return [tuple(places)]


def _of_table(table: Any, keys: Keys, ctes: Ctes, depth: int) -> list[RowKey]:
    kind, alias = table.get("type"), folded(str(table.get("alias") or ""))
    if not depth or table.get("column_name_alias") or table.get("sample"):
        return []
    if kind == "BASE_TABLE":
        schema, name = folded(str(table.get("schema_name") or "")), folded(str(table.get("table_name") or ""))
        if not schema and name in ctes:
            # a CTE sees no more than what stands around it; one that names itself has rows of its own making
            return _given(ctes[name], {k: v for k, v in ctes.items() if k != name}, keys, alias or name, depth - 1)
        columns = keys.get(f"{schema}.{name}", ())
        return [tuple(frozenset({(alias or name, folded(each))}) for each in columns)] if columns else []
    if kind == "SUBQUERY":
        return _given((table.get("subquery") or {}).get("node"), ctes, keys, alias, depth - 1)
    if kind == "JOIN":
        left = _of_table(table["left"], keys, ctes, depth - 1)
        if table.get("join_type") in _ONE_SIDE:
            return left
        right = _of_table(table["right"], keys, ctes, depth - 1)
        return [(*one, *other) for one in left[:2] for other in right[:2]]
    return []


def _given(node: Any, ctes: Ctes, keys: Keys, alias: str, depth: int) -> list[RowKey]:
    """The keys of a subquery's rows, by the names that it gives its columns."""
    if not isinstance(node, dict) or node.get("type") != "SELECT_NODE" or is_multiplied(node):
        return []
    within = ctes_in(node, ctes)
    items = node.get("select_list", ())
    found: list[RowKey] = []
    for key in _of_select(node, keys, within, depth):
        places = [_passed(place, items, alias) for place in key]
        if all(places):
            found.append(tuple(places))
    distinct = any(
        each["type"] == "DISTINCT_MODIFIER" and not each.get("distinct_on_targets")
        for each in node.get("modifiers", ())
    )
    names = selected(node)
    if distinct and len(names) == len(items):
        found.append(tuple(frozenset({(alias, name)}) for name in names))
    return found


def _passed(place: frozenset[Term], items: Sequence[Any], alias: str) -> frozenset[Term]:
    """Under which names a place of a key is among what is selected."""
    given: set[Term] = set()
    for item in items:
        if item.get("class") == "STAR":
            plain = not any(
                item.get(each) for each in ("exclude_list", "replace_list", "rename_list", "columns", "expr")
            )
            of = folded(str(item.get("relation_name") or ""))
            given |= {(alias, name) for table, name in place if plain and table != _EXPRESSION and of in ("", table)}
        elif any(_says(term_of(item), each) for each in place):
            name = item.get("alias") or (item["column_names"][-1] if item.get("class") == "COLUMN_REF" else "")
            given |= {(alias, folded(str(name)))} if name else set()
    return frozenset(given)
