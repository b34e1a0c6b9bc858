"""Results of checks as records: before and after they are judged, and those of what nobody could ask."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.checks.judge import Judgement
from andon.errors import Problem
from andon.model.check import Check, CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult, result_key
from andon.model.dataset import Dataset
from andon.model.version import Version


def unjudged(
    check: Check, key: str, version: str, *, how: str = "", run: int | None = None, at: str | None = None
) -> CheckResult:
    """A result that is still to be judged."""
    return CheckResult(
        key=key,
        check=check.id,
        dataset=check.dataset,
        label=check.label,
        text=check.text,
        kind=check.kind,
        severity=check.severity,
        status=CheckStatus.PASS,
        how=how,
        version=version,
        run=run,
        at=at,
    )


def judged(result: CheckResult, verdict: Judgement) -> CheckResult:
    """`result` with what a verdict says."""
    return replace(
        result,
        status=verdict.status,
        value=plain(verdict.value),
        limit=plain(verdict.limit),
        bad=verdict.bad,
        total=verdict.total,
        reason=verdict.reason,
    )


def plain(value: Any) -> Any:
    """A measured value as JSON has it: whole numbers and finite doubles as numbers, all else as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)


def unfit(said: Dataset, problem: Problem, version: Version, run: int | None) -> CheckResult:
    """The error of a line that does not fit what was built: it could not be known before."""
    line = next((one for one in said.checks if (one.file, one.line) == (problem.file, problem.line)), None)
    text = line.text.strip() if line else said.name
    check = content_id(["unfit check", said.name, text])
    return CheckResult(
        key=result_key(check, version.id),
        check=check,
        dataset=said.name,
        label=text,
        text=text,
        kind=CheckKind.ROW,
        severity=Severity.HOLD,
        status=CheckStatus.ERROR,
        reason=problem.message + (f"; {problem.hint}" if problem.hint else ""),
        version=version.id,
        run=run,
        file=problem.file,
        line=problem.line,
    )
