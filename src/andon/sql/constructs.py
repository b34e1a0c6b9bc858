"""Places of a query by which two runs over the same inputs may differ, each with the form that is exact.

What differs was measured: the same query over ten million rows, six runs with two threads and four with one. A narrow build has one
thread; there only what follows from ties and from the place of rows is left, and what is volatile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from andon.base.record import Record
from andon.base.text import byte_to_character
from andon.sql.names import words
from andon.sql.parse import NO_PLACE, parse
from andon.sql.renaming import nodes_of

_FIRST = "which of the rows it takes hangs on the order in which they come"
_TIES = "where several rows tie, which one it takes hangs on the order in which they come"
_LISTED = "the order of what it puts together is that in which rows come"
_ABOUT = "it estimates, and what it finds hangs on how rows are shared out among threads"
_CHANCE = "it is another one at each call"
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
_WINDOWS: dict[str, tuple[str, str]] = dict.fromkeys(
    (
        "WINDOW_ROW_NUMBER",
        "WINDOW_NTILE",
        "WINDOW_LAG",
        "WINDOW_LEAD",
        "WINDOW_FIRST_VALUE",
        "WINDOW_LAST_VALUE",
        "WINDOW_NTH_VALUE",
    ),
    (_TIES, "end its `order by` with a key, so that no two rows tie; or `rank()`, which gives ties one number"),
)
_VOLATILE = frozenset(("random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "setseed", "nextval"))
_ROUNDED = words(
    """sum avg mean fsum favg kahan_sum stddev stddev_pop stddev_samp variance var_pop var_samp sem skewness kurtosis kurtosis_pop
    corr covar_pop covar_samp regr_avgx regr_avgy regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy product geomean"""
)


class OpenPlace(Record):
    """A place of a query by which two runs may differ.

    Attributes:
        what: the call, or the words.
        line: where it stands, from 1.
        why: in a sentence.
        exact: the form that is exact.
        is_wide: whether it differs only where several threads work on it.
    """

    what: str
    line: int
    why: str
    exact: str
    is_wide: bool = False


def constructs_of(sql: str, *, rounds: bool = True) -> list[OpenPlace]:
    """The places of a query by which two runs over the same inputs may differ, by line. None for a text that is no SQL.

    Args:
        rounds: whether it adds floating-point numbers up, as its bound plan tells; the text does not tell types.
    """
    parsed = next(iter(parse([sql])))
    found: dict[tuple[int, str], OpenPlace] = {}
    for statement in parsed.statements:
        for at, construct in _found(statement["node"], sql, rounds):
            found.setdefault((at, construct.what), construct)
    return [found[each] for each in sorted(found)]


def _found(root: Any, sql: str, rounds: bool) -> Iterator[tuple[int, OpenPlace]]:
    encoded = sql.encode()

    def at(node: Any, inherited: int = 0) -> int:
        place = node.get("query_location", NO_PLACE)
        return inherited if place in (NO_PLACE, None) else min(int(place), len(encoded))

    def told(place: int, what: str, said: tuple[str, str], is_wide: bool = False) -> tuple[int, OpenPlace]:
        line = sql.count("\n", 0, byte_to_character(sql, place)) + 1
        return place, OpenPlace(what, line, *said, is_wide=is_wide)

    for node in nodes_of(root):
        name, kind = str(node.get("function_name", "")).lower(), str(node.get("type", ""))
        if node.get("class") == "FUNCTION":
            ordered = bool((node.get("order_bys") or {}).get("orders"))
            if (
                name in _AGGREGATES and not ordered and node.get("query_location") != NO_PLACE
            ):  # else `list(x order by x)`, taken apart
                yield told(at(node), f"{name}(…)", _AGGREGATES[name], name.startswith(("approx", "reservoir")))
            elif name in _VOLATILE:
                yield told(at(node), f"{name}()", (_CHANCE, "`hash(key)`, which a row always has"))
            elif rounds and name in _ROUNDED:
                yield told(at(node), f"{name}(…)", (_ADDED, f"`{name}(x::decimal(38, 6))`"), True)
        elif node.get("class") == "WINDOW" and kind in _WINDOWS:
            yield told(at(node), f"{name or kind.removeprefix('WINDOW_').lower()}() over", _WINDOWS[kind])
        elif kind == "DISTINCT_MODIFIER" and node.get("distinct_on_targets"):
            place = min((at(each) for each in node["distinct_on_targets"]), default=0)
            yield told(
                place, "distinct on", (_FIRST, "`arg_min(x, (y, key))` with `group by`, or `order by` down to a key")
            )
        elif kind == "SELECT_NODE":
            yield from _cut(node, told, at)
        if node.get("sample"):
            sample = node["sample"]
            if sample.get("seed", -1) == -1 or str(sample.get("method", "")).lower() == "system":
                said = (
                    "which rows are drawn is by chance",
                    "`where hash(key) % 100 < 10`, or `using sample reservoir(…) repeatable (1)`",
                )
                yield told(at(node), "sample", said)


def _cut(node: Any, told: Any, at: Any) -> Iterator[tuple[int, OpenPlace]]:
    """A limit cuts rows off; without an order, which ones is left open."""
    modifiers = {each["type"]: each for each in node.get("modifiers", ())}
    limit = modifiers.get("LIMIT_MODIFIER") or modifiers.get("LIMIT_PERCENT_MODIFIER")
    if limit is None:
        return
    place = at(limit.get("limit") or limit.get("offset") or {})
    if "ORDER_MODIFIER" not in modifiers:
        yield told(
            place, "limit", ("without an order, which rows are left is open", "`order by` down to a key before `limit`")
        )
    else:
        yield told(place, "limit", (_TIES, "end its `order by` with a key, so that no two rows tie"))
