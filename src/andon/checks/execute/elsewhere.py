"""Checks that another engine answers where the data lie: in one scan what is about rows and totals, and each of the others alone.

What it does not answer is left to the embedded engine, and noted: a check has one answer, whoever gives it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from andon.base.record import Record, field
from andon.checks.compile.check import AgePlan, Plan, PublishedPlan, RowPlan, SchemaPlan, TotalPlan, ViolationsPlan
from andon.checks.execute.ask import Found, how_plainly, proved
from andon.checks.execute.facts import TargetFacts
from andon.checks.execute.plain import query, read_row
from andon.checks.execute.queries import SCAN, CheckQuery, scan
from andon.checks.execute.question import CheckQuestion
from andon.engines.answers import AnswerSession, NotAnswered


class FoundElsewhere(Record):
    """What another engine answered, by the places of the items.

    Attributes:
        engine: its name.
        found: what was measured there.
        left: why what is left to the embedded engine was not.
    """

    engine: str = ""
    found: Mapping[int, Found] = field(default_factory=dict)
    left: Mapping[int, str] = field(default_factory=dict)

    def ran(self, index: int) -> str | None:
        """Where an item ran, in words; None: it is not about rows that lie elsewhere."""
        if index in self.found:
            return self.engine
        return f"duckdb, not {self.engine}: {self.left[index]}" if index in self.left else None


#: No other engine was asked.
NOTHING = FoundElsewhere()


def elsewhere(question: CheckQuestion, answering: AnswerSession, engine: str) -> FoundElsewhere:
    """What another engine tells of the items that are not proved by what the writes told.

    Args:
        question: its relations are names that `answering` knows.

    Raises:
        Cancelled: the engine was stopped.
    """
    facts = TargetFacts(question.own)
    indexes = range(len(question.items))
    known = proved(question, indexes, facts)
    left = {index: "" for index in indexes if index not in known and _is_asked(question, index)}
    found: dict[int, Found] = {}
    together = [
        index for index in left if _in_scan(question.items[index][1]) and _fits(question, index, facts, left, answering)
    ]
    if len(together) > 1:
        found.update(_scanned(question, together, facts, answering))
    for index in left:
        if index in found or left[index]:
            continue
        try:
            found[index] = _alone(question, index, facts, answering)
        except NotAnswered as error:
            left[index] = str(error)
    return FoundElsewhere(engine, found, {index: why for index, why in left.items() if index not in found})


def elsewhere_sql(question: CheckQuestion, answering: AnswerSession) -> dict[int, str]:
    """What the other engine would be asked for each item that it answers, alone."""
    facts = TargetFacts(question.own)
    indexes = range(len(question.items))
    known = proved(question, indexes, facts)
    said: dict[int, str] = {}
    for index in indexes:
        if index in known or not _is_asked(question, index):
            continue
        try:
            said[index] = answering.said(_query(question, index, facts)[0])
        except NotAnswered:
            continue
    return said


def _is_asked(question: CheckQuestion, index: int) -> bool:
    plan = question.items[index][1]
    return not isinstance(plan, SchemaPlan) and not (isinstance(plan, PublishedPlan) and question.published is None)


def _in_scan(plan: Plan) -> bool:
    match plan:
        case RowPlan(has_window=False):
            return True
        case TotalPlan(scope=None, is_standalone=False) | AgePlan(scope=None):
            return True
    return False


def _query(question: CheckQuestion, index: int, facts: TargetFacts) -> tuple[str, CheckQuery | None]:
    """The query of one item, with names for its columns, and how a scan's row is read."""
    plan = question.items[index][1]
    if _in_scan(plan):
        return _scan_of(question, [index], facts)
    sql = query(plan, question.relations())
    return (sql if isinstance(plan, ViolationsPlan) else _named(sql, 3 if isinstance(plan, TotalPlan) else 2)), None


def _scan_of(question: CheckQuestion, indexes: Sequence[int], facts: TargetFacts) -> tuple[str, CheckQuery]:
    asked = scan(question, indexes, facts, question.own.relation, None, is_large=True)
    return _named(asked.sql, asked.parts[-1].end), asked


def _named(sql: str, width: int) -> str:
    """A query whose columns have names, each its own: as it is written two may have one."""
    return f"select * from ({sql}) as asked({', '.join(f'c{at}' for at in range(width))})"


def _fits(
    question: CheckQuestion, index: int, facts: TargetFacts, left: dict[int, str], answering: AnswerSession
) -> bool:
    """Whether the engine is known to answer an item of a scan; why not is noted."""
    try:
        answering.said(_scan_of(question, [index], facts)[0])
    except NotAnswered as error:
        left[index] = str(error)
        return False
    return True


def _scanned(
    question: CheckQuestion, indexes: Sequence[int], facts: TargetFacts, answering: AnswerSession
) -> dict[int, Found]:
    """What one scan tells; nothing where it fails, which is one of its items' alone."""
    sql, asked = _scan_of(question, indexes, facts)
    began = time.perf_counter()
    try:
        row = answering.rows(sql)[0]
    except NotAnswered:
        return {}
    share = (time.perf_counter() - began) / len(indexes)
    return {index: Found(measured, SCAN, share) for index, measured in _read(asked, row).items()}


def _alone(question: CheckQuestion, index: int, facts: TargetFacts, answering: AnswerSession) -> Found:
    plan = question.items[index][1]
    sql, asked = _query(question, index, facts)
    began = time.perf_counter()
    row = answering.rows(sql)[0]
    took = time.perf_counter() - began
    if asked is not None:
        return Found(_read(asked, row)[index], SCAN, took)
    return Found(read_row(plan, row), how_plainly(plan), took)


def _read(asked: CheckQuery, row: Sequence[Any]) -> dict[int, Any]:
    return {part.index: part.read(row[part.start : part.end]) for part in asked.parts}
