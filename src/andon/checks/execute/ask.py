"""Asking the engine what checks measure: proofs first, then the planned queries, and plainly what they leave undecided."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andon.checks.compile.check import AgePlan, Plan, RowPlan, SchemaPlan
from andon.checks.execute.facts import TargetFacts
from andon.checks.execute.keys import Answer, Decided, Follow
from andon.checks.execute.plain import measure
from andon.checks.execute.proofs import prove
from andon.checks.execute.queries import ALONE, JOIN, PROOF, CheckQuery, plan_queries
from andon.checks.execute.question import CheckQuestion, Target
from andon.checks.judge import Measured

if TYPE_CHECKING:
    import duckdb


@dataclass(slots=True)
class Found:
    """What one check measured, how and at what cost.

    Attributes:
        rows: numbers of its first failing rows, if they are known.
        within: files that all failing rows are in, if that is known.
    """

    measured: Measured
    how: str
    seconds: float = 0.0
    rows: tuple[int, ...] | None = None
    within: Target | None = None


def proved(question: CheckQuestion, indexes: Iterable[int], facts: TargetFacts) -> dict[int, Found]:
    """What the writes of the question's own version prove."""
    found = {}
    for index in indexes:
        check, plan = question.items[index]
        proof = prove(check, plan, question, facts)
        if proof is not None:
            found[index] = Found(proof, PROOF)
    return found


def answered(
    question: CheckQuestion,
    indexes: Sequence[int],
    facts: TargetFacts,
    connection: duckdb.DuckDBPyConnection,
    *,
    tell_rows: bool = False,
) -> dict[int, Found]:
    """What the engine says about the items at `indexes`, all of them.

    Args:
        tell_rows: whether the numbers of failing rows are wanted even of few rows.

    Raises:
        duckdb.InterruptException: when the connection was interrupted.
    """
    found: dict[int, Found] = {}
    for asked in plan_queries(question, indexes, facts, tell_rows=tell_rows):
        found.update(_ask(asked, connection))
    for index in indexes:
        if index not in found:
            found[index] = _plainly(question.items[index][1], question, connection)
    return found


def _ask(asked: CheckQuery, connection: duckdb.DuckDBPyConnection) -> dict[int, Found]:
    """What a query tells; what it leaves undecided is missing. If the engine refuses it, each of its checks is asked alone."""
    import duckdb

    began = time.perf_counter()
    try:
        row: Sequence[Any] = connection.execute(asked.sql).fetchall()[0]
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return {}
    share = (time.perf_counter() - began) / len(asked.parts)
    found = {}
    for part in asked.parts:
        values = row[part.start : part.end]
        began = time.perf_counter()
        answer = _followed(part.read(values), connection)
        if answer is None:
            continue
        rows = tuple(values[-1] or ()) if part.has_rows else None
        if isinstance(answer, Decided):
            measured, rows = answer.measured, answer.rows
        else:
            measured = answer
        found[part.index] = Found(measured, asked.how, share + time.perf_counter() - began, rows)
    return found


def _followed(answer: Answer, connection: duckdb.DuckDBPyConnection) -> Measured | Decided | None:
    import duckdb

    while isinstance(answer, Follow):
        try:
            answer = answer.read(connection.execute(answer.sql).fetchall()[0])
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            return None
    return answer


def _plainly(plan: Plan, question: CheckQuestion, connection: duckdb.DuckDBPyConnection) -> Found:
    began = time.perf_counter()
    measured = measure(plan, question.relations(), connection)
    return Found(measured, how_plainly(plan), time.perf_counter() - began)


def how_plainly(plan: Plan) -> str:
    """How it is called when a plan runs plainly: rules and totals over rows of their own run alone; all else compares rows with rows."""
    match plan:
        case SchemaPlan():
            return PROOF
        case RowPlan() | AgePlan():
            return ALONE
    return ALONE if getattr(plan, "is_standalone", None) is False else JOIN
