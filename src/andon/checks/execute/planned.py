"""Planned execution: all checks of a dataset at about the price of reading it once, and exactly the answers of `plain.py`.

What the writes told proves what it can; then come counts that the reader skips by, one scan for what is left about rows, joins, and
what must run alone. Results agree with the plain execution to the last bit on an instance of one thread; sums of doubles depend on
the order of the rows, which is the engine's with more threads, here as there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.checks.compile.check import AgePlan
from andon.checks.execute import samples
from andon.checks.execute.aside import set_aside_samples, sets_aside, with_set_aside
from andon.checks.execute.ask import Found, answered, how_plainly, proved
from andon.checks.execute.elsewhere import NOTHING, FoundElsewhere
from andon.checks.execute.facts import TargetFacts
from andon.checks.execute.plain import query
from andon.checks.execute.queries import PROOF, plan_queries
from andon.checks.execute.question import CheckQuestion, Executed, FileStates, Target
from andon.checks.execute.states import by_states, keep_unique
from andon.checks.judge import Judgement, judge
from andon.checks.personal import discreet, without_quotes
from andon.model.check import Check, CheckStatus
from andon.model.check_result import Samples

if TYPE_CHECKING:
    import duckdb

__all__ = ["CheckQuestion", "Executed", "FileStates", "Target", "execute", "explain_sql"]


def execute(
    question: CheckQuestion,
    connection: duckdb.DuckDBPyConnection,
    moment: datetime,
    there: FoundElsewhere = NOTHING,
) -> list[Executed]:
    """How each check came out, in the order of the items. What the engine refuses is status `error` of that check alone.

    Args:
        connection: where the relations of the question can be read; its time zone is UTC.
        moment: the logical time.
        there: what another engine told of them.

    Raises:
        duckdb.InterruptException: when the connection was interrupted.
    """
    facts = TargetFacts(question.own)
    indexes = range(len(question.items))
    found = {**proved(question, indexes, facts), **there.found}
    left = [index for index in indexes if index not in found]
    if left and question.states is not None:
        found.update(by_states(question, left, facts, connection, question.states))
        left = [index for index in left if index not in found]
    if left:
        asked = answered(question, left, facts, connection)
        found.update(asked)
        if question.states is not None:
            keep_unique(question, asked, question.states)
    if any(check.quarantine is not None for check, _ in question.items):
        found = with_set_aside(question, found, connection)
    made = _judged(question, [found[index] for index in indexes], connection, moment)
    return [replace(one, ran=there.ran(index)) for index, one in enumerate(made)] if there.engine else made


# verdicts and samples


def _judged(
    question: CheckQuestion, found: Sequence[Found], connection: duckdb.DuckDBPyConnection, moment: datetime
) -> list[Executed]:
    verdicts = [judge(check, one.measured, moment) for (check, _), one in zip(question.items, found, strict=True)]
    failed = [index for index, verdict in enumerate(verdicts) if verdict.status is CheckStatus.FAIL]
    rows = _samples(question, found, failed, connection) if failed and question.samples else {}
    made = []
    for index, ((check, plan), one) in enumerate(zip(question.items, found, strict=True)):
        newest = one.measured.value if isinstance(plan, AgePlan) else None
        verdict = _discreet(check, verdicts[index], question.masked) if question.masked else verdicts[index]
        made.append(Executed(verdict, one.how, one.seconds, rows.get(index, Samples()), newest))
    return made


def _samples(
    question: CheckQuestion, found: Sequence[Found], failed: Sequence[int], connection: duckdb.DuckDBPyConnection
) -> dict[int, Samples]:
    """Failing rows of failed checks. A check whose rows can't be fetched keeps its verdict and has none."""
    import duckdb

    numbered = {
        index: rows for index in failed if (rows := found[index].rows) and question.items[index][0].quarantine is None
    }
    made: dict[int, Samples] = {}
    try:
        if numbered:
            began = time.perf_counter()
            made = samples.by_number(numbered, question.own, question.masked, connection)
            for index in numbered:
                found[index].seconds += (time.perf_counter() - began) / len(numbered)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        made = {}
    for index in failed:
        if index in made:
            continue
        began = time.perf_counter()
        try:
            within = found[index].within
            narrow = question if within is None else replace(question, own=within)
            check = question.items[index][0]
            if sets_aside(question, check) and not found[index].measured.left:
                made[index] = set_aside_samples(question, check, connection)
                continue
            made[index] = samples.sample(question.items[index][1], narrow, connection)
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            continue
        found[index].seconds += time.perf_counter() - began
    return made


def _discreet(check: Check, verdict: Judgement, masked: frozenset[str]) -> Judgement:
    """The verdict without values of masked columns: what is made from them, messages that may quote one."""
    if verdict.status is not CheckStatus.ERROR:
        return discreet(check, verdict, masked)
    read = [name for name in check.columns if name.lower() in masked]
    return replace(verdict, reason=without_quotes(verdict.reason, read)) if read else verdict


def explain_sql(question: CheckQuestion) -> list[tuple[Check, str, str]]:
    """For each check how it would be executed, and the SQL that runs first for it; a proof runs none."""
    facts = TargetFacts(question.own)
    indexes = range(len(question.items))
    told = {index: (PROOF, "") for index in proved(question, indexes, facts)}
    left = [index for index in indexes if index not in told]
    for asked in plan_queries(question, left, facts):
        told.update({part.index: (asked.how, asked.sql) for part in asked.parts})
    relations = question.relations()
    for index in left:
        plan = question.items[index][1]
        if index not in told:
            told[index] = (how_plainly(plan), query(plan, relations))
    return [(check, *told[index]) for index, (check, _) in enumerate(question.items)]
