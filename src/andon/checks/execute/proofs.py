"""Proofs: what a check measures, known from what the writes told, without a look at the rows. Pure.

A proof gives exactly what the query of the check would give, its numbers included, or there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from andon.checks.compile.check import (
    AgePlan,
    Plan,
    PublishedPlan,
    ReferencePlan,
    RowPlan,
    SchemaPlan,
    TotalPlan,
    UniquePlan,
)
from andon.checks.compile.values import family
from andon.checks.execute.facts import ColumnFacts, TargetFacts, Value, literal_of
from andon.checks.execute.question import CheckQuestion
from andon.checks.judge import Measured
from andon.model.check import (
    Check,
    InSet,
    Literal,
    Matches,
    MaxAge,
    NotNull,
    Pattern,
    Range,
    Reference,
    RowRule,
    Rows,
    Watch,
)

_NAME = r'(?P<name>[A-Za-z_][A-Za-z0-9_]*|"(?:[^"]|"")+")'
_COLUMN = re.compile(_NAME + r"\Z", re.ASCII)
_COMPARED = re.compile(
    _NAME + r"\s*(?P<operator><=|>=|=|<|>)\s*(?P<number>-?[0-9]+(?:\.[0-9]+)?)\Z",
    re.ASCII,
)
_SPECIAL = frozenset(
    ("true", "false", "null", "user", "session_user", "rowid", "default", "interval", "date", "timestamp")
)
_DAY = 86_400_000_000


def prove(check: Check, plan: Plan, question: CheckQuestion, facts: TargetFacts) -> Measured | None:
    """What the check measures, or None if the rows have to be asked.

    Args:
        facts: of the question's own version.
    """
    match plan:
        case SchemaPlan():
            return _schema(question)
        case PublishedPlan():
            return _published(plan, question, facts)
    if facts.rows is None or check.where is not None:
        return None
    match plan:
        case RowPlan(has_window=False):
            return _rows(check, facts, facts.rows)
        case UniquePlan(columns, nulls_bad):
            return _unique(columns, nulls_bad, facts, facts.rows)
        case ReferencePlan(columns, dataset):
            return _reference(check, columns, dataset, question, facts)
        case TotalPlan(value="count(*)", is_standalone=False):
            return _count(check, plan, facts.rows)
        case AgePlan():
            return _age(check, facts)
    return None


def plain_column(expression: str) -> str | None:
    """The name of the column that an expression is, or None if it is more."""
    match = _COLUMN.match(expression)
    return None if match is None else unquoted(match["name"])


def unquoted(name: str) -> str | None:
    """The name that an identifier stands for; None for one that the engine may take for more than a column."""
    if name.startswith('"'):
        return name[1:-1].replace('""', '"')
    return None if name.lower() in _SPECIAL or name.lower().startswith(("current_", "local")) else name


def _schema(question: CheckQuestion) -> Measured:
    published = question.published if question.is_same_definition else None
    before = None if published is None else published.columns
    return Measured(columns=question.own.columns, declared=question.declared, before=before)


def _published(plan: PublishedPlan, question: CheckQuestion, facts: TargetFacts) -> Measured | None:
    """The numbers of rows of both versions."""
    if question.published is None or plan.value != "count(*)" or plan.scope is not None:
        return None
    before = question.published.rows
    return None if facts.rows is None or before is None else Measured(value=facts.rows, published=before)


def _count(check: Check, plan: TotalPlan, rows: int) -> Measured | None:
    """The number of rows, where nothing else is needed or the limit stands in the check as a whole number."""
    if isinstance(check.form, (Rows, Watch)):
        return Measured(value=rows)
    if plan.limit is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", plan.limit) or plan.holds is None:
        return None
    match = re.fullmatch(r"\(count\(\*\)\) (<=|>=|<>|=|<|>) \([0-9]+\)", plan.holds)
    if match is None:
        return None
    return Measured(value=rows, limit=int(plan.limit), holds=_HOLDS[match[1]](rows, int(plan.limit)))


_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _age(check: Check, facts: TargetFacts) -> Measured | None:
    assert isinstance(check.form, MaxAge)
    column = _column(check.form.expression, facts)
    if column is None or family(column.kind) != "time":
        return None
    if column.values == 0:
        return Measured(value=None, is_infinite=False)
    if not isinstance(column.high, int):
        return None
    return Measured(value=column.high * _DAY if column.kind == "DATE" else column.high, is_infinite=False)


def _column(expression: str, facts: TargetFacts) -> ColumnFacts | None:
    name = plain_column(expression)
    return None if name is None else facts.column(name)


# rows


def _rows(check: Check, facts: TargetFacts, rows: int) -> Measured | None:
    form = check.form
    bad: int | None = None
    match form:
        case NotNull(columns):
            bad = _nulls(columns, facts)
        case Range(expression, between):
            bad = _outside(_column(expression, facts), between.low, between.high)
        case InSet():
            bad = _not_in(form, _column(form.expression, facts))
        case Pattern(expression) | Matches(expression):
            column = _column(expression, facts)
            bad = 0 if column is not None and column.values == 0 else None
        case RowRule(expression, None, None):
            bad = _compared(expression, facts)
    return None if bad is None else Measured(bad=bad, total=rows)


def _nulls(columns: Sequence[str], facts: TargetFacts) -> int | None:
    """Rows with a NULL: known if at most one of the columns has some, or one has nothing else."""
    counts = []
    for name in columns:
        column = facts.column(name)
        if column is None or column.nulls is None:
            return None
        counts.append(column.nulls)
    some = [count for count in counts if count]
    if len(some) <= 1:
        return sum(some)
    return facts.rows if max(some) == facts.rows else None


def _outside(column: ColumnFacts | None, low: Literal | None, high: Literal | None) -> int | None:
    """Values outside of the bounds: none of them or all of them."""
    if column is None or column.values is None:
        return None
    if column.values == 0:
        return 0
    least, most = (None if end is None else literal_of(column.kind, end) for end in (low, high))
    if (low is not None and least is None) or (high is not None and most is None):
        return None
    if high is not None and high.kind == "date" and column.kind.startswith("TIMESTAMP") and isinstance(most, int):
        most += _DAY - 1  # all of the day
    return _all_or_none(column, least, most)


def _all_or_none(column: ColumnFacts, least: Value | None, most: Value | None) -> int | None:
    if column.low is None or column.high is None or column.values is None or isinstance(column.low, str):
        return None
    first, last = column.low, column.high
    if (least is None or first >= least) and (most is None or last <= most):  # type: ignore[operator]
        return 0
    if (least is not None and last < least) or (most is not None and first > most):  # type: ignore[operator]
        return column.values
    return None


def _not_in(form: InSet, column: ColumnFacts | None) -> int | None:
    """Values that break the rule: decided where the column has one value only."""
    if column is None or column.values is None:
        return None
    if column.values == 0:
        return 0
    if column.low is None or column.low != column.high:
        return None
    listed = [literal_of(column.kind, value) for value in form.values]
    if any(value is None for value in listed):
        return None
    return column.values if (column.low in listed) is form.negated else 0


def _compared(expression: str, facts: TargetFacts) -> int | None:
    """A column compared with a number."""
    match = _COMPARED.match(expression)
    if match is None:
        return None
    name = unquoted(match["name"])
    column = None if name is None else facts.column(name)
    if column is None or column.values is None or family(column.kind) != "number":
        return None
    if column.values == 0:
        return 0
    number = literal_of(column.kind, Literal("number", match["number"]))
    if number is None or column.low is None or column.high is None:
        return None
    holds = _ENDS[match["operator"]]
    best, worst = holds(column.low, column.high, number)
    if worst:
        return 0
    return None if best else column.values


# whether some value may hold, and whether all do, for values between the two
_ENDS: dict[str, Callable[[Value, Value, Value], tuple[bool, bool]]] = {
    ">": lambda low, high, number: (high > number, low > number),  # type: ignore[operator]
    ">=": lambda low, high, number: (high >= number, low >= number),  # type: ignore[operator]
    "<": lambda low, high, number: (low < number, high < number),  # type: ignore[operator]
    "<=": lambda low, high, number: (low <= number, high <= number),  # type: ignore[operator]
    "=": lambda low, high, number: (low <= number <= high, low == number == high),  # type: ignore[operator]
}


# several rows


def _unique(columns: Sequence[str], nulls_bad: bool, facts: TargetFacts, rows: int) -> Measured | None:
    found = [facts.column(name) for name in columns]
    counts = [None if one is None else one.nulls for one in found]
    if rows and any(count == rows for count in counts):
        return Measured(bad=rows if nulls_bad else 0, total=rows)
    if rows == 0:
        return Measured(bad=0, total=0)
    known = [count for count in counts if count is not None]
    if rows == 1 and len(known) == len(counts):
        return Measured(bad=sum(known) if nulls_bad and sum(known) <= 1 else int(nulls_bad and any(known)), total=1)
    return None


def _reference(
    check: Check, columns: Sequence[str], dataset: str, question: CheckQuestion, facts: TargetFacts
) -> Measured | None:
    assert isinstance(check.form, Reference)
    rows = facts.rows or 0
    if rows == 0 or _are_all_null(columns, facts):
        return Measured(bad=0, total=rows)
    there = question.others.get(dataset)
    if there is None or there.rows != 0:
        return None
    nulls = _nulls(columns, facts)
    return None if nulls is None else Measured(bad=rows - nulls, total=rows)


def _are_all_null(columns: Sequence[str], facts: TargetFacts) -> bool:
    found = [facts.column(name) for name in columns]
    return any(one is not None and one.values == 0 for one in found)
