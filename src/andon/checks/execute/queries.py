"""Queries of planned execution: which checks share one, what it says, and how its answer is read.

- a count of its own where the reader skips most of the file by its statistics or dictionaries;
- one scan for all that is left about rows, with each predicate once, the numbers of the first failing rows, and aggregates;
- keys by bitmap or by hashes, references by an anti join.

A query may leave a check undecided (a key has repeated hashes): then another one follows, at last the plain one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from andon.base.names import quote
from andon.base.record import Record
from andon.checks.compile.check import AgePlan, Plan, ReferencePlan, RowPlan, TotalPlan, UniquePlan
from andon.checks.compile.nan import is_float
from andon.checks.execute.facts import TargetFacts
from andon.checks.execute.keys import ROW, Answer, Follow, Numbered, by_hashes, in_scan, missing
from andon.checks.execute.proofs import plain_column
from andon.checks.execute.question import CheckQuestion, Target
from andon.checks.judge import Measured
from andon.model.check import Check, InSet, NotNull, Range, RowRule

PROOF, COUNT, SCAN, JOIN, ALONE = "proof", "count", "scan", "join", "alone"

#: Rows from which on it matters how rows are read; below, one query costs more than its rows.
LARGE = 300_000
#: Bytes per value up to which a column of texts surely has dictionaries that the reader can skip by.
_DICTIONARY = 2
#: File and row in one number: rows of a file are below this.
FILE_STEP = 1 << 40

_HOLISTIC = re.compile(
    r"distinct|median|quantile|mode|histogram|list|array_agg|string_agg|group_concat|listagg|mad|entropy|holistic", re.I
)
_SIMPLE_RULE = re.compile(r'([A-Za-z_]\w*|"(?:[^"]|"")+")\s*(<=|>=|<>|=|<|>)\s*-?[0-9]+(\.[0-9]+)?\Z', re.ASCII)
_IS_FALSE = " is false"


class Part(Record):
    """A check's share of a query's one row: `row[start:end]`, and how it is read. With `has_rows`, failing rows' numbers come last."""

    index: int
    start: int
    end: int
    read: Callable[[Sequence[Any]], Answer]
    has_rows: bool = False


class CheckQuery(Record):
    """One query for some checks."""

    how: str
    sql: str
    parts: tuple[Part, ...]


def plan_queries(
    question: CheckQuestion, indexes: Sequence[int], facts: TargetFacts, *, tell_rows: bool = False
) -> list[CheckQuery]:
    """The queries for the items at `indexes`; those that no query is made for are to be asked plainly.

    Args:
        tell_rows: whether the numbers of failing rows are wanted even of few rows.
    """
    own = question.own.by_files
    is_large = facts.rows is not None and (tell_rows or facts.rows >= LARGE)
    number = row_number(question.own) if is_large and question.samples else None
    numbered = None if number is None else Numbered(number, question.samples)
    queries: list[CheckQuery] = []
    scanned: list[int] = []
    for index in indexes:
        check, plan = question.items[index]
        query = None
        match plan:
            case RowPlan(has_window=False):
                query = _count(index, check, plan, own, facts, numbered) if is_large else None
                if query is None:
                    scanned.append(index)
            case TotalPlan(scope=None, is_standalone=False):
                if not (is_large and _HOLISTIC.search(f"{plan.value} {plan.limit}")):
                    scanned.append(index)
            case AgePlan(scope=None):
                scanned.append(index)
            case UniquePlan(scope=None):
                if in_scan(plan, facts, is_large) is not None:
                    scanned.append(index)
                elif is_large:
                    follow = by_hashes(plan, own, facts, numbered)
                    query = _single(JOIN, index, follow)
            case ReferencePlan(scope=None):
                there = question.relations().other(plan.dataset)
                query = _single(JOIN, index, missing(plan, own, there, facts, numbered))
        if query is not None:
            queries.append(query)
    if scanned:
        queries.append(scan(question, scanned, facts, own, numbered, is_large))
    return queries


def _single(how: str, index: int, follow: Follow) -> CheckQuery:
    return CheckQuery(how, follow.sql, (Part(index, 0, follow.width, follow.read),))


def _count(
    index: int, check: Check, plan: RowPlan, own: str, facts: TargetFacts, numbered: Numbered | None
) -> CheckQuery | None:
    """A count whose WHERE the reader can skip by; None where it can't."""
    if plan.scope is not None or not _can_skip(check, facts):
        return None
    if isinstance(check.form, NotNull):
        where = plan.bad
    elif plan.bad.startswith("(") and plan.bad.endswith(")" + _IS_FALSE):
        where = f"not {plan.bad.removesuffix(_IS_FALSE)}"  # NULL is dropped by WHERE
    else:
        return None
    rows = facts.rows
    items, relation = "count(*)", own
    if numbered is not None:
        items, relation = f"count(*), min({ROW}, {numbered.samples})", numbered.rows(own)
    part = Part(
        index,
        0,
        1 if numbered is None else 2,
        lambda row: Measured(bad=int(row[0]), total=rows),
        numbered is not None,
    )
    return CheckQuery(COUNT, f"select {items} from {relation} where {where}", (part,))


