"""Failing rows in full, for showing. Values of masked columns never leave the engine; long values are cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.checks.compile.check import Plan, PublishedPlan, ReferencePlan, RowPlan, UniquePlan, ViolationsPlan
from andon.checks.execute import queries
from andon.checks.execute.keys import ROW, Numbered
from andon.checks.execute.plain import PlainRelations, changed_keys, lost_keys, scoped, temporary_macros
from andon.checks.execute.queries import FILE_STEP, row_number
from andon.checks.execute.question import CheckQuestion, Target
from andon.model.check_result import Samples
from andon.model.mask import MASK

if TYPE_CHECKING:
    import duckdb

#: Characters of a value that are kept.
LONGEST = 2000


def sample(plan: Plan, question: CheckQuestion, connection: duckdb.DuckDBPyConnection) -> Samples:
    """Up to `question.samples` rows that the plan counts as bad; nothing for plans that have no bad rows.

    Raises:
        duckdb.Error: what the engine says.
    """
    if isinstance(plan, ViolationsPlan):
        return _violations(plan, question, connection)
    target = sampled_target(plan, question)
    relations = question.relations()
    sql = failing_rows(plan, relations, question.samples)
    if target is None or sql is None:
        return Samples()
    number = row_number(target) if (target.rows or 0) >= queries.LARGE else None
    if number is not None:
        # only the columns that decide are read for all rows
        relation = Numbered(number, 0).rows(target.by_files)
        one = replace(relations, published=relation) if _is_published(plan) else replace(relations, own=relation)
        found = connection.execute(f"select {ROW} from ({failing_rows(plan, one, question.samples)})").fetchall()
        return by_number({0: [int(row[0]) for row in found]}, target, question.masked, connection)[0]
    columns = [name for name, _ in target.columns]
    rows = connection.execute(f"select {listed(columns, question.masked)} from ({sql}) s").fetchall()
    return make(columns, rows, question.masked)


def _violations(plan: ViolationsPlan, question: CheckQuestion, connection: duckdb.DuckDBPyConnection) -> Samples:
    """The first rows that a rule returns."""
    columns = [name for name, _ in plan.columns]
    sql = f"select {listed(columns, question.masked)} from (select * from (\n{plan.sql}\n) limit {question.samples}) s"
    with temporary_macros(plan.macros, connection):
        return make(columns, connection.execute(sql).fetchall(), question.masked)


def by_number(
    numbered: Mapping[int, Sequence[int]],
    target: Target,
    masked: frozenset[str],
    connection: duckdb.DuckDBPyConnection,
) -> dict[int, Samples]:
    """Rows of a version by their numbers, as the scan tells them, for each of several checks.

    Raises:
        duckdb.Error: what the engine says.
    """
    columns = [name for name, _ in target.columns]
    wanted: dict[int, list[int]] = {}
    for number in sorted({number for numbers in numbered.values() for number in numbers}):
        wanted.setdefault(number // FILE_STEP, []).append(number)
    rows: dict[int, tuple[str | None, ...]] = {}
    for file, numbers in wanted.items():
        inside = ", ".join(str(number % FILE_STEP) for number in numbers)
        relation = f"read_parquet([{literal(target.paths[file])}])"
        sql = (
            f"select s.file_row_number, {listed(columns, masked)} from {relation} s"
            f" where s.file_row_number in ({inside})"
        )
        for number, *values in connection.execute(sql).fetchall():
            rows[file * FILE_STEP + int(number)] = tuple(values)
    return {index: make(columns, [rows[number] for number in numbers], masked) for index, numbers in numbered.items()}


def make(columns: Sequence[str], rows: Sequence[tuple[str | None, ...]], masked: frozenset[str]) -> Samples:
    """Samples of rows as `listed` fetches them."""
    hidden = tuple(name for name in columns if name.lower() in masked)
    return Samples(tuple(columns), tuple(rows), hidden)


def sampled_target(plan: Plan, question: CheckQuestion) -> Target | None:
    """Whose rows are shown: lost keys are those of the published version."""
    return question.published if _is_published(plan) else question.own


def _is_published(plan: Plan) -> bool:
    return isinstance(plan, PublishedPlan) and not plan.changes


def listed(columns: Sequence[str], masked: frozenset[str]) -> str:
    """The select list that gives the columns as texts."""
    items = []
    for name in columns:
        column = f"s.{quote(name)}"
        if name.lower() in masked:
            items.append(f"case when {column} is not null then {literal(MASK)} end")
        else:
            text = f"{column}::varchar"
            cut = f"case when length({text}) > {LONGEST} then left({text}, {LONGEST}) || '…' else {text} end"
            items.append(cut)
    return ", ".join(items)


def failing_rows(plan: Plan, relations: PlainRelations, count: int) -> str | None:
    """SQL that gives up to `count` of the rows that the plan counts as bad; None if it counts none."""
    own = scoped(relations.own, plan)
    match plan:
        case RowPlan(bad, _, has_window):
            if has_window:
                return f'select * from (select *, ({bad}) as "andon bad" from {own}) where "andon bad" limit {count}'
            return f"select * from {own} where ({bad}) limit {count}"
        case UniquePlan(columns, nulls_bad):
            return _repeated(columns, nulls_bad, own, count)
        case ReferencePlan(columns, dataset, targets):
            full = " and ".join(f"h.{quote(column)} is not null" for column in columns)
            equal = " and ".join(
                f"o.{quote(there)} = h.{quote(here)}" for here, there in zip(columns, targets, strict=True)
            )
            there = relations.other(dataset)
            exists = f"exists (select 1 from {there} o where {equal})"
            return f"select h.* from {own} h where {full} and not {exists} limit {count}"
        case PublishedPlan(None, _, changes):
            return (changed_keys if changes else lost_keys)(plan, relations, count)
    return None


def _repeated(columns: Sequence[str], nulls_bad: bool, own: str, count: int) -> str:
    """Rows whose values occur more than once, equal ones together."""
    keys = ", ".join(f"{quote(column)} as k{index}" for index, column in enumerate(columns))
    empty = " or ".join(f"k{index} is null" for index in range(len(columns)))
    bad = f"times > 1 or {empty}" if nulls_bad else f"times > 1 and not ({empty})"
    names = ", ".join(f"k{index}" for index in range(len(columns)))
    groups = f"select {names}, count(*) as times from (select {keys} from {own}) group by {names}"
    few = f"select {names} from ({groups}) where {bad} order by {names} limit {count}"
    equal = " and ".join(f"o.{quote(column)} is not distinct from g.k{index}" for index, column in enumerate(columns))
    ordered = ", ".join(f"g.k{index}" for index in range(len(columns)))
    return f"select o.* from {own} o join ({few}) g on {equal} order by {ordered} limit {count}"
