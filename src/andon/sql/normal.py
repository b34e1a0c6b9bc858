"""The normal form of a statement: what has to be equal for two texts to mean the same.

Gone are comments, blanks, redundant parentheses, the case of keywords and names, and the names of table aliases and CTEs, which
become numbers in the order of their definition. All else stays. Where it is not certain that a name can't be seen in the result,
it stays too: an unequal form costs a rebuild, an equal one of unequal meaning would keep wrong data.

A result shows names in more places than `as`: an expression without alias is named by its text (`select o.a + 1` gives the column
`(o.a + 1)`), a field of a struct as it was written, and a table's alias alone is a row as a struct.

Not seen without knowing columns: where a table has a struct column with the name of its alias, and the field that follows is no
column, the alias is not the table (`select o.a from t o` reads field `a` of column `o`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from andon.base.hashing import digest
from andon.base.names import folded
from andon.sql.names import HIDDEN_READERS, NAMED_AS_WRITTEN, PLAIN_FUNCTIONS

_Node = dict[str, Any]

#: Where a table's name or alias stands; every other text of a tree that equals an alias keeps the alias from being renamed.
_TABLE_KEYS = frozenset({"table_name", "schema_name", "catalog_name", "alias", "type", "query_location"})
_QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLES = frozenset({"BASE_TABLE", "SUBQUERY", "EXPRESSION_LIST"})
_PLAIN_STAR = frozenset({"class", "type", "query_location", "relation_name", "exclude_list"})
_NOTHING: Mapping[str, Any] = {}
#: Before the name of a recursive CTE whose own query is written: it is in scope only in the query's second part.
_INSIDE = "inside\0"


def normal_form(node: _Node, parameters: frozenset[str] = frozenset()) -> tuple[str, bool]:
    """The normal form of a statement's tree.

    Args:
        parameters: those of the macro whose body it is, in lower case.

    Returns:
        its SHA-256, and whether there is unnamed output with a cast, which the engine names by the type as it was spelt
        (`date 'x'`, `date('x')`).
    """
    names = _Names()
    names.collect(node, frozenset(), frozenset())
    form = _Form(names, parameters)
    text = json.dumps(form.emit(node, _NOTHING, _NOTHING), separators=(",", ":"))
    return digest(text.encode()), form.is_named_by_spelling


def _casts(part: Any) -> bool:
    if type(part) is list:
        return any(_casts(item) for item in part if type(item) is dict or type(item) is list)
    if part.get("class") == "CAST":
        return True
    return any(_casts(value) for value in part.values() if type(value) is dict or type(value) is list)


def plain(part: Any) -> Any:
    """A part of a tree without the places."""
    if type(part) is dict:
        return {
            key: plain(value) if type(value) is dict or type(value) is list else value
            for key, value in part.items()
            if key != "query_location"
        }
    if type(part) is list:
        return [plain(value) if type(value) is dict or type(value) is list else value for value in part]
    return part


def _kind(part: _Node) -> str:
    """What `part` is; a value's `type` is a tree of its own."""
    kind = part.get("type")
    return kind if type(kind) is str else ""


def _aliases(table: _Node) -> Iterator[tuple[str, _Node]]:
    """The names by which the tables of a FROM can be called, in lower case, with the tree of each."""
    kind = table.get("type")
    if kind == "JOIN":
        yield from _aliases(table["left"])
        yield from _aliases(table["right"])
    elif kind == "BASE_TABLE":
        yield str(table.get("alias") or table.get("table_name", "")).lower(), table
    elif kind in ("SUBQUERY", "EXPRESSION_LIST") and table.get("alias"):
        yield str(table["alias"]).lower(), table