def _can_skip(check: Check, facts: TargetFacts) -> bool:
    """Whether the rule compares one column with literals, which can't fail, and the reader knows that column's bounds."""
    form = check.form
    match form:
        case NotNull():
            return True
        case Range(expression) | InSet(expression):
            name = plain_column(expression)
        case RowRule(expression, None, None):
            match_ = _SIMPLE_RULE.match(expression)
            name = None if match_ is None else plain_column(match_[1])
        case _:
            return False
    kind = None if name is None else facts.kind(name)
    if name is None or kind is None or is_float(kind):
        return False
    if not isinstance(form, InSet):
        return kind != "VARCHAR"
    column = facts.column(name)
    return (
        column is not None and column.size is not None and column.size <= _DICTIONARY * column.rows and not form.negated
    )


# the scan


def row_number(target: Target) -> str | None:
    """SQL that numbers the rows of a target that is read by its files; None if it can't be: a column has that name."""
    if not target.is_table or {name.lower() for name, _ in target.columns} & {"file_row_number", "file_index"}:
        return None
    return "file_row_number" if len(target.paths) == 1 else f"file_index::bigint * {FILE_STEP} + file_row_number"


def scan(
    question: CheckQuestion,
    indexes: Sequence[int],
    facts: TargetFacts,
    own: str,
    numbered: Numbered | None,
    is_large: bool,
) -> CheckQuery:
    """One query for all of the items at `indexes`."""
    made = _Scan(facts, numbered, is_large)
    for index in indexes:
        made.add(index, question.items[index][1])
    return CheckQuery(SCAN, made.sql(own), tuple(made.parts))


class _Scan:
    def __init__(self, facts: TargetFacts, numbered: Numbered | None, is_large: bool) -> None:
        self._facts = facts
        self._numbered = numbered
        self._is_large = is_large
        self._inner: dict[str, str] = {}
        self._items: list[str] = []
        self.parts: list[Part] = []

    def add(self, index: int, plan: Plan) -> None:
        start = len(self._items)
        has_rows = False
        read: Callable[[Sequence[Any]], Answer]
        match plan:
            case RowPlan(bad, scope):
                read, has_rows = self._row(bad, scope)
            case TotalPlan(value, limit, holds):
                self._items += ["null" if sql is None else f"({sql})" for sql in (value, limit, holds)]
                read = _total
            case AgePlan(newest, infinite):
                self._items += [newest, f"coalesce({infinite}, false)"]
                read = _age
            case UniquePlan():
                found = in_scan(plan, self._facts, self._is_large)
                assert found is not None
                self._items += found.items
                read = found.read
            case _:
                raise ValueError("the plan can't stand in a scan")
        self.parts.append(Part(index, start, len(self._items), read, has_rows))

    def _row(self, bad: str, scope: str | None) -> tuple[Callable[[Sequence[Any]], Answer], bool]:
        guarded = bad if scope is None else f"case when ({scope}) then ({bad}) else false end"
        name = self._once(guarded)
        self._items.append(f"count(*) filter (where {name})")
        rows = self._facts.rows if scope is None else None
        if rows is None:
            self._items.append(
                "count(*)" if scope is None else f"count(*) filter (where {self._once(f'({scope}) is true')})"
            )
        tells = self._numbered is not None
        if self._numbered is not None:
            self._items.append(f"min({ROW}, {self._numbered.samples}) filter (where {name})")
        if rows is not None:
            return lambda row: Measured(bad=int(row[0]), total=rows), tells
        return lambda row: Measured(bad=int(row[0]), total=int(row[1])), tells

    def _once(self, predicate: str) -> str:
        """A name for a predicate, which is evaluated once; for few rows itself, which is planned faster."""
        if not self._is_large:
            return f"({predicate})"
        return quote(self._inner.setdefault(predicate, f"andon {len(self._inner)}"))

    def sql(self, own: str) -> str:
        items = ", ".join(self._items)
        if not self._inner:
            return f"select {items} from {own}"
        named = [f"({sql}) as {quote(name)}" for sql, name in self._inner.items()]
        if self._numbered is not None:
            named.append(f"{self._numbered.number} as {ROW}")
        return f"select {items} from (select *, {', '.join(named)} from {own})"


def _total(row: Sequence[Any]) -> Measured:
    return Measured(value=row[0], limit=row[1], holds=row[2])


def _age(row: Sequence[Any]) -> Measured:
    return Measured(value=row[0], is_infinite=bool(row[1]))
