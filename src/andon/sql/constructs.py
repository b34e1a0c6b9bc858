"""Places of a query by which two runs over the same inputs may differ, each with the form that is exact.

What differs was measured: the same query over ten million rows, six runs with two threads and four with one. A narrow build has one
thread; there only what follows from ties and from the place of rows is left, and what is volatile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from andon.base.names import folded
from andon.base.record import Record, replace
from andon.base.text import byte_to_character
from andon.sql.names import CLOCK_NAMES, RANDOM_NAMES, STATE_NAMES, words
from andon.sql.parse import NO_PLACE, parse
from andon.sql.tokens import tokens
from andon.sql.unique import (
    Ctes,
    RowKey,
    Term,
    ctes_in,
    is_multiplied,
    keys_below,
    keys_of,
    keys_of_table,
    ordinal,
    selected,
    tells_apart,
    term_of,
)

_FIRST = "which of the rows it takes hangs on the order in which they come"
_TIES = "where several rows tie, which one it takes hangs on the order in which they come"
_LISTED = "the order of what it puts together is that in which rows come"
_LISTED_ROWS = (_LISTED, "`array(select … order by …)`, down to a key")
_ABOUT = "it estimates, and what it finds hangs on how rows are shared out among threads"
_CHANCE = "it is another one at each call"
_STATED = "it tells of the engine or the session, not of what is read"
_PASSING = "it passes by the time of the run, which is recorded"
_ADDED = "floating-point numbers are rounded at each step, and with several threads the steps come in another order"

#: Aggregates by name, in lower case: why, and the form that is exact.
_AGGREGATES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("first", "any_value", "arbitrary", "last"),
        (_FIRST, "`min(x)`, or `first(x order by …)` by what no two rows share"),
    ),
    **dict.fromkeys(
        ("arg_min", "argmin", "min_by", "arg_min_null", "arg_max", "argmax", "max_by", "arg_max_null"),
        (_TIES, "`arg_max(x, (y, x))`: what it takes also decides between ties"),
    ),
    "mode": (_TIES, "count, and take the first by count and value"),
    **dict.fromkeys(
        ("string_agg", "group_concat", "listagg", "list", "array_agg"),
        (_LISTED, "`list(x order by x)`"),
    ),
    **dict.fromkeys(
        ("approx_quantile", "reservoir_quantile", "approx_top_k"),
        (_ABOUT, "`quantile_cont(x, …)`; for the commonest values count and sort"),
    ),
}
#: Windows by the parser's name.
_WINDOWS = frozenset(
    f"WINDOW_{name}" for name in ("ROW_NUMBER", "NTILE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE")
)
_TIED = (_TIES, "end its `order by` with a key, so that no two rows tie; or `rank()`, which gives ties one number")
_RUNNING = (_TIES, "end its `order by` with a key, or leave out `rows`: then rows that tie have one value")
_CUT = (_TIES, "end its `order by` with a key, so that no two rows tie")
_CUT_OPEN = ("without an order, which rows are left is open", "`order by` down to a key before `limit`")
_KEPT = (_FIRST, "`order by` down to a key; or `arg_min(x, (y, key))` with `group by`")
_DRAWN = (
    "which rows are drawn is by chance",
    "`where hash(key) % 100 < 10`, or `using sample reservoir(…) repeatable (1)`",
)
#: Aggregates that take a value by the order of another one.
_BY_ANOTHER = frozenset(name for name in _AGGREGATES if name.startswith(("arg_", "argm", "min_by", "max_by")))
#: Those that no order makes exact; `mode` counts, and of ties takes what it met first.
_UNORDERABLE = frozenset(("approx_quantile", "reservoir_quantile", "approx_top_k"))
_SAID = re.compile(r"--[ \t]*exact:[ \t]*(.*)")
_VOLATILE = (RANDOM_NAMES | {"nextval"}) - {"setseed"}
_STATE = (STATE_NAMES | {"setseed"}) - {"nextval", "stats"}
_ROUNDED = words(
    """sum avg mean fsum favg kahan_sum stddev stddev_pop stddev_samp variance var_pop var_samp sem skewness kurtosis kurtosis_pop
    corr covar_pop covar_samp regr_avgx regr_avgy regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy product geomean"""
)


class Rounding(Record):
    """Which calls of a query add floating-point numbers up, as its bound plan tells.

    Attributes:
        rounding, exact: the calls that do and that do not: the function, and the column that it is given ("" for anything else).
    """

    rounding: frozenset[tuple[str, str]] = frozenset()
    exact: frozenset[tuple[str, str]] = frozenset()

    def blames(self, name: str, argument: str) -> bool:
        """Whether a call may be one of those that do, by its function and the column that it is given."""
        if (name, argument) in self.rounding:
            return True
        known = {each for each, _ in self.rounding | self.exact}
        if (name, argument) in self.exact and argument:
            return False
        return bool(self.rounding) and (name not in known or name in {each for each, _ in self.rounding})


class OpenPlace(Record):
    """A place of a query by which two runs may differ.

    Attributes:
        what: the call, or the words.
        line: where it stands, from 1.
        why: in a sentence.
        exact: the form that is exact.
        is_wide: whether it differs only where several threads work on it.
        silenced: why it may stay, as a comment beside it says; None where none does.
    """

    what: str
    line: int
    why: str
    exact: str
    is_wide: bool = False
    silenced: str | None = None


def may_round(sql: str) -> bool:
    """Whether a text has a word that adds numbers up; what is added tells only its bound plan."""
    return any(token.name in _ROUNDED for token in tokens(sql))


def constructs_of(
    sql: str, *, rounding: Rounding | None = None, keys: Mapping[str, Sequence[str]] | None = None, file: str = ""
) -> list[OpenPlace]:
    """The places of a query by which two runs over the same inputs may differ, by line, what stands twice in one line once. None for a
    text that is no SQL.

    The clock is no such place: a run shows each query its own, which is recorded.

    Args:
        rounding: which calls add floating-point numbers up; without it each that may: the text does not tell types.
        keys: what tells the rows of datasets apart, by their names in lower case.
        file: the text of which `sql` is a part at its place, blanks before it: that has the lines and comments.
    """
    parsed = next(iter(parse([sql])))
    found: dict[tuple[int, str], OpenPlace] = {}
    for statement in parsed.statements:
        for at, construct in _Reader(sql, file or sql, rounding, keys or {}).read(statement["node"]):
            found.setdefault((at, construct.what), construct)
    lines: dict[tuple[int, str], OpenPlace] = {}
    for each in sorted(found):
        lines.setdefault((found[each].line, found[each].what), found[each])
    comments = _said_exact(file or sql) if lines else {}
    return sorted((_silenced(each, comments) for each in lines.values()), key=lambda each: each.line)


def _said_exact(sql: str) -> dict[int, str]:
    """By line what a comment says of why it may stay; one that stands alone says so of the next line."""
    said: dict[int, str] = {}
    end = 0
    for start, stop in [*((token.start, token.end) for token in tokens(sql)), (len(sql), len(sql))]:
        for match in _SAID.finditer(sql, end, start):
            line = sql.count("\n", 0, match.start()) + 1
            alone = not sql[sql.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
            said[line + alone] = match[1].strip()
        end = stop
    return said


def _silenced(place: OpenPlace, said: Mapping[int, str]) -> OpenPlace:
    reason = said.get(place.line)
    if reason is None:
        return place
    return (
        replace(place, silenced=reason) if reason else replace(place, why=f"{place.why}; `-- exact:` gives no reason")
    )


_Found = tuple[int, OpenPlace]


class _Scope(Record):
    """The SELECT that an expression stands in, and the CTEs that it sees."""

    node: Any
    ctes: Ctes


class _Reader:
    """Reads one tree."""

    def __init__(self, sql: str, file: str, rounding: Rounding | None, keys: Mapping[str, Sequence[str]]) -> None:
        self._sql, self._file, self._bytes = sql, file, len(sql.encode())
        self._rounding, self._keys = rounding, keys

    def read(self, root: Any) -> Iterator[_Found]:
        """What is found, in no order."""
        waiting: list[tuple[Any, _Scope, int]] = [(root, _Scope({}, {}), 0)]
        while waiting:
            part, scope, place = waiting.pop()
            if isinstance(part, list):
                waiting += [(each, scope, place) for each in part]
            elif isinstance(part, dict):
                if str(part.get("type", "")).endswith("_NODE"):
                    scope = _Scope(part, ctes_in(part, scope.ctes))
                    yield from self._of_node(part, scope)
                place = self._at(part, place)
                yield from self._of(part, scope, place)
                waiting += [(each, scope, place) for each in part.values()]

    def _at(self, node: Any, inherited: int = 0) -> int:
        place = node.get("query_location", NO_PLACE)
        return inherited if place in (NO_PLACE, None) else min(int(place), self._bytes)

    def _told(self, place: int, what: str, said: tuple[str, str], is_wide: bool = False) -> _Found:
        line = self._file.count("\n", 0, byte_to_character(self._sql, place)) + 1
        return place, OpenPlace(what, line, *said, is_wide=is_wide)

    # -- expressions

    def _of(self, node: Any, scope: _Scope, place: int) -> Iterator[_Found]:
        name, kind = str(node.get("function_name", "")).lower(), str(node.get("type", ""))
        if node.get("class") == "FUNCTION":
            yield from self._of_call(node, name, scope, place)
        elif node.get("class") == "WINDOW":
            yield from self._of_window(node, name, kind, scope, place)
        elif (rows := _listed_rows(node)) is not None and not self._is_listed(rows, scope):
            yield self._told(place, "array(select …)", _LISTED_ROWS)
        if node.get("sample"):
            sample = node["sample"]
            if sample.get("seed", -1) == -1 or str(sample.get("method", "")).lower() == "system":
                yield self._told(self._sampled(node, place), "sample", _DRAWN)

    def _sampled(self, node: Any, place: int) -> int:
        """Where a sample is written: the parser keeps no place of it, but of what it is drawn from."""
        after = byte_to_character(self._sql, self._at(node.get("from_table") or {}, place))
        for token in tokens(self._sql, after):
            if token.word in ("sample", "tablesample"):
                return len(self._sql[: token.start].encode())
        return place

    def _of_call(self, node: Any, name: str, scope: _Scope, place: int) -> Iterator[_Found]:
        if node.get("query_location") == NO_PLACE or "query_location" not in node:
            return  # `list(x order by x)`, taken apart
        if name in _AGGREGATES:
            if not self._is_settled(node, name, scope):
                yield self._told(place, f"{name}(…)", _AGGREGATES[name], name in _UNORDERABLE)
        elif name in _VOLATILE:
            yield self._told(place, f"{name}()", (_CHANCE, "`hash(key)`, which a row always has"))
        elif (name in CLOCK_NAMES and node.get("catalog") == "system") or (name in CLOCK_NAMES and node.get("schema")):
            yield self._told(place, f"system.{name}()", (_PASSING, f"`{name}()`"))
        elif name in _STATE:
            yield self._told(place, f"{name}()", (_STATED, "write the value itself, or keep it in a dataset"))
        elif name in _ROUNDED and self._rounds(node, name):
            yield self._told(place, f"{name}(…)", (_ADDED, f"`{name}(x::decimal(38, 6))`"), True)

    def _rounds(self, node: Any, name: str) -> bool:
        argument: dict[str, Any] = next(iter(node.get("children", ())), {})
        to = str(((argument.get("cast_type") or {}).get("id")) or "")
        if to.startswith(("DECIMAL", "HUGEINT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER")):
            return False
        column = folded(str(argument["column_names"][-1])) if argument.get("class") == "COLUMN_REF" else ""
        return self._rounding is None or self._rounding.blames(name, column)

    def _is_settled(self, node: Any, name: str, scope: _Scope) -> bool:
        """Whether an aggregate gives one value, however the rows come."""
        if name in _UNORDERABLE:
            return False
        children = node.get("children", ())
        own = term_of(children[0]) if children else None
        ordered = _terms((node.get("order_bys") or {}).get("orders", ()))
        if name in _BY_ANOTHER and len(children) > 1:
            ordered = {*ordered, *_parts(children[1])}
        grouped = {
            term
            for key in (keys_of(scope.node, {}, {}) if scope.node.get("group_expressions") else ())
            for place in key
            for term in place
        }
        if own in ordered or own in grouped:
            return True
        if own is not None and tells_apart(keys_of_table(scope.node, own[0].strip(), self._keys, scope.ctes), grouped):
            return True  # all rows of a group have one and the same row of that table
        return tells_apart(keys_below(scope.node, self._keys, scope.ctes), {*ordered, *grouped})

    def _of_window(self, node: Any, name: str, kind: str, scope: _Scope, place: int) -> Iterator[_Found]:
        what = f"{name or kind.removeprefix('WINDOW_').lower()}() over"
        terms = {*_terms(node.get("orders", ())), *map(term_of, node.get("partitions", ()))}
        terms |= _terms(node.get("arg_orders", ()))
        if kind in _WINDOWS or name in _AGGREGATES:
            if name in _UNORDERABLE or not tells_apart(keys_of(scope.node, self._keys, scope.ctes), terms):
                yield self._told(place, what, _TIED)
        elif kind == "WINDOW_AGGREGATE":
            if any(str(node.get(end, "")).endswith("_ROWS") for end in ("start", "end")) and not tells_apart(
                keys_of(scope.node, self._keys, scope.ctes), terms
            ):
                yield self._told(place, what, _RUNNING)
            elif name in _ROUNDED and self._rounds(node, name):
                yield self._told(place, what, (_ADDED, f"`{name}(x::decimal(38, 6)) over`"), True)

    # -- whole queries

    def _of_node(self, node: Any, scope: _Scope) -> Iterator[_Found]:
        modifiers = {each["type"]: each for each in node.get("modifiers", ())}
        orders = (modifiers.get("ORDER_MODIFIER") or {}).get("orders", ())
        by_all = any(each["expression"].get("class") == "STAR" for each in orders)
        terms = _meant(orders, node)
        targets = (modifiers.get("DISTINCT_MODIFIER") or {}).get("distinct_on_targets", ())
        keys = partial(keys_of, node, self._keys, scope.ctes)
        if targets:
            on = _meant([{"expression": each} for each in targets], node)
            if not (by_all or self._is_total(node, {*terms, *on}, keys)):
                place = min((self._at(each) for each in targets), default=0)
                yield self._told(place, "distinct on", _KEPT)
        limit = modifiers.get("LIMIT_MODIFIER") or modifiers.get("LIMIT_PERCENT_MODIFIER")
        if limit is None or by_all or _is_one_row(node):
            return
        place = self._at(limit.get("limit") or limit.get("offset") or {})
        if not orders and tells_apart([] if is_multiplied(node) else keys(), set()):
            return
        if not orders:
            yield self._told(place, "limit", _CUT_OPEN)
        elif targets:
            on = _meant([{"expression": each} for each in targets], node)
            if not tells_apart([tuple(frozenset({each}) for each in on)], terms):
                yield self._told(place, "limit", _CUT)
        elif not self._is_total(node, terms, keys):
            yield self._told(place, "limit", _CUT)

    def _is_listed(self, node: Any, scope: _Scope) -> bool:
        """Whether the rows of a query in `array(…)` come in one order; where rows are cut off at random, that is told for itself."""
        modifiers = {each["type"]: each for each in node.get("modifiers", ())}
        orders = (modifiers.get("ORDER_MODIFIER") or {}).get("orders", ())
        if any(each["expression"].get("class") == "STAR" for each in orders) or _is_one_row(node):
            return True
        if not orders and ("LIMIT_MODIFIER" in modifiers or "LIMIT_PERCENT_MODIFIER" in modifiers):
            return True
        return self._is_total(node, _meant(orders, node), partial(keys_of, node, self._keys, ctes_in(node, scope.ctes)))

    def _is_total(self, node: Any, terms: set[Term], keys: Callable[[], list[RowKey]]) -> bool:
        """Whether rows that agree in all terms are one row, or are alike in all that is selected."""
        items = node.get("select_list", ())
        if items and all(each.get("class") != "STAR" and term_of(each) in terms for each in items):
            return True
        return not is_multiplied(node) and tells_apart(keys(), terms)


def _listed_rows(node: Any) -> Any:
    """The query in `array(select …)`, which the parser makes a list of; None for another subquery."""
    whole = (node.get("subquery") or {}).get("node") or {} if node.get("class") == "SUBQUERY" else {}
    items = whole.get("select_list", ())
    if len(items) != 1 or items[0].get("class") != "CASE":
        return None
    otherwise = items[0].get("else_expr") or {}
    listed = otherwise.get("children") or [{}]
    if otherwise.get("function_name") != "array_agg" or listed[0].get("class") != "POSITIONAL_REFERENCE":
        return None
    return ((whole.get("from_table") or {}).get("subquery") or {}).get("node")


def _is_one_row(node: Any) -> bool:
    return (node.get("from_table") or {}).get("type") == "EMPTY"


def _terms(orders: Sequence[Any]) -> set[Term]:
    return {term_of(each["expression"]) for each in orders}


def _parts(expression: Any) -> set[Term]:
    """The terms that a value compares by: itself, and the fields of a row."""
    if expression.get("class") == "FUNCTION" and expression.get("function_name") in ("row", "struct_pack"):
        return {term_of(each) for each in expression.get("children", ())}
    return {term_of(expression)}


def _meant(orders: Sequence[Any], node: Any) -> set[Term]:
    """What the end of a query orders by: names and numbers of what it selects come before columns of what it reads."""
    named, items = selected(node), node.get("select_list", ())
    found: set[Term] = set()
    for each in orders:
        by = each["expression"]
        number = ordinal(by)
        if number is not None:
            by = items[number - 1] if 0 < number <= len(items) else by
        elif by.get("class") == "COLUMN_REF" and len(by["column_names"]) == 1:
            by = named.get(folded(str(by["column_names"][0])), by)
        found.add(term_of(by))
    return found
