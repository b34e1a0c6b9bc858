"""From a statement's tree to its facts: one walk that keeps track of which CTEs are in scope."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from andon.base.hashing import digest
from andon.base.names import folded
from andon.base.recursion import deeply
from andon.model.dataset import ClockUse, FileRead
from andon.sql.names import CLOCK_KEYWORDS, DATE_NAMES, INSTANT_NAMES, RANDOM_NAMES, READERS, STATE_KEYWORDS
from andon.sql.normal import normal_form
from andon.sql.parse import NO_PLACE, too_deep
from andon.sql.reads import find_read, reader_of
from andon.sql.tokens import tokens
from andon.sql.uses import HAS_PARAMETERS, CallUse, Construct, SqlFacts, SqlProblem, TableUse

_FILE = re.compile(r"[/*?\\]|://|\.[a-z0-9]{1,8}\Z", re.IGNORECASE)
_NO_CTES: frozenset[str] = frozenset()
#: The schema by which the recursive part of a CTE `using key` reads all rows so far. No name of a CTE holds a NUL.
_SO_FAR = "recurring\0"


def facts_of(
    text: str,
    statement: dict[str, Any],
    problems: tuple[SqlProblem, ...] = (),
    parameters: frozenset[str] = frozenset(),
) -> SqlFacts:
    """The facts of one parsed statement of `text`, with `problems` in front of those found; `parameters` are a macro's."""
    try:
        return deeply(lambda: _facts_of(text, statement, problems, parameters))
    except RecursionError:
        return SqlFacts(problems=(*problems, too_deep(text)))


def _facts_of(
    text: str, statement: dict[str, Any], problems: tuple[SqlProblem, ...], parameters: frozenset[str]
) -> SqlFacts:
    walk = _Walk(text)
    walk.visit(statement["node"], _NO_CTES)
    if statement.get("named_param_map"):
        walk.parameters()
    calls = tuple(sorted(walk.calls, key=lambda call: call.offset))
    samples = [CallUse("tablesample", None, c.offset or 0) for c in walk.constructs if c.kind.endswith("sample")]
    found = problems + tuple(walk.problems)
    return SqlFacts(
        tables=tuple(sorted(walk.tables, key=lambda table: table.offset)),
        calls=calls,
        reads=tuple(sorted(walk.reads, key=lambda read: read.start)),
        clock=walk.clock,
        random=tuple(call for call in calls if call.name in RANDOM_NAMES) + tuple(samples),
        problems=found,
        constructs=tuple(walk.constructs),
        normal=_normal(text, statement["node"], parameters),
    )


def _normal(text: str, node: dict[str, Any], parameters: frozenset[str]) -> str:
    """The normal form's digest; where a column's name hangs on how a type was spelt, which no tree tells, with the words of the text."""
    form, is_named_by_spelling = normal_form(node, parameters)
    if not is_named_by_spelling:
        return form
    spelt = [token.text if token.kind in ("quoted", "string") else token.text.lower() for token in tokens(text)]
    return digest(json.dumps([form, spelt]).encode())


def characters(text: str) -> Callable[[int], int]:
    """A function from the parser's places, which count bytes, to characters of `text`."""
    if text.isascii():
        return lambda place: place
    encoded = text.encode()
    return lambda place: len(encoded[:place].decode(errors="ignore"))


def _only_one(arguments: int, qualified: str | None) -> bool:
    """Whether a call may have one argument: in `x.age()` what stands before the point may be an argument or a schema."""
    return arguments == 1 or (qualified is not None and arguments == 0)


