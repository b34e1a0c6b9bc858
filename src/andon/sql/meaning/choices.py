"""Where the engine may choose: which aggregates and windows have one value only, whatever the order of the rows below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from andon.sql.bound_plan import Node
from andon.sql.meaning.expressions import kind_of
from andon.sql.names import words

#: Aggregates whose value is the same in whatever order the rows come, but for the rounding of floating-point numbers.
_ONE_VALUE = words(
    """count count_star count_if countif min max sum sum_no_overflow avg mean bool_and bool_or bit_and bit_or bit_xor median quantile
    quantile_cont quantile_disc mad fsum kahan_sum sumkahan favg stddev stddev_pop stddev_samp variance var_pop var_samp sem
    skewness kurtosis kurtosis_pop corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
    regr_sxx regr_sxy regr_syy product geomean"""
)

#: Of those, the ones that round nothing of floating-point numbers either.
_EXACT = words("count count_star count_if countif min max median quantile quantile_cont quantile_disc regr_count")

#: Windows that give tied rows one value.
_TIES_ALIKE = words("WINDOW_RANK WINDOW_RANK_DENSE WINDOW_PERCENT_RANK WINDOW_CUME_DIST")
_WHOLE_PEERS = words(
    """UNBOUNDED_PRECEDING UNBOUNDED_FOLLOWING CURRENT_ROW_RANGE EXPR_PRECEDING_RANGE EXPR_FOLLOWING_RANGE CURRENT_ROW_GROUPS
    EXPR_PRECEDING_GROUPS EXPR_FOLLOWING_GROUPS"""
)

#: Types of which equal values are the same value: one month and thirty days are equal, and are two.
_ALIKE = words(
    """BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE DECIMAL VARCHAR BLOB
    DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS UUID ENUM NULL"""
)
_TIME_ZONED = "TIMESTAMP WITH TIME ZONE"
_FLOATING = frozenset({"FLOAT", "DOUBLE"})


def is_alike(kind: Mapping[str, Any] | None) -> bool:
    """Whether values of the type that compare as equal are the same."""
    if kind is None:
        return False
    name, info = kind.get("id"), kind.get("type_info") or {}
    if name in ("LIST", "ARRAY"):
        return is_alike(info.get("child_type"))
    if name == "STRUCT":
        return all(is_alike(child.get("second")) for child in info.get("child_types", ({},)))
    if name == "VARCHAR":
        # a collation, or JSON
        return not info
    return name in _ALIKE or name == _TIME_ZONED


def is_floating(kind: Mapping[str, Any] | None) -> bool:
    """Whether adding values of the type rounds."""
    return kind is None or kind.get("id") in _FLOATING


def leaves_open(aggregate: Node, arguments: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether the value of an aggregate depends on the order of the rows.

    Args:
        aggregate: its expression.
        arguments: digests of what it takes.
        keys: digests of what its own ORDER BY sorts by.
    """
    kinds = [kind_of(argument) for argument in aggregate.get("children", ())]
    if not all(is_alike(kind) for kind in kinds):
        return aggregate.get("name") not in ("count", "count_star")
    if aggregate.get("name") in _ONE_VALUE:
        return False
    # rows that the order does not tell apart have equal arguments then
    return not (keys and set(arguments) <= set(keys))


def rounds(aggregate: Node) -> bool:
    """Whether the last digits of an aggregate depend on the order of the rows."""
    if aggregate.get("name") in _EXACT:
        return False
    return any(is_floating(kind_of(argument)) for argument in aggregate.get("children", ()))


def window_leaves_open(window: Node) -> bool:
    """Whether the value of a window depends on the order of rows that its own keys don't tell apart."""
    if window.get("exclude_clause", "NO_OTHER") != "NO_OTHER" or window.get("arg_orders"):
        return True
    if window["type"] in _TIES_ALIKE:
        return False
    if window["type"] != "WINDOW_AGGREGATE":
        return True
    if leaves_open(window, (), ()):
        return True
    return not {window.get("start"), window.get("end")} <= _WHOLE_PEERS
