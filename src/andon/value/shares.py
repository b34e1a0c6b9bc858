"""Value along the lineage: who relies on a dataset (names, never summed), and its share (adds up to the whole). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from andon.base.record import Record
from andon.model.insight import Basis, Insight, Period, Worth
from andon.value.allot import allot
from andon.value.resting import Resting

#: How many of a period a year has; what is worth something once is no sum of a year.
_A_YEAR: Mapping[Period, Decimal] = {
    Period.DAY: Decimal(365),
    Period.WEEK: Decimal(365) / 7,
    Period.MONTH: Decimal(12),
    Period.QUARTER: Decimal(4),
    Period.YEAR: Decimal(1),
}
_CENTS = 100


class ValueKind(Record):
    """What may be added to each other: amounts of one basis and currency, each year or once.

    Attributes:
        per: `year` or `once`.
    """

    basis: Basis
    currency: str
    per: Period


class ValueShares(Record):
    """What datasets are worth by what rests on them.

    Attributes:
        totals: cents by kind, over all insights that count.
        unplaced: cents by kind of insights that rest on no dataset.
        shares: by dataset, cents by kind. With `unplaced` they add up to `totals` exactly.
        unreviewed: insights whose value counts no more, since nobody looked at them again.
    """

    totals: Mapping[ValueKind, int]
    unplaced: Mapping[ValueKind, int]
    shares: Mapping[str, Mapping[ValueKind, int]]
    unreviewed: tuple[str, ...]


def yearly(worth: Worth) -> tuple[ValueKind, int] | None:
    """What is added for a worth: cents of its kind; None where no amount is said, or it has no basis."""
    if worth.amount is None or worth.currency is None or worth.basis is Basis.NONE:
        return None
    if worth.per is Period.ONCE:
        return ValueKind(worth.basis, worth.currency, Period.ONCE), _cents(worth.amount)
    return ValueKind(worth.basis, worth.currency, Period.YEAR), _cents(worth.amount * _A_YEAR[worth.per])


def is_unreviewed(insight: Insight, today: str) -> bool:
    """Whether the day is past until which it was to be looked at again.

    Args:
        today: a day (ISO).
    """
    return insight.review_by is not None and insight.review_by < today


def value_shares(insights: Iterable[Insight], resting: Resting, today: str) -> ValueShares:
    """What each dataset is worth.

    The value of an insight is shared equally by all that it rests on.

    Args:
        today: a day (ISO).
    """
    totals: dict[ValueKind, int] = {}
    unplaced: dict[ValueKind, int] = {}
    shares: dict[str, dict[ValueKind, int]] = {}
    unreviewed = []
    for insight in sorted(insights, key=lambda each: each.name):
        if is_unreviewed(insight, today):
            unreviewed.append(insight.name)
            continue
        found = yearly(insight.worth)
        if found is None:
            continue
        kind, cents = found
        totals[kind] = totals.get(kind, 0) + cents
        datasets = sorted(resting.on[insight.name])
        if not datasets:
            unplaced[kind] = unplaced.get(kind, 0) + cents
            continue
        for dataset, part in zip(datasets, allot(cents, len(datasets)), strict=True):
            of = shares.setdefault(dataset, {})
            of[kind] = of.get(kind, 0) + part
    return ValueShares(totals, unplaced, shares, tuple(unreviewed))


def _cents(amount: Decimal) -> int:
    return int((amount * _CENTS).to_integral_value())