class _Walk:
    """Collects facts while it walks over a tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = characters(text)
        self.tables: list[TableUse] = []
        self.calls: list[CallUse] = []
        self.reads: list[FileRead] = []
        self.problems: list[SqlProblem] = []
        self.constructs: list[Construct] = []
        self.clock = ClockUse.NONE

    def visit(self, node: Any, ctes: frozenset[str]) -> None:
        """Walk over a part of the tree where the CTEs named `ctes` are in scope."""
        if type(node) is list:
            for part in node:
                if type(part) is dict or type(part) is list:
                    self.visit(part, ctes)
            return
        kind = node.get("type")
        if kind == "COLUMN_REF":
            self._column(node)
            return
        if kind == "VALUE_CONSTANT":
            return
        if kind == "BASE_TABLE":
            self._table(node, ctes)
        elif kind == "TABLE_FUNCTION":
            self._table_function(node, ctes)
            return
        elif kind == "SHOW_REF":
            self.constructs.append(Construct("show", self._first_word("describe", "desc", "show", "summarize")))
        elif "function_name" in node:
            self._call(node)
        elif kind == "RECURSIVE_CTE_NODE":
            self._recursive(node, ctes)
            return
        if "sample" in node:
            self._sample(node["sample"])
        ctes = self._with(node, ctes)
        for key, part in node.items():
            if key != "cte_map" and (type(part) is dict or type(part) is list):
                self.visit(part, ctes)

    def _with(self, node: dict[str, Any], ctes: frozenset[str]) -> frozenset[str]:
        """Visit the CTEs of a query, of which each sees those before it; the names in scope after them."""
        for entry in (node.get("cte_map") or {}).get("map", ()):
            self.visit(entry["value"], ctes)
            ctes = ctes | {folded(str(entry["key"]))}
        return ctes

    def _recursive(self, node: dict[str, Any], ctes: frozenset[str]) -> None:
        """Only the second part sees the CTE itself: in the first, its name is that of whatever else is called so."""
        name = folded(str(node["cte_name"]))
        ctes = self._with(node, ctes)
        self.visit([part for key, part in node.items() if key not in ("right", "cte_map")], ctes)
        self.visit(node["right"], ctes | {name, _SO_FAR + name})

    def parameters(self) -> None:
        """Report that the text has parameters."""
        at = next((token.start for token in tokens(self.text) if token.text in ("?", "$")), None)
        hint = "write the value itself; a definition takes no parameters"
        self.problems.append(SqlProblem("project.refused_sql", HAS_PARAMETERS, at, hint))

    def _column(self, node: dict[str, Any]) -> None:
        names = node["column_names"]
        if len(names) == 1:
            name = names[0].lower()
            if name in CLOCK_KEYWORDS:
                self.constructs.append(Construct("clock", self._offset(node)))
                self._clock(ClockUse.DATE if name in DATE_NAMES else ClockUse.INSTANT)
            elif name in STATE_KEYWORDS:
                self.constructs.append(Construct(name, self._offset(node)))

    def _clock(self, use: ClockUse) -> None:
        if self.clock is not ClockUse.INSTANT:
            self.clock = use

    def _table(self, node: dict[str, Any], ctes: frozenset[str]) -> None:
        name, offset = str(node.get("table_name", "")), self._offset(node)
        schema, catalog = node.get("schema_name"), node.get("catalog_name")
        if "at_clause" in node:
            self.constructs.append(Construct("at", offset))
        if not schema:
            if folded(name) in ctes:
                return
            if _FILE.search(name):
                self._file(name, offset)
                return
        elif not catalog and folded(str(schema)) + "\0" + folded(name) in ctes:
            return
        parts = [folded(str(part)) for part in (catalog, schema, name) if part]
        dotted = next((part for part in parts if "." in part), None)
        if dotted is not None:
            # joined with what stands before it the name would look like another one, and the engine reads files by such names
            message = f"`{dotted}` in quotes is one name, and no dataset has a point in its name"
            hint = 'quote each part for itself: `"schema"."name"`'
            self.problems.append(SqlProblem("project.refused_sql", message, offset, hint))
            return
        self.tables.append(TableUse(".".join(parts), offset))

    def _file(self, name: str, offset: int) -> None:
        reader = reader_of(name)
        token = next(tokens(self.text, offset), None)
        if reader is None or token is None:
            message = f"`{name}` is neither a dataset nor a file that can be read by its name alone"
            hint = "call the reader: `from read_csv('…')`, `read_json`, `read_parquet`"
            self.problems.append(SqlProblem("project.refused_sql", message, offset, hint))
            return
        self.reads.append(FileRead(reader, (name,), (), token.start, token.end))

    def _table_function(self, node: dict[str, Any], ctes: frozenset[str]) -> None:
        function = node["function"]
        self._call(function, is_table=True)
        for inside in (function, {key: part for key, part in node.items() if key not in ("function", "type")}):
            self.visit([part for part in inside.values() if type(part) in (dict, list)], ctes)
        if "sample" in node:
            self._sample(node["sample"])
        name = folded(str(function["function_name"]))
        if name not in READERS:
            return
        found = find_read(self.text, self._offset(function), name, function.get("children", []))
        if isinstance(found, SqlProblem):
            self.problems.append(found)
        else:
            self.reads.append(found)

    def _call(self, node: dict[str, Any], is_table: bool = False) -> None:
        if node.get("is_operator"):
            return
        name, offset = folded(str(node["function_name"])), self._offset(node)
        qualified = self._qualification(node, offset)
        self.calls.append(CallUse(name, qualified, offset, is_table))
        if name in DATE_NAMES:
            self._clock(ClockUse.DATE)
        elif name in INSTANT_NAMES:
            self._clock(ClockUse.INSTANT)
        elif name == "age" and _only_one(len(node.get("children", ())), qualified):
            self._clock(ClockUse.DATE)

    def _qualification(self, node: dict[str, Any], offset: int) -> str | None:
        parts = [folded(str(part)) for part in (node.get("catalog"), node.get("schema")) if part]
        if parts == ["main"]:
            # the parser itself puts `main` before list_value and the like
            token = next(tokens(self.text, offset), None)
            if token is None or token.name != "main":
                return None
        return ".".join(parts) or None

    def _sample(self, sample: dict[str, Any]) -> None:
        at = self._first_word("tablesample", "sample")
        if sample.get("seed", -1) in (-1, NO_PLACE):
            self.constructs.append(Construct("sample", at))
        elif str(sample.get("method", "")).lower() == "system":
            self.constructs.append(Construct("unsteady_sample", at))

    def _first_word(self, *words: str) -> int | None:
        return next((token.start for token in tokens(self.text) if token.word in words), None)

    def _offset(self, node: dict[str, Any]) -> int:
        place = node.get("query_location", NO_PLACE)
        return 0 if place == NO_PLACE else self.place(place)
