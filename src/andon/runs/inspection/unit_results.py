"""Results of unit tests among those of checks, so that a run shows and judges them alike. Pure."""

from __future__ import annotations

from andon.base.hashing import content_id
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult, Samples, result_key
from andon.model.unit_tests import TestResult, TestStatus

_STATUS = {TestStatus.PASS: CheckStatus.PASS, TestStatus.FAIL: CheckStatus.FAIL, TestStatus.ERROR: CheckStatus.ERROR}


def as_check(result: TestResult, version: str, run: int | None) -> CheckResult:
    """The result of a unit test of the dataset whose version this is; rows that are missing or should not be there are its samples."""
    check = content_id(["unit test", result.dataset, result.file, result.name])
    rows = [("missing", *row) for row in result.missing] + [("not expected", *row) for row in result.unexpected]
    for pair in result.pairs:
        rows += [("expected", *pair.expected), ("found", *pair.found)]
    wrong = result.wrong
    reason = result.message or ("; ".join(p.message for p in result.problems) or None)
    if reason is None and result.misplaced:
        reason = "the rows are right and their order is not"
    return CheckResult(
        key=result_key(check, version),
        check=check,
        dataset=result.dataset,
        label=result.name,
        text=f"{result.file}: {result.name}",
        kind=CheckKind.UNIT,
        severity=Severity.HOLD,
        status=_STATUS[result.status],
        bad=wrong if result.status is TestStatus.FAIL and wrong else None,
        reason=reason,
        samples=Samples(("", *result.columns), tuple(rows)) if rows else Samples(),
        seconds=result.seconds,
        how="kept" if result.cached else "alone",
        version=version,
        run=run,
        file=result.file,
        line=result.line,
    )
