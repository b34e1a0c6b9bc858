"""Types of expressions in checks: known from the columns where an expression is a simple one, else from the engine's binder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from andon.base.names import quote, quote_name
from andon.base.text import words_in
from andon.checks.compile.plans import named_others
from andon.checks.language import patterns
from andon.checks.language.lines import holds_query
from andon.checks.language.simple import simple
from andon.model.check import Between, Check, Form, InSet, Literal, Matches, Pattern, Range, RowRule
from andon.sql.bind import BindError
from andon.sql.uses import SqlProblem

_INTEGERS = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"))
_FLOATS = frozenset(("DOUBLE", "FLOAT"))
_PLAIN = _INTEGERS | _FLOATS | {"VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
_DECIMAL = re.compile(r"DECIMAL\(([0-9]+),([0-9]+)\)\Z")
#: Decimals up to here compare with each other and with every whole number without leaving DECIMAL.
_WIDEST = 18
#: Numbers of a list or a range up to this length compare with every number.
_SHORT = 16
#: So many lists in the expressions of one check are tried at once.
_MOST_LISTS = 60

Tree = Mapping[str, Any]


class Binds(Protocol):
    """What is needed of a binder."""

    def declare(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """See `Binder.declare`."""
        ...

    def bind(self, sql: str, macros: Sequence[str] = ()) -> list[tuple[str, str]]:
        """See `Binder.bind`."""
        ...

    def unreadable(self, sql: str, macros: Sequence[str] = ()) -> str | None:
        """See `Binder.unreadable`."""
        ...


class Unreadable(BindError):
    """A text in a check can't be read as the type of what it is compared with."""


class Typer:
    """Types of the expressions of one check.

    Args:
        columns: `{dataset: ((column, type) …)}` of all that the check may name.
        binder: is told of datasets only when the engine is needed.
    """

    def __init__(
        self,
        check: Check,
        columns: Mapping[str, Sequence[tuple[str, str]]],
        macros: Sequence[str],
        binder: Binds,
    ) -> None:
        self._check = check
        self._columns = columns
        self._macros = macros
        self._binder = binder

    def types(self, expressions: Sequence[str], own: Mapping[str, str] | None) -> list[str]:
        """The engine's types of SQL expressions.

        Args:
            own: the dataset's columns as `{lower-case name: type}`; None when the expressions hold queries of their own.

        Raises:
            BindError: if one has no meaning.
        """
        known = [] if own is None else [_known(sql, own) for sql in expressions]
        plain = [kind for kind in known if kind is not None]
        if own is not None and len(plain) == len(expressions):
            return plain
        listed = ", ".join(f"({sql}) as c{index}" for index, sql in enumerate(expressions))
        found = None if own is None else self._over_no_table(listed, own)
        if found is None:
            for name in (self._check.dataset, *named_others(self._check)):
                self._binder.declare(name, list(self._columns[name]))
            table = quote_name(self._check.dataset)
            # beside a query of its own the row has no name: it has none when it is asked
            source = f"(from {table})" if holds_query(listed) else table
            query = f"select {listed}" + ("" if own is None else f" from {source}")
            found = [kind for _, kind in self._binder.bind(query, self._macros)]
        if own is None:
            self._read_texts(listed, "")
        elif not holds_query(listed):
            self._read_texts(listed, _nulls([(n, own[n.lower()]) for n in self._check.columns if n.lower() in own]))
        return found

    def _read_texts(self, listed: str, source: str) -> None:
        """Run expressions over nearly nothing, to see that the texts that stand in them can be read as what they are compared with.

        Raises:
            Unreadable: if one can't.
        """
        # lists in lists by the hundred take the engine minutes: nobody writes them, and their texts are seen when there are rows
        if "'" not in listed or listed.count("[") > _MOST_LISTS:
            return
        wrong = self._binder.unreadable(f"select {listed}{source}", self._macros)
        if wrong is not None:
            message = f"a text in the check can't be compared: {wrong[:1].lower()}{wrong[1:]}"
            hint = "put numbers in no quotes, write days as `'2020-01-31'`"
            raise Unreadable(SqlProblem("project.bad_check", message, None, hint), listed)

    def types_of(self, expressions: Sequence[str], dataset: str) -> list[str]:
        """The engine's types of SQL expressions over another dataset.

        Raises:
            BindError: if one has no meaning.
        """
        listed = ", ".join(f"({sql}) as c{index}" for index, sql in enumerate(expressions))
        self._binder.declare(dataset, list(self._columns[dataset]))
        found = self._binder.bind(f"select {listed} from {quote_name(dataset)}", self._macros)
        named = words_in(listed)
        self._read_texts(listed, _nulls([(n, kind) for n, kind in self._columns[dataset] if n.lower() in named]))
        return [kind for _, kind in found]

    def _over_no_table(self, listed: str, own: Mapping[str, str]) -> list[str] | None:
        """The types over a query that has the columns; None if that doesn't bind, so that the true table tells why.

        To make a table takes longer than all the rest of binding a check.
        """
        names = [name for name in self._check.columns if name.lower() in own]
        if not names or len(names) < len(self._check.columns) or named_others(self._check) or holds_query(listed):
            return None
        query = f"select {listed}{_nulls([(name, own[name.lower()]) for name in names])}"
        try:
            return [kind for _, kind in self._binder.bind(query, self._macros)]
        except BindError:
            return None


