"""Values of personal columns kept out of what checks tell: also of results that were kept before a column was marked. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import replace
from andon.base.text import words_in
from andon.checks.judge import Judgement
from andon.checks.language.parse import parse_check
from andon.checks.personal import discreet as by_verdict
from andon.model.check import Check, CheckStatus, Violations
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
    if not read:
        return result
    if result.status is CheckStatus.ERROR:
        named = (result.reason or "").partition(":")[0].partition(" (the message")[0]
        columns = ", ".join(f"`{name}`" for name in read)
        return replace(result, reason=f"{named} (the message may quote values of {columns} and is not shown)")
    verdict = Judgement(result.status, result.value, result.limit, reason=result.reason)
    told = by_verdict(check, verdict, frozenset(read))
    return replace(result, status=told.status, value=told.value, limit=told.limit, reason=told.reason)


def discreet_kept(result: CheckResult, marked: Mapping[str, frozenset[str]]) -> CheckResult:
    """A kept result without values of columns that are personal now; its check is read again from its text.

    Args:
        marked: `{dataset: personal columns in lower case}`.
    """
    own = marked.get(result.dataset, frozenset())
    others = frozenset().union(*(marked.get(name, frozenset()) for name, _ in result.others))
    if not own and not others:
        return result
    check = parse_check(result.text, dataset=result.dataset, columns=None, key=None)
    if isinstance(check, Check):
        found = discreet(result, check, own, others, frozenset())
    else:  # a rule of a file, whose rows may call a personal column anything, or what has no value of its own
        is_rule = result.text.endswith(".sql")
        hidden = frozenset(name.lower() for name in result.samples.columns) if is_rule else own
        found = replace(result, samples=_samples(result.samples, hidden))
    if found.value == MASK and found.last_good is not None:
        found = replace(found, last_good={**found.last_good, "value": MASK})
    return found


def _samples(samples: Samples, masked: frozenset[str]) -> Samples:
    hidden = [name.lower() in masked for name in samples.columns]
    if not any(hidden):
        return samples
    rows = tuple(
        tuple(MASK if hide and cell is not None else cell for hide, cell in zip(hidden, row, strict=True))
        for row in samples.rows
    )
    return Samples(samples.columns, rows, tuple(n for n, hide in zip(samples.columns, hidden, strict=True) if hide))
