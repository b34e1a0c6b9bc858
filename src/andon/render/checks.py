"""Results of checks in words: what was found against what was wanted. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.text import plural
from andon.checks.findings import finding
from andon.model.check import CheckStatus
from andon.model.check_result import CheckResult


def tally_text(checks: Sequence[CheckResult]) -> str:
    """`12 checks: 11 hold, 1 fails`."""
    parts = []
    for status, one, many in (
        (CheckStatus.PASS, "holds", "hold"),
        (CheckStatus.FAIL, "fails", "fail"),
        (CheckStatus.ERROR, "could not run", "could not run"),
        (CheckStatus.SKIPPED, "skipped", "skipped"),
    ):
        count = sum(1 for c in checks if c.status is status)
        if count:
            parts.append(f"{count:,} {one if count == 1 else many}")
    return f"{plural(len(checks), 'check')}: {', '.join(parts)}" if checks else "no checks"


def finding_text(check: CheckResult) -> str:
    """What was found, against what was wanted."""
    if check.accepted is not None and check.failed:
        return f"{finding(check)}; accepted by {check.accepted['who']}: {check.accepted['reason']}"
    return finding(check)