def _nulls(columns: Sequence[tuple[str, str]]) -> str:
    """A FROM with one row of NULLs."""
    listed = ", ".join(f"null::{kind} as {quote(name)}" for name, kind in columns)
    return f" from (select {listed})" if columns else ""


def _known(sql: str, own: Mapping[str, str]) -> str | None:
    found = simple(sql, 0)
    return None if found is None else simple_type(found.tree, own)


def simple_type(tree: Tree, own: Mapping[str, str]) -> str | None:
    """The engine's type of a simple expression's tree over columns `own` (`{lower-case name: type}`), where it is a common one.

    An expression that has one binds.
    """
    kind = tree["class"]
    if kind == "COLUMN_REF":
        names = tree["column_names"]
        found = own.get(names[0].lower()) if len(names) == 1 else None
        return found if found is not None and _is_plain(found) else None
    if kind == "CONSTANT":
        return _type_of_constant(tree["value"]["type"])
    if kind == "COMPARISON":
        return "BOOLEAN" if surely_compare(tree["left"], tree["right"], own) else None
    if kind != "FUNCTION" or "schema" in tree or "filter" in tree or "order_bys" in tree or "is_operator" in tree:
        return None
    children = tree.get("children", ())
    if tree["function_name"] == "count_star" and not children:
        return "BIGINT"
    if len(children) != 1 or children[0]["class"] != "COLUMN_REF":
        return None
    of = simple_type(children[0], own)
    return None if of is None else _type_of_total(tree["function_name"], of)


def surely_compare(left: Tree, right: Tree, own: Mapping[str, str]) -> bool:
    """Whether a comparison of the two is known to bind without asking."""
    one, other = simple_type(left, own), simple_type(right, own)
    if one is None or other is None:
        return False
    return one == other or (_is_number(one) and _is_number(other)) or {one, other} == {"DATE", "TIMESTAMP"}


def surely_binds(form: Form, tree: Tree, own: Mapping[str, str]) -> bool:
    """Whether the test of a row check, `tree` being that of its expression, is known to bind without asking."""
    kind = simple_type(tree, own)
    match form:
        case Range(_, Between(low, high)):
            return kind is not None and all(_is_easy(bound, kind) for bound in (low, high) if bound is not None)
        case InSet(_, values):
            return kind is not None and all(_is_easy(value, kind) for value in values)
        case Pattern(_, name):
            return kind == "VARCHAR" and name in patterns.NAMES
        case Matches():
            return kind == "VARCHAR"
        case RowRule(_, None, None):
            return kind == "BOOLEAN" and tree["class"] == "COMPARISON"
    return False


def _is_easy(value: Literal, kind: str) -> bool:
    """Whether a literal that was found to fit the type compares with it in every form."""
    if kind == "VARCHAR":
        return True
    if _is_number(kind):
        return value.kind == "number" and len(value.text) <= _SHORT
    return value.kind == "date" and kind in ("DATE", "TIMESTAMP")


def is_common_number(kind: str) -> bool:
    """Whether `kind` is a number of a common type, spelt as the engine spells it."""
    return _is_number(kind) and _is_plain(kind)


def _is_plain(kind: str) -> bool:
    """Whether `kind` is a common type, spelt as the engine spells it."""
    if kind in _PLAIN:
        return True
    match = _DECIMAL.match(kind)
    return match is not None and int(match[1]) <= _WIDEST and kind == f"DECIMAL({int(match[1])},{int(match[2])})"


def _is_number(kind: str) -> bool:
    return kind in _INTEGERS or kind in _FLOATS or kind == "HUGEINT" or kind.startswith("DECIMAL(")


def _type_of_constant(kind: Mapping[str, Any]) -> str | None:
    if kind["id"] == "DECIMAL":
        info = kind["type_info"]
        return f"DECIMAL({info['width']},{info.get('scale', 0)})" if info["width"] <= _WIDEST else None
    return str(kind["id"]) if kind["id"] in ("INTEGER", "BIGINT", "VARCHAR") else None


def _type_of_total(function: str, of: str) -> str | None:
    if function == "count":
        return "BIGINT"
    if function in ("min", "max"):
        return of
    decimal = _DECIMAL.match(of)
    if not _is_number(of):
        return None
    if function == "sum":
        return f"DECIMAL(38,{decimal[2]})" if decimal is not None else "HUGEINT" if of in _INTEGERS else "DOUBLE"
    return "DOUBLE" if function == "avg" else None
