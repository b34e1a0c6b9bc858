"""Rows that a check set aside: counted where they are, beside those of the dataset, among which none may be left that fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.checks.compile.plans import RowPlan
from andon.checks.execute.ask import Found
from andon.checks.execute.plain import scoped
from andon.checks.execute.question import CheckQuestion
from andon.checks.execute.samples import listed, make
from andon.checks.judge import Measured
from andon.model.check import Check
from andon.model.check_result import Samples
from andon.model.quarantine import CHECK_IDS, aside_of, row_hash

if TYPE_CHECKING:
    import duckdb


def sets_aside(question: CheckQuestion, check: Check) -> bool:
    """Whether a check set rows aside that are at hand; where nothing was built since it stands there, it is asked as any other."""
    return check.quarantine is not None and aside_of(check.dataset) in question.others


def with_set_aside(
    question: CheckQuestion, found: Mapping[int, Found], connection: duckdb.DuckDBPyConnection
) -> dict[int, Found]:
    """What was found, of checks that set rows aside with the rows that they did: those fail, and are among all that were looked at."""
    import duckdb

    result = dict(found)
    for index, one in found.items():
        check, plan = question.items[index]
        if not sets_aside(question, check) or not isinstance(plan, RowPlan) or one.measured.error is not None:
            continue
        try:
            result[index] = replace_measured(one, _measured(question, check, plan, one.measured, connection))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            result[index] = replace_measured(one, Measured(error=str(error).split("\n")[0]))
    return result


def replace_measured(found: Found, measured: Measured) -> Found:
    """What was found, but for what was measured."""
    return Found(measured, found.how, found.seconds, found.rows, found.within)


def _measured(
    question: CheckQuestion, check: Check, plan: RowPlan, here: Measured, connection: duckdb.DuckDBPyConnection
) -> Measured:
    aside = question.others[aside_of(check.dataset)]
    fails = f"list_contains({CHECK_IDS}, {literal(check.id)})"
    in_scope = f"count(*) filter (where coalesce(try({plan.scope}), true))" if plan.scope is not None else "count(*)"
    bad, total = connection.execute(
        f"select count(*) filter (where {fails}), {in_scope} from {aside.relation}"
    ).fetchall()[0]
    left = here.bad or 0
    released = question.released.get(check.id, ())
    if left and released:
        told = row_hash([quote(name) for name, _ in question.own.columns])
        own = scoped(question.own.relation, plan)
        among = ", ".join(map(literal, released))
        left = int(
            connection.execute(
                f"select count(*) from {own} where case when ({plan.bad}) then {told} not in ({among}) else false end"
            ).fetchall()[0][0]
        )
    return Measured(bad=int(bad) + left, total=int(total) + (here.total or 0), left=left)


def set_aside_samples(question: CheckQuestion, check: Check, connection: duckdb.DuckDBPyConnection) -> Samples:
    """Some of the rows that a check set aside, in full, but for the columns that say why.

    Raises:
        duckdb.Error: what the engine says.
    """
    aside = question.others[aside_of(check.dataset)]
    columns = [name for name, _ in question.own.columns]
    fails = f"list_contains({CHECK_IDS}, {literal(check.id)})"
    rows = connection.execute(
        f"select {listed(columns, question.masked)} from {aside.relation} s where {fails} limit {question.samples}"
    ).fetchall()
    return make(columns, rows, question.masked)
