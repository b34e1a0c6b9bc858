"""Values of personal columns kept out of what checks tell: also of results that were kept before a column was marked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.base.text import words_in
from andon.checks.judge import Judgement
from andon.checks.language.parse import parse_check
from andon.checks.personal import discreet as by_verdict
from andon.checks.personal import without_quotes
from andon.model.check import Check, CheckStatus, Violations
from andon.model.check_result import CheckResult, Samples
from andon.model.mask import MASK

if TYPE_CHECKING:
    from andon.sql.lineage.query import Lineage

#: Personal columns in lower case, by dataset.
Marked = Mapping[str, frozenset[str]]


def discreet(
    result: CheckResult, check: Check, marked: Marked, traced: Callable[[], Lineage | None] = lambda: None
) -> CheckResult:
    """`result` without values of personal columns.

    Args:
        traced: of a rule, what its columns are made of; None or a fallback hides them all.
    """
    own = marked.get(check.dataset, frozenset())
    others = frozenset().union(*(marked.get(name, frozenset()) for name in check.others))
    if not own and not others:
        return result
    is_rule = isinstance(check.form, Violations)
    if result.samples.rows:
        hidden = _made_from(result.samples, marked, traced()) if is_rule else own
        result = replace(result, samples=_samples(result.samples, hidden))
    if result.status is CheckStatus.ERROR:
        text = words_in(check.text)
        columns = {name.lower() for name in check.columns}
        read = sorted(name for name in own | others if name in columns or words_in(name) <= text)
        # a query may read a whole row without naming a column of it
        hides = read or is_rule or others
        return replace(result, reason=without_quotes(result.reason, read)) if hides else result
    verdict = Judgement(result.status, result.value, result.limit, reason=result.reason)
    told = by_verdict(check, verdict, own | others)
    return replace(result, status=told.status, value=told.value, limit=told.limit, reason=told.reason)


def discreet_kept(result: CheckResult, marked: Marked) -> CheckResult:
    """A kept result without values of columns that are personal now; its check is read again from its text."""
    if not any(marked.get(name) for name in result.datasets):
        return result
    check = parse_check(result.text, dataset=result.dataset, columns=None, key=None)
    if isinstance(check, Check):
        found = discreet(result, replace(check, others=tuple(name for name, _ in result.others)), marked)
    else:  # a rule of a file, or a line that can't be read without the columns of that day: any value may be personal
        hidden = frozenset(name.lower() for name in result.samples.columns)
        found = replace(
            result,
            samples=_samples(result.samples, hidden),
            value=None if result.value is None else MASK,
            limit=MASK if result.value is not None and result.limit is not None else result.limit,
            reason=without_quotes(result.reason, ()) if result.status is CheckStatus.ERROR else result.reason,
        )
    if found.value == MASK and found.last_good is not None:
        found = replace(found, last_good={**found.last_good, "value": MASK})
    return found


def _made_from(samples: Samples, marked: Marked, lineage: Lineage | None) -> frozenset[str]:
    """The columns of a rule's rows that are made from personal ones, in lower case; all of them if that is not known."""
    if lineage is None or lineage.fallback is not None:
        return frozenset(name.lower() for name in samples.columns)
    return frozenset(
        name.lower()
        for name, sources in lineage.columns.items()
        if any(column.lower() in marked.get(dataset, ()) for dataset, column in sources)
    )


def _samples(samples: Samples, masked: frozenset[str]) -> Samples:
    hidden = [name.lower() in masked or name in samples.masked for name in samples.columns]
    rows = tuple(
        tuple(MASK if hide and cell is not None else cell for hide, cell in zip(hidden, row, strict=True))
        for row in samples.rows
    )
    return Samples(samples.columns, rows, tuple(n for n, hide in zip(samples.columns, hidden, strict=True) if hide))
