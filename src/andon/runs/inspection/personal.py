"""Values of personal columns kept out of what checks tell: also of results that were kept before a column was marked. Pure."""

from __future__ import annotations

from typing import Any

from andon.base.record import replace
from andon.base.text import words_in
from andon.model.check import Check, CheckStatus, MaxAge, Violations
from andon.model.check_result import CheckResult, Samples
from andon.model.mask import MASK


def discreet(
    result: CheckResult, check: Check, own: frozenset[str], others: frozenset[str], known: frozenset[str]
) -> CheckResult:
    """`result` without values of personal columns.

    Args:
        own: personal columns of the check's dataset, in lower case.
        others: those of the other datasets that it reads.
        known: all columns of all of them, in lower case; what a rule calls otherwise may be made from a personal one.
    """
    rule = check.form if isinstance(check.form, Violations) else None
    text = " ".join((rule.sql, *rule.macros)) if rule is not None else check.text
    read = sorted((own | others) & (words_in(text) | {name.lower() for name in check.columns}))
    masked = own
    if rule is not None:
        shown = {name.lower() for name in result.samples.columns}
        masked = own | others | ((shown - known) if read or "*" in text else frozenset())
    result = replace(result, samples=_samples(result.samples, masked))
    if not read or isinstance(check.form, MaxAge):
        return result
    if result.status is CheckStatus.ERROR:
        named = (result.reason or "").partition(":")[0].partition(" (the message")[0]
        columns = ", ".join(f"`{name}`" for name in read)
        return replace(result, reason=f"{named} (the message may quote values of {columns} and is not shown)")
    limit = result.limit if str(result.limit) in check.text else _masked(result.limit)
    return replace(result, value=_masked(result.value), limit=limit)


def _samples(samples: Samples, masked: frozenset[str]) -> Samples:
    hidden = [name.lower() in masked for name in samples.columns]
    if not any(hidden):
        return samples
    rows = tuple(
        tuple(MASK if hide and cell is not None else cell for hide, cell in zip(hidden, row, strict=True))
        for row in samples.rows
    )
    return Samples(samples.columns, rows, tuple(n for n, hide in zip(samples.columns, hidden, strict=True) if hide))


def _masked(value: Any) -> Any:
    return MASK if isinstance(value, str) else value
