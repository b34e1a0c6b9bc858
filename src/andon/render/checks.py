"""Results of checks in words: what was found against what was wanted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from andon.base.text import plural
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
        return f"{_measured(check)}; accepted by {check.accepted['who']}: {check.accepted['reason']}"
    return _measured(check)


def _measured(check: CheckResult) -> str:
    if check.status is CheckStatus.ERROR:
        return f"could not run: {check.reason}"
    if check.status is CheckStatus.SKIPPED:
        return check.reason or "skipped"
    if check.bad is not None and check.total is not None:
        share = f" ({_share(check.bad / check.total)})" if check.bad and check.total else ""
        allowed = (
            f", {check.limit:,} allowed" if isinstance(check.limit, int) and not isinstance(check.limit, bool) else ""
        )
        return (
            f"{check.bad:,} of {plural(check.total, 'row')}{share}{allowed}"
            if check.bad
            else plural(check.total, "row")
        )
    if check.bad is not None:
        return plural(check.bad, "row")
    value = check.reason if check.value is None and check.reason else measured_text(check.value)
    if check.limit is not None and check.failed:
        value += f", wanted {measured_text(check.limit)}"
    if check.reason and check.value is not None:
        value += f" ({check.reason})"
    return value


def measured_text(value: Any) -> str:
    """A measured value for people."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1 else f"{value:,.2f}".rstrip("0").rstrip(".")
    text = str(value)
    low, dots, high = text.partition("..")
    if dots:
        return f"{_bound(low)}..{_bound(high)}"
    return text


def _share(share: float) -> str:
    return f"{share:.2%}" if share >= 0.0001 else "< 0.01%"


def _bound(text: str) -> str:
    """One end of a range, with its thousands apart if it is a long number."""
    try:
        value = float(text)
    except ValueError:
        return text
    return measured_text(int(value) if value.is_integer() else value) if abs(value) >= 10_000 else text
