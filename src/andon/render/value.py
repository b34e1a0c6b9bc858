"""What the lake is worth, in words for terminal and pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.text import plural

if TYPE_CHECKING:
    from andon.service.value import RepairDocument, ValueAmount, ValueDocument


def amount_words(amount: ValueAmount) -> str:
    """An amount with what it is of: `5,000 USD a year, measured`."""
    number = Decimal(amount.amount)
    told = f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.2f}"
    return f"{told} {amount.currency}{' a year' if amount.per == 'year' else ' once'}, {amount.basis}"


def amounts_words(amounts: Sequence[ValueAmount]) -> str:
    """Amounts beside each other, never added up; empty where there is none."""
    return " + ".join(amount_words(each) for each in amounts)


def repair_words(repair: RepairDocument) -> str:
    """Which repair, and whom it helps: `marts.orders has no owner: it holds back 3 insights`."""
    what = repair.flaw.what.rstrip(".")
    return f"{repair.flaw.dataset}: {what}; it holds back {plural(len(repair.insights), 'insight')}"


def unreviewed_words(found: ValueDocument) -> str:
    """Whose value counts no more until somebody looks again; empty where that is of none."""
    if not found.unreviewed:
        return ""
    return f"unreviewed, so that their value does not count: {', '.join(found.unreviewed)}"
