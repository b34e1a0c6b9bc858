"""Whether what a check tells may be the value of one person. Pure.

A sum, a mean or a count of a personal column says something about all rows; a maximum, a median or `any_value` is what one row has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from andon.base.record import Record, replace
from andon.checks.judge import Judgement
from andon.checks.language.expression import Expression, read_expression
from andon.model.check import (
    AgainstOther,
    AgainstPublished,
    Check,
    CheckStatus,
    Comparison,
    MaxAge,
    TotalRule,
    Watch,
)
from andon.model.mask import MASK
from andon.sql.names import words

#: Aggregates whose result is about all values, and no one's.
_ABOUT_ALL = words(
    """approx_count_distinct avg bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg fsum
    geomean geometric_mean kahan_sum kurtosis kurtosis_pop mean product regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp sum sum_no_overflow sumkahan var_pop var_samp
    variance wavg weighted_avg"""
)
_NOT_KEPT = "the value may be one person's and is not kept, so nothing is learned: watch a sum, a mean or a count"


class Telling(Record):
    """Whether value and limit of a check may be one person's."""

    value: bool = False
    limit: bool = False


def telling(check: Check, personal: frozenset[str]) -> Telling:
    """What of the check's result may be one person's value.

    Args:
        personal: columns that are marked, of all datasets that the check reads, in lower case.
    """
    match check.form:
        case TotalRule(expression, condition) | AgainstOther(expression, condition):
            right = condition.right if isinstance(condition, Comparison) else None
            return Telling(_tells(expression, personal), right is not None and _tells(right, personal))
        case AgainstPublished(_, _, str() as expression) | Watch(expression):
            found = _tells(expression, personal)
            return Telling(found, found)
        case MaxAge(_, _, expression):
            return Telling(_tells(expression, personal), False)
    return Telling()


def discreet(check: Check, verdict: Judgement, personal: frozenset[str]) -> Judgement:
    """The verdict without what may be one person's value."""
    told = telling(check, personal)
    if isinstance(check.form, Watch) and told.value and verdict.value is not None:
        return replace(verdict, status=CheckStatus.SKIPPED, value=MASK, limit=None, reason=_NOT_KEPT)
    value = MASK if told.value and verdict.value not in (None, "infinity") else verdict.value
    limit = MASK if told.limit and verdict.limit is not None else verdict.limit
    return replace(verdict, value=value, limit=limit)


def _tells(sql: str, personal: frozenset[str]) -> bool:
    found = read_expression(sql, None)
    if not isinstance(found, Expression):
        return True  # it was read with the columns known; without them it is not certain
    return any(not personal.isdisjoint(part.lower() for part in names) for names in _bare_columns(found.tree))


def _bare_columns(node: Any) -> Iterator[list[str]]:
    """The names of columns that stand in no aggregate about all values."""
    if isinstance(node, list):
        for part in node:
            yield from _bare_columns(part)
    elif isinstance(node, Mapping):
        if node.get("class") == "COLUMN_REF":
            yield node["column_names"]
        elif not (node.get("class") == "FUNCTION" and str(node["function_name"]).lower() in _ABOUT_ALL):
            for part in node.values():
                yield from _bare_columns(part)
