"""The naive execution: one query for each check. What any planned execution must equal, and what says in SQL what a check means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from andon.base.names import quote, quote_name
from andon.base.record import Record
from andon.checks.compile.aggregates import with_relations
from andon.checks.compile.check import (
    AgePlan,
    Plan,
    PublishedPlan,
    ReferencePlan,
    RowPlan,
    SchemaPlan,
    TotalPlan,
    UniquePlan,
    ViolationsPlan,
)
from andon.checks.judge import Measured
from andon.sql.macros import as_temporary, macro_name

if TYPE_CHECKING:
    import duckdb


class PlainRelations(Record):
    """Where the rows are: SQL that may stand in FROM.

    Attributes:
        own: the checked dataset.
        others: other datasets by name; a name that is missing is taken as a table of that name.
        published: the version that readers have, or None when there is none.
        columns, declared: for schema rules.
    """

    own: str
    others: Mapping[str, str]
    published: str | None = None
    columns: Sequence[tuple[str, str]] = ()
    declared: Sequence[tuple[str, str | None]] = ()
    published_columns: Sequence[tuple[str, str]] | None = None

    def other(self, name: str) -> str:
        """The relation of another dataset."""
        return self.others.get(name, quote_name(name))


def measure(plan: Plan, relations: PlainRelations, connection: duckdb.DuckDBPyConnection) -> Measured:
    """What the plan's query finds; an error of the engine is in the result; only an interruption is raised."""
    import duckdb

    if isinstance(plan, SchemaPlan):
        return Measured(columns=relations.columns, declared=relations.declared, before=relations.published_columns)
    if isinstance(plan, PublishedPlan) and relations.published is None:
        return Measured(skipped="there is no published version")
    try:
        return _measured(plan, relations, connection)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        return Measured(error=str(error).split("\n")[0])


def _measured(plan: Plan, relations: PlainRelations, connection: duckdb.DuckDBPyConnection) -> Measured:
    if isinstance(plan, PublishedPlan):
        lacking = _lacking(plan, relations, connection)
        if lacking is not None:
            return Measured(skipped=lacking)
    if isinstance(plan, ViolationsPlan):
        with temporary_macros(plan.macros, connection):
            return read_row(plan, _one(connection, query(plan, relations)))
    return read_row(plan, _one(connection, query(plan, relations)))


def read_row(plan: Plan, row: Sequence[Any]) -> Measured:
    """What the one row of a plan's query says."""
    match plan:
        case ViolationsPlan():
            return Measured(bad=int(row[0]))
        case RowPlan() | UniquePlan() | ReferencePlan():
            return Measured(bad=int(row[0]), total=int(row[1]))
        case TotalPlan():
            return Measured(value=row[0], limit=row[1], holds=row[2])
        case AgePlan():
            return Measured(value=row[0], is_infinite=bool(row[1]))
        case PublishedPlan(value=None):
            return Measured(bad=int(row[0]), total=int(row[1]))
    return Measured(value=row[0], published=row[1])


