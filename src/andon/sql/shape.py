"""What a question is, whatever its values: two marks, one for questions that differ in values alone (`shape`), and one for those that
don't even in that (`exact`). They tell that somebody asks the same again.

Gone are blanks, comments, case, the names of table aliases, CTEs and output columns, the order of conditions, the side on which a value
stands, `between`; of the shape also all values, how many an `in (…)` has, and in which order and how many of the rows are wanted. Where it
is not certain that two texts ask the same they have two marks: a question that is not recognised costs nothing, two taken for one do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from andon.base.hashing import digest
from andon.base.names import folded
from andon.base.record import Record
from andon.base.recursion import deeply

_Node = dict[str, Any]

_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TURNED = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
}
_SAME_BOTH_WAYS = frozenset({"COMPARE_EQUAL", "COMPARE_NOTEQUAL", "COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM"})
#: A value, where values don't count.
_VALUE = "?"
_LENGTH = 32


class Fingerprint(Record):
    """The marks of a question."""

    shape: str
    exact: str


def fingerprint(statement: _Node) -> Fingerprint | None:
    """The marks of a statement's tree; None for one that is nested too deeply."""
    try:
        return deeply(
            lambda: Fingerprint(_mark(_Form(False), statement["node"]), _mark(_Form(True), statement["node"]))
        )
    except RecursionError:
        return None


def exact_mark(statement: _Node) -> str:
    """What `fingerprint` gives as `exact`, alone.

    Raises:
        RecursionError: the statement is nested too deeply.
    """
    return _mark(_Form(True), statement["node"])


def _mark(form: _Form, node: _Node) -> str:
    return digest(_text(form.query(node, {}, {}, is_outermost=True)).encode())[:_LENGTH]


def _text(form: Any) -> str:
    return json.dumps(form, separators=(",", ":"), sort_keys=True)


