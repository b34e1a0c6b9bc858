"""What is measured, as money: two rates, and no money where there is none. Pure."""

from __future__ import annotations

from decimal import Decimal

from andon.base.record import Record
from andon.value.allot import allot_by
from andon.value.bill import Amounts

_MILLION = 10**6
#: A gigabyte for 30 days, in byte-days; an hour in millionths of a second.
_GB_MONTH = 30 * 10**9
_HOUR = 3600 * _MILLION
_CENT = 10_000


class Rates(Record):
    """What computing and keeping cost.

    Attributes:
        compute_hour, storage_gb_month: in `currency`; None where nobody says.
    """

    currency: str = ""
    compute_hour: Decimal | None = None
    storage_gb_month: Decimal | None = None

    @property
    def is_said(self) -> bool:
        """Whether anything is money."""
        return self.compute_hour is not None or self.storage_gb_month is not None

    def priced(self, micros: int, byte_days: int) -> Amounts:
        """What was measured, with what it costs."""
        money = (self.compute_hour or Decimal(0)) * micros * _MILLION / _HOUR
        money += (self.storage_gb_month or Decimal(0)) * byte_days * _MILLION / _GB_MONTH
        return Amounts(micros, byte_days, int(money.to_integral_value()))


def shown(values: list[int], unit: int) -> list[int]:
    """Each of `values` (not below zero) in whole `unit`s, by largest remainder: they add up to their sum, rounded to a unit."""
    if not values:
        return []
    return allot_by((sum(values) + unit // 2) // unit, values) if any(values) else [0] * len(values)


def cents(amounts: list[Amounts]) -> list[int]:
    """The money of each in cents, so that the column adds up."""
    return shown([each.money for each in amounts], _CENT)
