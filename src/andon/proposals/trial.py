"""Proposed lines put to the test: each is read, compiled and run, on the present version and on earlier ones, before it is seen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.checks.compile.check import compile_check
from andon.checks.compile.plans import Catalog, Plan
from andon.checks.execute.planned import execute
from andon.checks.execute.question import CheckQuestion, Target
from andon.checks.judge import Judgement, Measured, judge
from andon.checks.language.parse import parse_check
from andon.checks.watch import Point, learned
from andon.errors import Problem
from andon.model.check import Check, CheckKind, CheckStatus, Watch
from andon.proposals.facts import Candidate, Subject, Tried
from andon.sql.bind import Binder

if TYPE_CHECKING:
    import duckdb

Item = tuple[Check, Plan]

#: Shares of rows that a tolerant line may allow; at least twice as many as fail now.
_ALLOWED = (("0.1%", Decimal("0.001")), ("0.5%", Decimal("0.005")), ("1%", Decimal("0.01")))


class Place(Record):
    """One version, ready to be asked.

    Attributes:
        others: the other datasets as they were at that time.
        published: the version before it.
        moment: its logical time.
        history: its number of rows in the versions before.
    """

    own: Target
    others: Mapping[str, Target]
    published: Target | None
    connection: duckdb.DuckDBPyConnection
    moment: datetime
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
    held = _held(subject, candidates, catalog, binder, present)
    failures, versions = [0] * len(held), [0] * len(held)
    if held:
        for place in past:
            for index, verdict in enumerate(verdicts([item for _, item in held], place)):
                failures[index] += verdict.status is CheckStatus.FAIL
                versions[index] += verdict.status in (CheckStatus.PASS, CheckStatus.FAIL)
            if time.monotonic() > until:
                break
    return [Tried(one, failures[i], versions[i]) for i, (one, _) in enumerate(held)]


def compiled(subject: Subject, line: str, catalog: Catalog, binder: Binder) -> Item | None:
    """The line as a check of the subject with its plan; None if it is no valid line there."""
    check = parse_check(
        line, dataset=subject.dataset, columns=subject.columns, key=subject.key, patterns=tuple(catalog.patterns)
    )
    if isinstance(check, Problem) or check.id in {one.id for one in subject.declared}:
        return None
    plan = compile_check(check, catalog, binder)
    return None if isinstance(plan, Problem) else (check, plan)


def _held(
    subject: Subject, candidates: Sequence[Candidate], catalog: Catalog, binder: Binder, present: Place
) -> list[tuple[Candidate, Item]]:
    """Candidates that hold on the present version, some of them only with `allow`."""
    asked = [(one, compiled(subject, one.line, catalog, binder)) for one in candidates]
    able = [(one, item) for one, item in asked if item is not None]
    held: list[tuple[Candidate, Item]] = []
    for (one, item), verdict in zip(able, verdicts([item for _, item in able], present), strict=True):
        if _holds(item[0], verdict):
            held.append((one, item))
            continue
        allowed = _allowance(verdict) if one.is_tolerant else None
        if allowed is None:
            continue
        told = f"{one.evidence}, but {verdict.bad:,} of {verdict.total:,}"
        looser = replace(one, line=f"{one.line} allow {allowed}", evidence=told)
        again = compiled(subject, looser.line, catalog, binder)
        if again is not None and _holds(again[0], verdicts([again], present)[0]):
            held.append((looser, again))
    return held


def _holds(check: Check, verdict: Judgement) -> bool:
    """Whether it passes; what compares with the past need not have one."""
    compares = check.kind in (CheckKind.WATCH, CheckKind.CHANGE)
    return verdict.status is CheckStatus.PASS or (compares and verdict.status is CheckStatus.SKIPPED)


def _allowance(verdict: Judgement) -> str | None:
    if verdict.status is not CheckStatus.FAIL or not verdict.bad or not verdict.total:
        return None
    share = Decimal(verdict.bad) / Decimal(verdict.total)
    return next((text for text, most in _ALLOWED if 2 * share <= most), None)


def verdicts(items: Sequence[Item], place: Place) -> list[Judgement]:
    """How checks come out on a version; those that name columns or datasets it didn't have are skipped."""
    columns = {name.lower() for name, _ in place.own.columns}
    able = [
        (check, plan)
        for check, plan in items
        if {name.lower() for name in check.columns} <= columns and all(other in place.others for other in check.others)
    ]
    others = {name: place.others[name] for check, _ in able for name in check.others}
    question = CheckQuestion(able, place.own, others, place.published, samples=0)
    executed = execute(question, place.connection, place.moment) if able else []
    found = {check.id: one.verdict for (check, _), one in zip(able, executed, strict=True)}
    for check, _ in able:
        if isinstance(check.form, Watch):
            limits = learned(check.form, place.history, place.moment)
            found[check.id] = judge(check, Measured(value=found[check.id].value, limits=limits), place.moment)
    missing = Judgement(CheckStatus.SKIPPED, reason="the version had no such columns")
    return [found.get(check.id, missing) for check, _ in items]
