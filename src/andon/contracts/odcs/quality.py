"""A check as rules of the standard: of its library where that has an equal, SQL where it can be asked so, else as a line of ours.

Every rule keeps the line that it was made of, so that reading it gives that line again. Pure.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from andon.base.names import quote
from andon.base.record import Record
from andon.contracts.odcs.words import BY_SIGN, CHECK, ENGINE, WRITTEN_SEVERITY
from andon.model.check import (
    Between,
    Check,
    Comparison,
    Condition,
    InSet,
    Key,
    Literal,
    Matches,
    NotNull,
    Range,
    RowRule,
    Rows,
    TotalRule,
    Unique,
)

Rule = dict[str, Any]
_TABLE = "${table}"


class Placed(Record):
    """A rule, and the column that it stands at; None for the schema."""

    column: str | None
    rule: Rule


def rules_of(check: Check, line: str) -> list[Placed]:
    """The rules that say what a check says.

    Args:
        line: as it is declared, with the column that it is of.
    """
    found = _library(check) or _sql(check)
    if not found or check.quarantine is not None:
        found = [Placed(_at(check), {"type": "custom", "engine": ENGINE, "implementation": line})]
        return [Placed(one.column, {**_head(check), **one.rule, **_severity(check)}) for one in found]
    kept = {"customProperties": [{"property": CHECK, "value": line}]}
    return [Placed(one.column, {**_head(check), **one.rule, **_severity(check), **kept}) for one in found]


def _head(check: Check) -> Rule:
    return {key: text for key, text in (("name", check.name), ("description", check.why)) if text}


def _severity(check: Check) -> Rule:
    return {"severity": WRITTEN_SEVERITY[str(check.severity)]}


def _at(check: Check) -> str | None:
    return check.columns[0] if len(check.columns) == 1 else None


# -- the library


def _library(check: Check) -> list[Placed]:
    form = check.form
    if check.where is not None:
        return []
    if isinstance(form, Rows) and not _is_share(form.condition):
        return [Placed(None, _measure("rowCount", *one)) for one in _bounds(form.condition)]
    if check.allow is not None and not isinstance(form, NotNull):
        return []
    match form:
        case NotNull():
            if check.allow is not None and len(form.columns) > 1:
                return []  # rows are counted once, whatever columns are missing
            return [Placed(name, _allowed(check, _measure("nullValues", "=", 0))) for name in form.columns]
        case Key():
            nulls = [Placed(name, _measure("nullValues", "=", 0)) for name in form.columns]
            return [*nulls, _duplicates(form.columns)]
        case Unique():
            return [_duplicates(form.columns)]
        case InSet(negated=False) if _is_column(check, form.expression):
            valid = {"arguments": {"validValues": [_plain(value) for value in form.values]}}
            return [Placed(check.columns[0], {**_measure("invalidValues", "=", 0), **valid})]
        case Matches() if _is_column(check, form.expression):
            pattern = {"arguments": {"pattern": f"^(?:{form.regex})$"}}
            return [Placed(check.columns[0], {**_measure("invalidValues", "=", 0), **pattern})]
    return []


def _measure(metric: str, sign: str, limit: float | int) -> Rule:
    return {"type": "library", "metric": metric, BY_SIGN[sign]: limit}


def _duplicates(columns: tuple[str, ...]) -> Placed:
    rule = _measure("duplicateValues", "=", 0)
    if len(columns) == 1:
        return Placed(columns[0], rule)
    return Placed(None, {**rule, "arguments": {"properties": list(columns)}})


def _allowed(check: Check, rule: Rule) -> Rule:
    """The rule of a count of bad rows, with the number of them that is allowed."""
    if check.allow is None:
        return rule
    rest = {key: value for key, value in rule.items() if key != "mustBe"}
    if check.allow.count is not None:
        return {**rest, "mustBeLessOrEqualTo": check.allow.count, "unit": "rows"}
    assert check.allow.share is not None
    return {**rest, "mustBeLessOrEqualTo": _number(check.allow.share * 100), "unit": "percent"}


def _is_column(check: Check, expression: str) -> bool:
    return len(check.columns) == 1 and expression in (check.columns[0], quote(check.columns[0]))


# -- SQL


def _sql(check: Check) -> list[Placed]:
    if check.others or check.uses_clock:
        return []
    form = check.form
    if isinstance(form, TotalRule) and not _is_share(form.condition):
        where = f" where {check.where}" if check.where else ""
        query = f"select {form.expression} from {_TABLE}{where}"
        return [
            Placed(None, {"type": "sql", "query": query, BY_SIGN[s]: limit}) for s, limit in _bounds(form.condition)
        ]
    holds = _holds(form)
    if holds is None or (check.allow is not None and check.allow.share is not None):
        return []
    where = f"({check.where}) and " if check.where else ""
    rule = {"type": "sql", "query": f"select count(*) from {_TABLE} where {where}not ({holds})", "mustBe": 0}
    return [Placed(_at(check), _allowed(check, rule))]


def _holds(form: Any) -> str | None:
    """SQL that is true for rows which satisfy a form; NULL passes."""
    match form:
        case RowRule(right=None):
            return str(form.expression)
        case Range():
            ends = (("<=", form.between.high), (">=", form.between.low))
            parts = [f"{form.expression} {sign} {_sql_of(end)}" for sign, end in reversed(ends) if end is not None]
            return " and ".join(parts)
        case InSet():
            values = ", ".join(value.shown if value.kind != "date" else f"'{value.text}'" for value in form.values)
            return f"{form.expression} {'not in' if form.negated else 'in'} ({values})"
    return None


def _sql_of(end: Literal) -> str:
    return f"date '{end.text}'" if end.kind == "date" else end.shown


# -- conditions


def _is_share(condition: Condition) -> bool:
    return condition.is_share


def _bounds(condition: Condition) -> list[tuple[str, float | int]]:
    """Signs and numbers that say a condition; nothing for one over more than numbers. Between is said by two: whether its ends are
    within is told in two ways by the standard."""
    if isinstance(condition, Between):
        ends = ((">=", condition.low), ("<=", condition.high))
        if any(end is not None and end.kind != "number" for _, end in ends):
            return []
        return [(sign, _number(Decimal(end.text))) for sign, end in ends if end is not None]
    assert isinstance(condition, Comparison)
    try:
        number = Decimal(condition.right)
    except ArithmeticError:
        return []
    if condition.tolerance is not None or not number.is_finite():
        return []
    return [(condition.operator, _number(number))]


def _number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


def _plain(value: Literal) -> Any:
    return _number(Decimal(value.text)) if value.kind == "number" else value.text
