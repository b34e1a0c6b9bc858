"""From the expressions of a plan to terms: what says the same in another way becomes one term.

All that an expression says counts, known here or not, but for names, places and what follows from its parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from andon.sql.bound_plan import Node, UntracedError
from andon.sql.meaning.terms import Marks, MeantColumn, Term, mark
from andon.sql.names import CLOCK_KEYWORDS, RANDOM_NAMES, STATE_NAMES, words

#: Says nothing about a value: places, and what the engine has noted down about the function it found.
_SAYS_NOTHING = words("query_location catalog_name schema_name arguments original_arguments is_operator has_serialize")

#: The names of columns, which a text may choose. A type may have an alias too, which counts: JSON is one of VARCHAR.
_NAMES = frozenset({"alias"})

#: What of a whole plan only names or places something.
_ONLY_NAMES = words("query_location ctename bound_columns input_table_names")
_NO_WORDS = frozenset({"query_location"})

_COMMUTING = frozenset({"+", "*"})
_SORTING = words("list_sort array_sort list_reverse_sort array_reverse_sort")
_OTHER_NAMES = {"add": "+", "subtract": "-", "multiply": "*"}
_NUMBERS = words(
    """TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE DECIMAL BIGNUM"""
)
_CHANCE = RANDOM_NAMES | (STATE_NAMES - CLOCK_KEYWORDS)

_TURNED = {
    "COMPARE_GREATERTHAN": "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHANOREQUALTO": "COMPARE_LESSTHANOREQUALTO",
}
_EVEN = words("COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_DISTINCT_FROM COMPARE_NOT_DISTINCT_FROM")
_REFERENCES = ("BOUND_REF", "BOUND_COLUMN_REF")
_KNOWN = words(
    """BOUND_BETWEEN BOUND_CASE BOUND_CAST BOUND_COMPARISON BOUND_CONJUNCTION BOUND_CONSTANT BOUND_FUNCTION BOUND_OPERATOR
    BOUND_UNNEST BOUND_REF BOUND_COLUMN_REF"""
)

_NESTED = words("STRUCT LIST ARRAY MAP UNION") | {None}
_CONDITIONS = words("BOUND_BETWEEN BOUND_COMPARISON BOUND_CONJUNCTION")

TRUE = "true"
AND, OR = "CONJUNCTION_AND", "CONJUNCTION_OR"


class Expressions:
    """Reads the expressions of one plan; `whole` is the digest of that plan as it stands."""

    def __init__(self, whole: str) -> None:
        self.whole = whole

    def term(self, expression: Node, cells: Sequence[MeantColumn]) -> Term:
        """The term of an expression over columns.

        Raises:
            UntracedError: if it is of a kind that is not known.
        """
        kind = expression["expression_class"]
        if kind not in _KNOWN:
            raise UntracedError(f"the plan holds an expression that is not known here ({kind})")
        if kind in _REFERENCES:
            return _referred(expression, cells)
        if kind == "BOUND_COMPARISON":
            left, right = self.term(expression["left"], cells), self.term(expression["right"], cells)
            return compared(expression["type"], left, right)
        if kind == "BOUND_CONJUNCTION":
            return junction(expression["type"], [self.term(part, cells) for part in expression["children"]])
        if kind == "BOUND_BETWEEN":
            return self._between(expression, cells)
        if kind == "BOUND_OPERATOR":
            return self._operator(expression, cells)
        if kind == "BOUND_CONSTANT" and expression["value"].get("value") is True:
            return Term(TRUE)
        if kind == "BOUND_CASE":
            return self._case(expression, cells)
        if kind == "BOUND_FUNCTION":
            return self._function(expression, cells)
        return self.plain(expression, cells)

    def terms(self, expressions: Iterable[Node], cells: Sequence[MeantColumn]) -> list[Term]:
        """The terms of several."""
        return [self.term(expression, cells) for expression in expressions]

    def opened(self, term: Term) -> Term:
        """A value that the engine may choose: the same only in plans that are the same as they stand."""
        return Term(f"open {self.whole}", (term,), marks=Marks(open=True))

    def plain(self, expression: Node, cells: Sequence[MeantColumn], unordered: bool = False) -> Term:
        """An expression as all that it says."""
        parts: list[Term] = []
        shape = self._shape(expression, cells, parts)
        return Term(json.dumps(shape, sort_keys=True), parts, unordered=unordered)

    def _shape(self, value: Any, cells: Sequence[MeantColumn], parts: list[Term]) -> Any:
        """What a part of an expression says, with the expressions within it put among `parts`."""
        if isinstance(value, list):
            return [self._part(item, cells, parts) for item in value]
        found = {}
        named = "expression_class" in value
        for key in sorted(value):
            if key in _SAYS_NOTHING or (named and key in _NAMES):
                continue
            part = value[key]
            found[key] = _told(part) if key == "function_data" else self._part(part, cells, parts)
        return found

    def _part(self, value: Any, cells: Sequence[MeantColumn], parts: list[Term]) -> Any:
        if isinstance(value, dict) and "expression_class" in value:
            parts.append(self.term(value, cells))
            return "#"
        if isinstance(value, dict | list):
            return self._shape(value, cells, parts)
        return value

    def _between(self, expression: Node, cells: Sequence[MeantColumn]) -> Term:
        value, lower, upper = (self.term(expression[key], cells) for key in ("input", "lower", "upper"))
        first = "COMPARE_LESSTHANOREQUALTO" if expression["lower_inclusive"] else "COMPARE_LESSTHAN"
        second = "COMPARE_LESSTHANOREQUALTO" if expression["upper_inclusive"] else "COMPARE_LESSTHAN"
        return junction(AND, [compared(first, lower, value), compared(second, value, upper)])

    def _operator(self, expression: Node, cells: Sequence[MeantColumn]) -> Term:
        kind = expression["type"]
        if kind == "OPERATOR_NOT":
            return denied(self.term(expression["children"][0], cells))
        # within nested values NULLs compare in ways of their own
        if (
            kind in ("COMPARE_IN", "COMPARE_NOT_IN")
            and (kind_of(expression["children"][0]) or {}).get("id") not in _NESTED
        ):
            first, *rest = self.terms(expression["children"], cells)
            if kind == "COMPARE_IN":
                return junction(OR, [compared("COMPARE_EQUAL", first, one) for one in rest])
            return junction(AND, [compared("COMPARE_NOTEQUAL", first, one) for one in rest])
        return self.plain(expression, cells)

    def _case(self, expression: Node, cells: Sequence[MeantColumn]) -> Term:
        """A CASE; the one by which the engine guards a scalar subquery against several rows is the row itself."""
        last = self.term(expression["else_expr"], cells)
        checks = expression["case_checks"]
        if last.only is not None and len(checks) == 1 and checks[0]["then_expr"].get("name") == "error":
            value, count = last.only
            when = self.term(checks[0]["when_expr"], cells)
            if when.label == "COMPARE_LESSTHAN" and when.parts[1] is count and _is_one(checks[0]["when_expr"]["right"]):
                return value
        return self.plain(expression, cells)

    def _function(self, expression: Node, cells: Sequence[MeantColumn]) -> Term:
        name = _OTHER_NAMES.get(expression["name"], expression["name"])
        expression = {**expression, "name": name}
        if name in _CHANCE:
            return self.opened(self.plain(expression, cells))
        if name in _SORTING:
            sorts = self.plain(expression, cells)
            first, *rest = sorts.parts
            return Term(sorts.label, (first.unsorted or first, *rest))
        if name in _COMMUTING and len(expression.get("children", ())) == 2:
            kinds = [kind_of(part) for part in expression["children"]]
            if kinds[0] == kinds[1] and (kinds[0] or {}).get("id") in _NUMBERS:
                return self.plain(expression, cells, unordered=True)
        return self.plain(expression, cells)


def compared(kind: str, left: Term, right: Term) -> Term:
    """A comparison, read from left to right."""
    if kind in _TURNED:
        kind, left, right = _TURNED[kind], right, left
    return Term(kind, (left, right), unordered=kind in _EVEN)


def junction(kind: str, parts: Iterable[Term]) -> Term:
    """Conditions joined by AND or OR, in whatever order and nesting."""
    flat: list[Term] = []
    for part in parts:
        if part.label == kind:
            flat.extend(part.parts)
        else:
            flat.append(part)
    return Term(kind, flat, unordered=True, once=True)


def conditions(terms: Iterable[Term]) -> list[Term]:
    """Conditions that all hold, each by itself."""
    found: list[Term] = []
    for term in terms:
        found.extend(part for part in (term.parts if term.label == AND else (term,)) if part.label != TRUE)
    return found


def denied(term: Term) -> Term:
    """A condition turned into its contrary: NULL stays NULL."""
    if term.label in (AND, OR):
        return junction(OR if term.label == AND else AND, [denied(part) for part in term.parts])
    if term.label == "COMPARE_LESSTHAN":
        return Term("COMPARE_LESSTHANOREQUALTO", reversed(term.parts))
    if term.label == "COMPARE_LESSTHANOREQUALTO":
        return Term("COMPARE_LESSTHAN", reversed(term.parts))
    pairs = [("COMPARE_EQUAL", "COMPARE_NOTEQUAL"), ("COMPARE_DISTINCT_FROM", "COMPARE_NOT_DISTINCT_FROM")]
    for one, other in [*pairs, *[(other, one) for one, other in pairs]]:
        if term.label == one:
            return Term(other, term.parts, unordered=True)
    if term.label == "OPERATOR_NOT":
        return term.parts[0]
    return Term("OPERATOR_NOT", (term,))


def as_it_stands(value: Any) -> Any:
    """A part of a plan, literally, but for names and places."""
    if isinstance(value, list):
        return [as_it_stands(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = _SAYS_NOTHING | _NAMES if "expression_class" in value else _NO_WORDS
    return {key: as_it_stands(part) for key, part in value.items() if key not in dropped}


def _told(data: Any) -> Any:
    """What a function was told when it was bound. The references of a lambda count its own arguments.

    Raises:
        UntracedError: if it refers to columns itself.
    """
    if not (isinstance(data, dict) and "lambda_expr" in data) and _refers(data):
        raise UntracedError("a function hides what it reads")
    return as_it_stands(data)


def _refers(data: Any) -> bool:
    if isinstance(data, list):
        return any(_refers(part) for part in data)
    if not isinstance(data, dict):
        return False
    return data.get("expression_class") in _REFERENCES or any(_refers(part) for part in data.values())


def whole_of(root: Node, names: Sequence[str]) -> str:
    """The digest of a plan as it stands."""
    return mark(_literal(root), list(names))


def _literal(value: Any) -> Any:
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if not isinstance(value, dict):
        return value
    dropped = _ONLY_NAMES | _NAMES if "expression_class" in value else _ONLY_NAMES
    return {key: _literal(part) for key, part in value.items() if key not in dropped}


def _referred(reference: Node, cells: Sequence[MeantColumn]) -> Term:
    """The column that a reference names, by its number or, where the plan left it open, by its place."""
    if reference["expression_class"] == "BOUND_REF":
        index = reference.get("index", 0)
        if index >= len(cells):
            raise UntracedError("the plan names a column that is not there")
        found = cells[index]
    else:
        binding = reference["binding"]
        place = (binding["table_index"], binding["column_index"])
        matches = [cell for cell in cells if cell.place == place]
        if len(matches) != 1 or reference.get("depth"):
            raise UntracedError("the plan leaves open which column is meant")
        found = matches[0]
    kind = reference.get("return_type")
    if kind is None or found.kind is None or kind == found.kind:
        return found.term
    if kind.get("id") == found.kind.get("id") == "VARCHAR":
        # COLLATE says how a text is compared
        return Term("collated " + json.dumps(kind, sort_keys=True), (found.term,))
    raise UntracedError("the plan's columns are not in the order expected")


def _is_one(expression: Node) -> bool:
    return expression["expression_class"] == "BOUND_CONSTANT" and bool(expression["value"].get("value") == 1)


def kind_of(expression: Node) -> dict[str, Any] | None:
    """The type of an expression as the plan writes it, if it says one."""
    if expression["expression_class"] == "BOUND_CONSTANT":
        found: dict[str, Any] | None = expression["value"].get("type")
        return found
    if expression["expression_class"] in _CONDITIONS:
        return {"id": "BOOLEAN"}
    known: dict[str, Any] | None = expression.get("return_type")
    return known
