"""What a check tells of personal columns: how many rows, and never a value. Pure.

A sum or a mean is about all rows, until a `where`, a FILTER, a CASE or the data leave one of them; two sums that differ by one row tell
that row. So of what is made from values of a personal column only is told whether it passes, and on which side it misses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from andon.base.record import Record, replace
from andon.checks.judge import Judgement
from andon.checks.language.expression import Expression, read_expression
from andon.model.check import (
    AgainstOther,
    AgainstPublished,
    Between,
    Check,
    CheckStatus,
    Comparison,
    Form,
    MaxAge,
    TotalRule,
    Watch,
)
from andon.model.mask import MASK
from andon.sql.names import words

#: Aggregates whose result is a number of rows, whatever is in them.
_COUNTS = words("approx_count_distinct count count_if count_star countif regr_count")
#: Aggregates that make a number of rows, or a share of them, of a condition: `share(x)` is written out as one.
_SHARES = words("avg mean sum")
#: What names columns without their names: `columns('p.*')`, `#2`, PIVOT.
_ANY_COLUMN = frozenset(("STAR", "POSITIONAL_REFERENCE", "PIVOT", "SHOW_REF", "COLUMN_DATA"))
_NOT_KEPT = "the value may be one person's and is not kept, so nothing is learned: watch a count or a share"


class Telling(Record):
    """Whether value and limit of a check are made from values of personal columns."""

    value: bool = False
    limit: bool = False


def telling(check: Check, personal: frozenset[str]) -> Telling:
    """What of the check's result is made from values of personal columns.

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
    """The verdict without what is made from values of personal columns."""
    told = telling(check, personal)
    if isinstance(check.form, Watch) and told.value and verdict.value is not None:
        return replace(verdict, status=CheckStatus.SKIPPED, value=MASK, limit=None, reason=_NOT_KEPT)
    if not told.value and not told.limit:
        return verdict
    value = MASK if told.value and verdict.value not in (None, "infinity") else verdict.value
    limit = MASK if told.limit and verdict.limit is not None else verdict.limit
    reason = verdict.reason
    if reason is None and verdict.status is CheckStatus.FAIL:
        reason = _side(check.form, verdict.value, verdict.limit)
    return replace(verdict, value=value, limit=limit, reason=reason)


def without_quotes(reason: str | None, read: Sequence[str]) -> str:
    """Why a check could not run, without what the engine's message may quote.

    Args:
        read: the personal columns that it reads; empty where it can't be said which.
    """
    named = (reason or "").partition(":")[0].partition(" (the message")[0]
    shown = ", ".join(f"`{name}`" for name in read) or "personal columns"
    return f"{named} (the message may quote values of {shown} and is not shown)"


def _side(form: Form, value: Any, limit: Any) -> str | None:
    """On which side a number misses what is wanted, where the wanted does not say it itself."""
    if not isinstance(form, TotalRule | AgainstOther | AgainstPublished) or isinstance(value, bool):
        return None
    is_range = isinstance(form.condition, Between)
    if isinstance(form.condition, Comparison) and form.condition.operator != "=":
        return None
    wanted = str(limit)  # as `judge` tells it: `10..20`, `..20`, `12`, `12 +- 0.5`
    try:
        least = Decimal(wanted.partition("..")[0] or "-inf") if is_range else Decimal(wanted.partition(" ")[0])
        return "too small" if Decimal(str(value)) < least else "too large"
    except InvalidOperation:  # no numbers
        return None


def _tells(sql: str, personal: frozenset[str]) -> bool:
    found = read_expression(sql, None)
    if not isinstance(found, Expression):
        return True  # it was read with the columns known; without them it is not certain
    rows = {name.lower() for name in _row_names(found.tree)}
    return any(not name or name[-1] in rows or not personal.isdisjoint(name) for name in _values(found.tree))


def _values(node: Any) -> Iterator[list[str]]:
    """The names, each as its parts in lower case, whose values go into the result; an empty one where they can't be told."""
    if isinstance(node, list):
        for part in node:
            yield from _values(part)
    elif isinstance(node, Mapping):
        kind = node.get("class")
        if kind == "COLUMN_REF":
            yield [part.lower() for part in node["column_names"]]
        elif {str(kind), str(node.get("type"))} & _ANY_COLUMN or node.get("column_name_alias"):
            yield []
        elif kind == "FUNCTION" and not node.get("is_operator"):
            yield from _of_function(node)
        else:
            for part in node.values():
                yield from _values(part)


def _of_function(node: Mapping[str, Any]) -> Iterator[list[str]]:
    """The same of a call; of an aggregate neither its FILTER nor its order, which only say which rows it takes."""
    name = str(node["function_name"]).lower()
    if name in _COUNTS:
        return
    # `amount.sum()`: the parser takes the column for a schema
    if node.get("schema"):
        yield [str(node[part]).lower() for part in ("catalog", "schema") if node.get(part)]
    taken = node.get("children", ())
    if not (name in _SHARES and len(taken) == 1 and _is_condition(taken[0])):
        yield from _values(list(taken))


def _is_condition(node: Mapping[str, Any]) -> bool:
    """Whether a value is one constant where something holds, and another where not."""
    if node.get("class") != "CASE" or len(node["case_checks"]) != 1:
        return False
    made = (node["case_checks"][0]["then_expr"], node.get("else_expr") or {})
    return all(part.get("class") == "CONSTANT" for part in made)


def _row_names(node: Any) -> Iterator[str]:
    """What the tables of subqueries are called: the name alone is a whole row."""
    if isinstance(node, list):
        for part in node:
            yield from _row_names(part)
    elif isinstance(node, Mapping):
        if node.get("type") in ("BASE_TABLE", "SUBQUERY") and node.get("class") is None:
            yield node.get("alias") or node.get("table_name") or ""
        for part in node.values():
            yield from _row_names(part)