class _Names:
    """Which aliases and CTE names have to stay as they are written."""

    def __init__(self) -> None:
        self.kept: set[str] = set()
        self.kept_ctes: set[str] = set()
        self.variables: set[str] = set()

    def collect(
        self, part: Any, outer: frozenset[str], ctes: frozenset[str], own: frozenset[str] = frozenset()
    ) -> None:
        """Walk over `part`: `own` are the aliases of the SELECT it belongs to, `outer` those of the SELECTs around that."""
        if type(part) is list:
            for item in part:
                if type(item) is dict or type(item) is list:
                    self.collect(item, outer, ctes, own)
                elif type(item) is str:
                    self.kept.add(item.lower())
            return
        kind = _kind(part)
        if kind == "COLUMN_REF":
            self._column(part, own)
        elif kind == "VALUE_CONSTANT":
            if "alias" in part:
                self.kept.add(str(part["alias"]).lower())
        elif kind in _QUERY_NODES:
            self._query(part, outer | own, ctes)
        elif kind == "STAR":
            self._star(part, outer, ctes, own)
        elif kind in ("BASE_TABLE", "SUBQUERY", "EXPRESSION_LIST", "JOIN") and "class" not in part:
            self._table(part, outer, ctes, own)
        elif kind in ("TABLE_FUNCTION", "PIVOT", "SHOW_REF"):
            self._opaque(part, outer, ctes, own)
        elif kind == "LAMBDA":
            self.variables.update(_identifiers(part["lhs"]))
            self._values(part, outer, ctes, own)
        else:
            if part.get("function_name") in HIDDEN_READERS:
                self.kept.update(own, outer)
            self._values(part, outer, ctes, own)

    def _values(self, part: _Node, outer: frozenset[str], ctes: frozenset[str], own: frozenset[str]) -> None:
        for key, value in part.items():
            if type(value) is dict or type(value) is list:
                self.collect(value, outer, ctes, own)
            elif type(value) is str and key not in ("type", "class"):
                self.kept.add(value.lower())

    def _column(self, part: _Node, own: frozenset[str]) -> None:
        names = [str(name).lower() for name in part["column_names"]]
        if len(names) == 2 and names[0] in own:
            self.kept.add(names[1])
        else:
            self.kept.update(names)
        if "alias" in part:
            self.kept.add(str(part["alias"]).lower())

    def _star(self, part: _Node, outer: frozenset[str], ctes: frozenset[str], own: frozenset[str]) -> None:
        relation = str(part.get("relation_name", "")).lower()
        if relation and relation not in own:
            self.kept.add(relation)
        self._values({key: value for key, value in part.items() if key != "relation_name"}, outer, ctes, own)

    def _query(self, part: _Node, outer: frozenset[str], ctes: frozenset[str]) -> None:
        if part["type"] == "RECURSIVE_CTE_NODE":
            ctes = ctes | {folded(str(part["cte_name"]))}
        for entry in (part.get("cte_map") or _NOTHING).get("map", ()):
            name = folded(str(entry["key"]))
            if name in ctes:
                self.kept_ctes.add(name)
            self.collect(entry["value"], outer, ctes)
            ctes = ctes | {name}
        found = Counter(name for name, _ in _aliases(part.get("from_table") or {}))
        self.kept.update(name for name, count in found.items() if count > 1 or name in outer)
        own = frozenset(found)
        rest = {key: value for key, value in part.items() if key not in ("cte_map", "cte_name")}
        self._values(rest, outer, ctes, own)

    def _table(self, part: _Node, outer: frozenset[str], ctes: frozenset[str], own: frozenset[str]) -> None:
        if part["type"] == "JOIN" and part.get("alias"):
            self.kept.update(name for name, _ in _aliases(part))
        if part["type"] == "BASE_TABLE" and str(part.get("schema_name", "")).lower() == "recurring":
            self.kept_ctes.add(folded(str(part.get("table_name", ""))))
        rest = {key: value for key, value in part.items() if key not in _TABLE_KEYS}
        self._values(rest, outer, ctes, own)

    def _opaque(self, part: _Node, outer: frozenset[str], ctes: frozenset[str], own: frozenset[str]) -> None:
        """A part whose names can show in the result: all aliases that it defines or uses are kept."""
        for key in ("source", "left", "right"):
            if type(part.get(key)) is dict:
                self.kept.update(name for name, _ in _aliases(part[key]))
        self._values(part, outer | own, ctes, frozenset())