@contextmanager
def temporary_macros(macros: Sequence[str], connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """The macros on this connection, for as long as the block runs."""
    for statement in macros:
        connection.execute(as_temporary(statement))
    try:
        yield
    finally:
        for statement in reversed(macros):
            name, is_table = macro_name(statement)
            connection.execute(f"drop macro {'table ' if is_table else ''}if exists temp.main.{quote(name)}")


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    rows = connection.execute(sql).fetchall()
    return tuple(rows[0])


def query(plan: Plan, relations: PlainRelations) -> str:
    """The one query of a plan: `bad, total`, `value, limit, holds`, `newest, infinite`, or `value, published`."""
    own = scoped(relations.own, plan)
    match plan:
        case RowPlan(bad):
            return f"select count(*) filter (where bad), count(*) from (select ({bad}) as bad from {own})"
        case UniquePlan(columns, nulls_bad):
            return _unique(columns, nulls_bad, own)
        case ReferencePlan():
            return _reference(plan, own, relations.other(plan.dataset))
        case TotalPlan():
            return _total(plan, own, relations)
        case AgePlan(newest, infinite):
            return f"select {newest}, coalesce({infinite}, false) from {own}"
        case PublishedPlan(value=str() as value):
            there = scoped(relations.published or "", plan)
            return f"select (select {value} from {own}), (select {value} from {there})"
        case PublishedPlan():
            return _changed(plan, relations) if plan.changes else _lost(plan, relations)
        case ViolationsPlan(sql):
            return f"select count(*) from (\n{sql}\n)"
        case SchemaPlan():
            raise ValueError("the schema is not queried")


def scoped(relation: str, plan: Plan) -> str:
    """The relation's rows that the check is about."""
    scope = None if isinstance(plan, SchemaPlan | ViolationsPlan) else plan.scope
    return relation if scope is None else f"(select * from {relation} where ({scope}))"


def _unique(columns: Sequence[str], nulls_bad: bool, own: str) -> str:
    names = ", ".join(quote(column) for column in columns)
    empty = " or ".join(f"{quote(column)} is null" for column in columns)
    groups = f"select count(*) as n, ({empty}) as empty from {own} group by {names}"
    bad = "n > 1 or empty" if nulls_bad else "n > 1 and not empty"
    return f"select coalesce(sum(n) filter (where {bad}), 0), coalesce(sum(n), 0) from ({groups})"


def _reference(plan: ReferencePlan, own: str, there: str) -> str:
    here = ", ".join(f"{quote(column)} as k{index}" for index, column in enumerate(plan.columns))
    full = " and ".join(f"k{index} is not null" for index in range(len(plan.columns)))
    equal = " and ".join(f"o.{quote(target)} = h.k{index}" for index, target in enumerate(plan.targets))
    bad = f"select count(*) from h where {full} and not exists (select 1 from {there} o where {equal})"
    return f"with h as (select {here} from {own}) select ({bad}), (select count(*) from h)"


def _total(plan: TotalPlan, own: str, relations: PlainRelations) -> str:
    parts = ", ".join("null" if sql is None else f"({sql})" for sql in (plan.value, plan.limit, plan.holds))
    if plan.is_standalone:
        return "select " + with_relations(parts, own, relations.other)
    return f"select {parts} from {own}"


def _keys(plan: PublishedPlan, one: str, other: str) -> tuple[str, str, str]:
    names = ", ".join(quote(column) for column in plan.key)
    full = " and ".join(f"{quote(column)} is not null" for column in plan.key)
    equal = " and ".join(f"{one}.{quote(column)} = {other}.{quote(column)}" for column in plan.key)
    return names, full, equal


def _lost(plan: PublishedPlan, relations: PlainRelations) -> str:
    """Published keys in scope that no row has now, and all published keys in scope."""
    names, full, equal = _keys(plan, "p", "n")
    there = scoped(relations.published or "", plan)
    keys = f"select distinct {names} from {there} where {full}"
    lost = f"select count(*) from p where not exists (select 1 from {relations.own} n where {equal})"
    return f"with p as ({keys}) select ({lost}), (select count(*) from p)"


def lost_keys(plan: PublishedPlan, relations: PlainRelations, count: int) -> str:
    """SQL that gives up to `count` published rows whose key is lost."""
    _, _, equal = _keys(plan, "p", "n")
    full = " and ".join(f"p.{quote(column)} is not null" for column in plan.key)
    there = scoped(relations.published or "", plan)
    lost = f"{full} and not exists (select 1 from {relations.own} n where {equal})"
    return f"select p.* from {there} p where {lost} limit {count}"


def _changed(plan: PublishedPlan, relations: PlainRelations) -> str:
    """Keys in both versions whose rows differ in a column that both have, and all keys in both."""
    names, _, equal = _keys(plan, "p", "n")
    own = scoped(relations.own, plan)
    differs = _differs(plan, relations)
    listed = ", ".join(f"n.{quote(column)}" for column in plan.key)
    pairs = f"select {listed}, bool_or({differs}) as changed from {own} n join {relations.published} p on {equal} group by {listed}"
    return f"select count(*) filter (where changed), count(*) from ({pairs}) keys ({names}, changed)"


def changed_keys(plan: PublishedPlan, relations: PlainRelations, count: int) -> str:
    """SQL that gives up to `count` rows that differ from the published row of their key."""
    _, _, equal = _keys(plan, "p", "n")
    own = scoped(relations.own, plan)
    differs = _differs(plan, relations)
    return f"select n.* from {own} n join {relations.published} p on {equal} where ({differs}) limit {count}"


def _differs(plan: PublishedPlan, relations: PlainRelations) -> str:
    """Whether a column that both versions have differs between `n` and `p`."""
    key = {column.lower() for column in plan.key}
    there = {name.lower(): name for name, _ in relations.published_columns or ()}
    both = [
        (name, there[name.lower()])
        for name, _ in relations.columns
        if name.lower() in there and name.lower() not in key
    ]
    return " or ".join(f"n.{quote(now)} is distinct from p.{quote(then)}" for now, then in both) or "false"


def _lacking(plan: PublishedPlan, relations: PlainRelations, connection: duckdb.DuckDBPyConnection) -> str | None:
    """Why the published version can't be compared: it has no such column yet."""
    import duckdb

    needed = [f"select {plan.value} from {scoped(relations.published or '', plan)}"] if plan.value else []
    if plan.key:
        names = ", ".join(quote(column) for column in plan.key)
        needed.append(
            f"select {names} from {relations.published if plan.changes else scoped(relations.published or '', plan)}"
        )
    try:
        for sql in needed:
            connection.execute(f"explain {sql} limit 0").fetchall()
    except duckdb.BinderException:
        return "the published version doesn't have these columns"
    return None
