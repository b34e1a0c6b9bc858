"""Budgets as results of checks: what a dataset says one build of it may take, and what the build of a version took. Pure.

What is measured is the build's own record, so that a build that is known already holds as it did when it was made.
"""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.duration import Duration
from andon.base.hashing import content_id
from andon.base.record import replace
from andon.model.acceptance import Acceptance
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult, result_key

#: How a budget is called among checks.
LABEL = "budget"


def budget_result(
    dataset: str,
    budget: Duration,
    seconds: float,
    version: str,
    run: int | None = None,
    acceptances: Mapping[str, Acceptance] | None = None,
) -> CheckResult:
    """Whether the build of a version kept to its dataset's budget: it does not where it took longer, and does where it took as long.

    Args:
        seconds: what the build took, as measured.
        acceptances: by what they accept.
    """
    check = content_id(["budget", dataset, budget.seconds])
    is_over = seconds > budget.seconds
    result = CheckResult(
        key=result_key(check, version),
        check=check,
        dataset=dataset,
        label=LABEL,
        text=f"{LABEL} {budget}",
        kind=CheckKind.TOTAL,
        severity=Severity.HOLD,
        status=CheckStatus.FAIL if is_over else CheckStatus.PASS,
        value=seconds,
        limit=f"<= {budget.seconds:g}",
        reason="seconds of its build; make it cheaper, raise the budget in its file, or accept it once"
        if is_over
        else None,
        how="proof",
        version=version,
        run=run,
    )
    accepted = (acceptances or {}).get(result.subject) if is_over else None
    return result if accepted is None else replace(result, accepted=accepted.to_json())
