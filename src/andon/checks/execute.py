"""Planned execution: all checks of a dataset at about the price of reading it once, and exactly the answers of `plain.py`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from andon.checks import plan as fused
from andon.checks import samples
from andon.checks.compile import AgePlan, Plan, PublishedPlan, ReferencePlan, SchemaPlan, TotalPlan, UniquePlan
from andon.checks.judge import Measured, judge
from andon.checks.plain import query
from andon.checks.question import Executed, FileStates, Question, Target
from andon.model.check import Check, Status
from andon.model.check_result import Samples

if TYPE_CHECKING:
    import duckdb

__all__ = ["Executed", "FileStates", "Question", "Target", "execute", "explain_sql"]

PROOF, COUNT, SCAN, JOIN, ALONE = "proof", "count", "scan", "join", "alone"


def execute(question: Question, connection: duckdb.DuckDBPyConnection, moment: datetime) -> list[Executed]:
    """How each check came out, in the order of the items. What the engine refuses is status `error` of that check alone.

    Args:
        connection: where the relations of the question can be read.
        moment: the logical time.
    """
    plans = [plan for _, plan in question.items]
    began = time.perf_counter()
    found = fused.measure_all(plans, question.relations(), connection)
    share = (time.perf_counter() - began) / max(1, len(plans))
    made = []
    for (check, plan), one in zip(question.items, found, strict=True):
        measured = _schema(question) if isinstance(plan, SchemaPlan) else one.measured
        verdict = judge(check, measured, moment)
        rows = _samples(plan, question, connection) if verdict.status is Status.FAIL else Samples()
        newest = measured.value if isinstance(plan, AgePlan) else None
        made.append(Executed(verdict, _how(plan, one.how), share, rows, newest))
    return made


def explain_sql(question: Question) -> list[tuple[Check, str, str]]:
    """For each check how it would be executed, and the SQL; the schema is compared without."""
    relations = question.relations()
    told = []
    for check, plan in question.items:
        sql = "" if isinstance(plan, SchemaPlan) else query(plan, relations)
        how = SCAN if fused.can_fuse(plan) else _how(plan, ALONE)
        told.append((check, how, sql))
    return told


def _how(plan: Plan, how: str) -> str:
    if isinstance(plan, SchemaPlan):
        return PROOF
    if how != ALONE:
        return how
    reads_others = isinstance(plan, (UniquePlan, ReferencePlan, PublishedPlan)) or (
        isinstance(plan, TotalPlan) and plan.is_standalone
    )
    return JOIN if reads_others else ALONE


def _schema(question: Question) -> Measured:
    published = question.published if question.is_same_definition else None
    before = None if published is None else published.columns
    return Measured(columns=question.own.columns, declared=question.declared, before=before)


def _samples(plan: Plan, question: Question, connection: duckdb.DuckDBPyConnection) -> Samples:
    import duckdb

    try:
        return samples.sample(plan, question, connection)
    except duckdb.Error:
        return Samples()
