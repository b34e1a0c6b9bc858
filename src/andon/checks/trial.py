"""Suggested lines put to the test: each is read, compiled and run, on the present version and on earlier ones, before anyone sees it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.checks.compile import Catalog, Plan, compile_check
from andon.checks.judge import Verdict, judge
from andon.checks.parse import parse_check
from andon.checks.plain import Relations, measure
from andon.checks.suggest_facts import Candidate, Subject, Tried
from andon.checks.watch import Point, learned
from andon.errors import Problem
from andon.model.check import Check, MaxAge, Status, Watch
from andon.sql.bind import Binder

if TYPE_CHECKING:
    import duckdb

#: Shares of rows that a tolerant line may allow; at least twice as many as fail now.
_ALLOWED = (("0.1%", Decimal("0.001")), ("0.5%", Decimal("0.005")), ("1%", Decimal("0.01")))


@dataclass(frozen=True, slots=True)
class Place:
    """One version, ready to be asked.

    Attributes:
        relations: its rows, those of the other datasets at that time, and the version before it as the published one.
        moment: its logical time, if it is known.
        history: its number of rows in the versions before.
    """

    relations: Relations
    connection: duckdb.DuckDBPyConnection
    moment: datetime | None = None
    history: tuple[Point, ...] = ()


def try_all(
    subject: Subject,
    candidates: Sequence[Candidate],
    catalog: Catalog,
    binder: Binder,
    present: Place,
    past: Iterable[Place],
    seconds: float = 20.0,
) -> list[Tried]:
    """The candidates that can be compiled and hold on `present`, run on the versions of `past` as well.

    Args:
        past: newest first; no more of them are looked at once `seconds` are used up.
    """
    until = time.monotonic() + seconds
    held = []
    for candidate in candidates:
        found = _hold(subject, candidate, catalog, binder, present)
        if found is not None:
            held.append(found)
    failures, versions = [0] * len(held), [0] * len(held)
    if held:
        for place in past:
            for index, (_, check, plan) in enumerate(held):
                status = _verdict(check, plan, place).status
                failures[index] += status is Status.FAIL
                versions[index] += status in (Status.PASS, Status.FAIL)
            if time.monotonic() > until:
                break
    return [Tried(one, failures[i], versions[i]) for i, (one, _, _) in enumerate(held)]


def compiled(subject: Subject, line: str, catalog: Catalog, binder: Binder) -> tuple[Check, Plan] | None:
    """The line as a check of the subject with its plan; None if it is no valid line there."""
    check = parse_check(
        line, dataset=subject.dataset, columns=subject.columns, key=subject.key, patterns=tuple(catalog.patterns)
    )
    if isinstance(check, Problem) or check.id in {one.id for one in subject.declared}:
        return None
    plan = compile_check(check, catalog, binder)
    return None if isinstance(plan, Problem) else (check, plan)


def _hold(
    subject: Subject, candidate: Candidate, catalog: Catalog, binder: Binder, present: Place
) -> tuple[Candidate, Check, Plan] | None:
    found = compiled(subject, candidate.line, catalog, binder)
    if found is None:
        return None
    verdict = _verdict(*found, present)
    if _holds(found[0], verdict):
        return candidate, *found
    allowed = _allowance(verdict) if candidate.is_tolerant else None
    if allowed is None:
        return None
    line = f"{candidate.line} allow {allowed}"
    told = f"{candidate.evidence}, but {verdict.bad:,} of {verdict.total:,}"
    again = compiled(subject, line, catalog, binder)
    if again is None or not _holds(again[0], _verdict(*again, present)):
        return None
    return replace(candidate, line=line, evidence=told), *again


def _holds(check: Check, verdict: Verdict) -> bool:
    """Whether it passes; what compares with the past need not have one."""
    waits = verdict.status is Status.SKIPPED and (isinstance(check.form, Watch) or check.kind == "change")
    return verdict.status is Status.PASS or waits


def _allowance(verdict: Verdict) -> str | None:
    if verdict.status is not Status.FAIL or not verdict.bad or not verdict.total:
        return None
    share = Decimal(verdict.bad) / Decimal(verdict.total)
    return next((text for text, most in _ALLOWED if 2 * share <= most), None)


def _verdict(check: Check, plan: Plan, place: Place) -> Verdict:
    if isinstance(check.form, MaxAge) and place.moment is None:
        return Verdict(Status.SKIPPED, reason="the logical time is not known")
    measured = measure(plan, place.relations, place.connection)
    if isinstance(check.form, Watch) and place.moment is not None:
        measured = replace(measured, limits=learned(check.form, place.history, place.moment))
    return judge(check, measured, place.moment)