class _Form:
    """Writes the normal form: a copy of the tree with numbers for names."""

    def __init__(self, names: _Names, parameters: frozenset[str]) -> None:
        self._names = names
        # the engine tells the case of a lambda's variables apart
        self._as_written = parameters | names.variables | NAMED_AS_WRITTEN
        self._count = 0
        #: whether there is unnamed output with a cast
        self.is_named_by_spelling = False

    def emit(self, part: Any, own: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        """The form of `part`; `own` and `ctes` give the new names of the aliases and CTEs in scope."""
        if type(part) is list:
            return [self.emit(item, own, ctes) if type(item) is dict or type(item) is list else item for item in part]
        kind = _kind(part)
        if kind == "COLUMN_REF":
            return self._column(part, own)
        if kind == "VALUE_CONSTANT":
            return plain(part)
        if kind in _QUERY_NODES:
            return self._query(part, ctes)
        if kind == "STAR":
            return self._star(part, own, ctes)
        if kind in _TABLES and "class" not in part:
            return self._table(part, own, ctes)
        form = {
            key: self.emit(value, own, ctes) if type(value) is dict or type(value) is list else value
            for key, value in part.items()
            if key != "query_location"
        }
        if kind in ("TABLE_FUNCTION", "PIVOT", "SHOW_REF"):
            form["as written"] = plain(part)
        elif kind == "LAMBDA":
            form["as written"] = plain(part["lhs"])
        elif "function_name" in part and not part.get("is_operator") and part["function_name"] not in PLAIN_FUNCTIONS:
            form["as written"] = plain(part.get("children"))
        elif kind == "JOIN" and "using_columns" in part and part.get("join_type") in ("INNER", "LEFT", "SEMI", "ANTI"):
            form["using_columns"] = [str(name).lower() for name in part["using_columns"]]
        return form

    def _column(self, part: _Node, own: Mapping[str, Any]) -> Any:
        names = part["column_names"]
        first = str(names[0]).lower()
        form: list[Any]
        if len(names) == 1:
            form = [names[0] if first in self._as_written else first]
        elif len(names) == 2 and first in own:
            form = [names[0] if first in self._as_written else own[first], str(names[1]).lower()]
        else:
            # the last name may be a field, which a result shows as it is written
            form = [
                names[0] if first in self._as_written else first,
                *(str(name).lower() for name in names[1:-1]),
                names[-1],
            ]
        return {"column": form, "alias": part["alias"]} if "alias" in part else {"column": form}

    def _star(self, part: _Node, own: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        form = {
            key: self.emit(value, own, ctes) if type(value) in (dict, list) else value for key, value in part.items()
        }
        form.pop("query_location", None)
        relation = str(form.pop("relation_name", "")).lower()
        if relation:
            form["relation"] = own.get(relation, relation)
        if "exclude_list" in form:
            form["exclude_list"] = [name.lower() if type(name) is str else name for name in part["exclude_list"]]
        return form

    def _number(self) -> dict[str, int]:
        self._count += 1
        return {"name": self._count}

    def _query(self, part: _Node, ctes: Mapping[str, Any]) -> Any:
        form: _Node = {"type": part["type"]}
        ctes = dict(ctes)
        own_name = ""
        if part["type"] == "RECURSIVE_CTE_NODE":
            own_name = folded(str(part["cte_name"]))
            form["cte_name"] = ctes.get(_INSIDE + own_name, part["cte_name"])
        with_list = []
        for entry in (part.get("cte_map") or _NOTHING).get("map", ()):
            name = folded(str(entry["key"]))
            new: Any = name if name in self._names.kept_ctes else self._number()
            inside = {**ctes, _INSIDE + name: new} if _is_recursive(entry["value"], name) else ctes
            with_list.append([new, self.emit(entry["value"], _NOTHING, inside)])
            ctes[name] = new
        form["with"] = with_list
        own: dict[str, Any] = {}
        for name, _ in _aliases(part.get("from_table") or {}):
            own[name] = name if name in self._names.kept else self._number()
        if "select_list" in part:
            form["select_list"] = self._select_list(part, own, ctes)
        for key, value in part.items():
            if key in ("type", "cte_map", "cte_name", "select_list"):
                continue
            # the first part of a recursive CTE does not see the CTE itself
            scope = {**ctes, own_name: form["cte_name"]} if own_name and key == "right" else ctes
            form[key] = self.emit(value, own, scope) if type(value) is dict or type(value) is list else value
        return form

    def _select_list(self, part: _Node, own: Mapping[str, Any], ctes: Mapping[str, Any]) -> list[Any]:
        """The output, with what names the columns: expressions without alias are named by their text."""
        tables = part.get("from_table") or {}
        written: set[str | None] = {str(item.get("alias", "")).lower() for item in part["select_list"]}
        written |= _merged(tables) | set(_names_of(tables))
        every = None in written
        form = []
        for item in part["select_list"]:
            new = self.emit(item, own, ctes)
            kind = item.get("type")
            if "alias" not in item and kind != "COLUMN_REF" and not self.is_named_by_spelling:
                self.is_named_by_spelling = _casts(item)
            if "alias" in item or kind == "VALUE_CONSTANT":
                pass
            elif kind == "COLUMN_REF":
                name = item["column_names"][-1]
                if len(item["column_names"]) == 1 and (every or name.lower() in written):
                    new = [new, name]
            elif kind != "STAR" or item.keys() - _PLAIN_STAR:
                new = [new, plain(item)]
            form.append(new)
        return form

    def _table(self, part: _Node, own: Mapping[str, Any], ctes: Mapping[str, Any]) -> Any:
        form = {
            key: self.emit(value, own, ctes) if type(value) is dict or type(value) is list else value
            for key, value in part.items()
            if key not in ("alias", "table_name", "schema_name", "catalog_name", "query_location")
        }
        name = folded(str(part.get("table_name", "")))
        if part["type"] == "BASE_TABLE":
            schema, catalog = str(part.get("schema_name", "")).lower(), str(part.get("catalog_name", "")).lower()
            if schema:
                form["table"] = [catalog, schema, name]
            else:
                # a bare name that is no CTE may be a file's
                form["table"] = ctes.get(name, [part.get("table_name", "")])
        alias = str(part.get("alias") or part.get("table_name", ""))
        if alias:
            new = own.get(alias.lower(), alias)
            # `shop.orders.id` needs that there is no alias
            form["as"] = new if type(new) is dict else [alias.lower(), "alias" in part]
        return form


def _identifiers(part: Any) -> Iterator[str]:
    """The names in a part of a tree that are written like columns, in lower case."""
    if type(part) is list:
        for item in part:
            yield from _identifiers(item)
    elif type(part) is dict:
        yield from (str(name).lower() for name in part.get("column_names", ()))
        for item in part.values():
            if type(item) in (dict, list):
                yield from _identifiers(item)


def _names_of(table: _Node) -> Iterator[str]:
    """All names by which the tables of a FROM can be called, those of table functions and pivots too."""
    if table.get("type") == "JOIN":
        yield from _names_of(table["left"])
        yield from _names_of(table["right"])
    function = table.get("function") or _NOTHING
    yield str(table.get("alias") or table.get("table_name") or function.get("function_name", "")).lower()


def _merged(table: _Node) -> set[str | None]:
    """The columns that joins merge, which a full join names as they are written; None for all, in a natural join."""
    if table.get("type") != "JOIN":
        return set()
    found: set[str | None] = {str(name).lower() for name in table.get("using_columns", ())}
    if table.get("ref_type") == "NATURAL":
        found.add(None)
    return found | _merged(table["left"]) | _merged(table["right"])


def _is_recursive(part: Any, name: str) -> bool:
    """Whether the query of a CTE is the recursive one of that name."""
    node = part.get("query", {}).get("node", {})
    return node.get("type") == "RECURSIVE_CTE_NODE" and folded(str(node.get("cte_name", ""))) == name