class _Form:
    """A copy of the tree of what counts. `tables` gives what the names of tables in scope became, None where there is one alone, whose name
    need not be written; `ctes` the same of CTEs."""

    def __init__(self, has_values: bool) -> None:
        self._has_values = has_values
        self._count = 0

    def query(
        self,
        node: _Node,
        tables: Mapping[str, Any],
        ctes: Mapping[str, Any],
        *,
        is_outermost: bool = False,
        is_shown: bool = False,
    ) -> Any:
        """The form of a query; `is_shown`: its columns are those of the result, and nothing calls them by name."""
        ctes = dict(ctes)
        defined = []
        for entry in (node.get("cte_map") or {}).get("map", ()):
            name = folded(str(entry["key"]))
            own = self._number()
            inside = {**ctes, name: own} if _recurs(entry["value"], name) else ctes
            rest = {key: part for key, part in entry["value"].items() if key != "query"}
            defined.append(
                [own, self.query(entry["value"]["query"]["node"], tables, inside), self.form(rest, tables, ctes)]
            )
            ctes[name] = own
        scope = self._scope(node, tables)
        outputs = node.get("select_list", ())
        made: _Node = {"type": node.get("type"), "with": defined}
        for key, part in node.items():
            if key in ("type", "cte_map", "cte_name"):
                continue
            if key == "modifiers":
                wanted = self._modifiers(part, scope, ctes, outputs, is_outermost)
                made |= {key: wanted} if wanted else {}
            elif key == "select_list":
                named = not (is_outermost or is_shown)
                made[key] = [self._output(item, scope, ctes, named=named) for item in part]
            elif key == "group_expressions":
                made[key] = [self.form(_meant(item, outputs), scope, ctes) for item in part]
            elif key == "from_table" and part.get("type") == "SUBQUERY":
                # one that stands alone sees nothing of the query that it stands in
                made[key] = self._plain({**part, "subquery": None}, scope, ctes)
                made[key]["subquery"] = self.form(part["subquery"], tables, ctes)
            elif key in ("left", "right"):
                made[key] = self.query(part, tables, ctes, is_shown=is_outermost or is_shown)
            else:
                made[key] = self.form(part, scope, ctes)
        return made

    def form(self, part: Any, tables: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        """The form of any part of a query."""
        if type(part) is list:
            return [self.form(item, tables, ctes) for item in part]
        if type(part) is not dict:
            return part
        kind = part.get("type")
        if type(kind) is not str:  # a type of a value
            return {key: self.form(each, tables, ctes) for key, each in part.items()}
        if kind in _QUERIES:
            return self.query(part, tables, ctes)
        if kind == "VALUE_CONSTANT":
            return part["value"] if self._has_values else _VALUE
        if kind == "VALUE_PARAMETER":
            return ["parameter", part.get("identifier")] if self._has_values else _VALUE
        if kind == "COLUMN_REF":
            return self._column(part, tables)
        if kind == "BASE_TABLE":
            return self._table(part, tables, ctes)
        special = self._special(kind, part, tables, ctes)
        return self._plain(part, tables, ctes) if special is None else special

    def _special(self, kind: str, part: _Node, tables: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        if kind in ("CONJUNCTION_AND", "CONJUNCTION_OR"):
            parts = [self.form(each, tables, ctes) for each in _joined(part, kind)]
            return [kind, *sorted(parts, key=_text)]
        if kind == "COMPARE_BETWEEN":
            parts = [self.form(each, tables, ctes) for each in _joined(part, kind)]
            return ["CONJUNCTION_AND", *sorted(parts, key=_text)]
        if part.get("class") == "COMPARISON":
            sides = [self.form(part["left"], tables, ctes), self.form(part["right"], tables, ctes)]
            if kind in _TURNED:
                kind, sides = _TURNED[kind], sides[::-1]
            return [kind, *(sorted(sides, key=_text) if kind in _SAME_BOTH_WAYS else sides)]
        if kind in ("COMPARE_IN", "COMPARE_NOT_IN"):
            first, *rest = (self.form(each, tables, ctes) for each in part["children"])
            texts = sorted({_text(each) for each in rest})
            return [kind, first, texts]
        if kind == "OPERATOR_CAST" and not self._has_values and _is_value(part["child"]):
            return _VALUE
        return None

    def _plain(self, part: _Node, tables: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        made: _Node = {}
        for key, each in part.items():
            if key == "query_location":
                continue
            if key == "function_name":
                made[key] = folded(str(each))
            elif key == "alias":
                # of a table that is no table of the lake: where it can be called by it, it has a number
                name = folded(str(each))
                called = tables[name] if "class" not in part and name in tables else name
                made |= {} if called is None else {key: called}
            elif key == "relation_name":
                name = folded(str(each))
                made[key] = tables.get(name, name)
            elif key in ("using_columns", "exclude_list", "column_name_alias") and type(each) is list:
                made[key] = [folded(item) if type(item) is str else self.form(item, tables, ctes) for item in each]
            else:
                made[key] = self.form(each, tables, ctes)
        return made

    def _output(self, item: _Node, tables: Mapping[str, Any], ctes: Mapping[str, Any], *, named: bool) -> Any:
        """A column of the result; its name counts where something else may call it by that."""
        bare = {key: part for key, part in item.items() if key != "alias"}
        made = self.form(bare, tables, ctes)
        return [made, folded(str(item["alias"]))] if named and "alias" in item else made

    def _modifiers(
        self, part: Any, tables: Mapping[str, Any], ctes: Mapping[str, Any], outputs: Any, is_outermost: bool
    ) -> list[Any]:
        made = []
        for each in part:
            kind = each.get("type")
            if is_outermost and not self._has_values and kind != "DISTINCT_MODIFIER":
                continue
            if kind == "ORDER_MODIFIER":
                orders = [{**order, "expression": _meant(order["expression"], outputs)} for order in each["orders"]]
                each = {**each, "orders": orders}
            made.append(self.form(each, tables, ctes))
        return made

    def _column(self, part: _Node, tables: Mapping[str, Any]) -> Any:
        names = [folded(str(name)) for name in part["column_names"]]
        if len(names) > 1 and names[0] in tables:
            own = tables[names[0]]
            names = names[1:] if own is None else [own, *names[1:]]
        elif len(names) > 2 and f"{names[0]}.{names[1]}" in tables:
            own = tables[f"{names[0]}.{names[1]}"]
            names = names[2:] if own is None else [own, *names[2:]]
        made: Any = ["column", *names]
        return [made, folded(str(part["alias"]))] if "alias" in part else made

    def _table(self, part: _Node, tables: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        name = folded(str(part.get("table_name", "")))
        schema = folded(str(part.get("schema_name") or ""))
        said: Any = [schema, name] if schema else ctes.get(name, name)
        called = folded(str(part.get("alias") or name))
        rest = {
            key: self.form(each, tables, ctes)
            for key, each in part.items()
            if key not in ("type", "alias", "table_name", "schema_name", "catalog_name", "query_location")
        }
        return ["table", said, tables.get(called), rest]

    def _scope(self, node: _Node, outer: Mapping[str, Any]) -> dict[str, Any]:
        """What the names of the tables of a FROM become: numbers in their order, or nothing where one stands alone and no query within
        could mean another one by a name without it."""
        table = node.get("from_table") or {}
        found = list(_called(table))
        alone = len(found) == 1 and not outer and table.get("type") in ("BASE_TABLE", "SUBQUERY")
        if alone:
            alone = not any(_asks(part) for key, part in node.items() if key not in ("from_table", "cte_map"))
        scope = dict(outer)
        for names in found:
            own = None if alone else self._number()
            scope.update(dict.fromkeys(names, own))
        return scope

    def _number(self) -> str:
        self._count += 1
        return f"#{self._count}"


def _called(table: _Node) -> Iterator[tuple[str, ...]]:
    """The names by which each table of a FROM can be called."""
    if table.get("type") == "JOIN":
        yield from _called(table["left"])
        yield from _called(table["right"])
        return
    alias = table.get("alias")
    if alias:
        yield (folded(str(alias)),)
    elif table.get("table_name"):
        name = folded(str(table["table_name"]))
        schema = folded(str(table.get("schema_name") or ""))
        yield (name, f"{schema}.{name}") if schema else (name,)


def _joined(part: _Node, kind: str) -> Iterator[_Node]:
    """What is joined by AND (or OR), however it is nested; a range is two conditions."""
    if part.get("type") == kind and kind != "COMPARE_BETWEEN":
        for each in part["children"]:
            yield from _joined(each, kind)
    elif part.get("type") == "COMPARE_BETWEEN" and kind in ("CONJUNCTION_AND", "COMPARE_BETWEEN"):
        low = {"class": "COMPARISON", "type": "COMPARE_LESSTHANOREQUALTO"}
        yield {**low, "left": part["lower"], "right": part["input"]}
        yield {**low, "left": part["input"], "right": part["upper"]}
    else:
        yield part


def _meant(item: _Node, outputs: Any) -> _Node:
    """What is grouped or ordered by: a number is that column of the result, a name may be one's."""
    if item.get("type") == "VALUE_CONSTANT":
        number = item["value"].get("value")
        if type(number) is int and 0 < number <= len(outputs):
            return _unnamed(outputs[number - 1])
        return {"type": "PLACE", "number": number}
    if item.get("type") == "COLUMN_REF" and len(item["column_names"]) == 1:
        name = folded(str(item["column_names"][0]))
        named = [each for each in outputs if folded(str(each.get("alias", ""))) == name]
        if len(named) == 1 and name not in _columns_in(named[0]):
            return _unnamed(named[0])
    return item


def _unnamed(item: _Node) -> _Node:
    return {key: part for key, part in item.items() if key != "alias"}


def _columns_in(part: Any) -> set[str]:
    if type(part) is list:
        return set().union(*map(_columns_in, part)) if part else set()
    if type(part) is not dict:
        return set()
    if part.get("type") == "COLUMN_REF":
        return {folded(str(part["column_names"][-1]))}
    return set().union(*map(_columns_in, part.values()))


def _asks(part: Any) -> bool:
    """Whether there is a query in a part of a tree."""
    if type(part) is list:
        return any(map(_asks, part))
    if type(part) is not dict:
        return False
    kind = part.get("type")
    return (type(kind) is str and kind in _QUERIES) or any(map(_asks, part.values()))


def _is_value(part: _Node) -> bool:
    return part.get("type") in ("VALUE_CONSTANT", "VALUE_PARAMETER") or (
        part.get("type") == "OPERATOR_CAST" and _is_value(part["child"])
    )


def _recurs(part: _Node, name: str) -> bool:
    """Whether the query of a CTE is a recursive one of that name."""
    node = part.get("query", {}).get("node", {})
    return node.get("type") == "RECURSIVE_CTE_NODE" and folded(str(node.get("cte_name", ""))) == name
