"""A budget: what building may take, in time or in money at the rate of an hour's computing."""

from __future__ import annotations

import re
from decimal import Decimal

from andon.base.duration import Duration, read_duration
from andon.base.record import Record
from andon.base.text import seconds as seconds_text

#: How a budget is written, for people.
WRITTEN = "a length of time (`90s`, `10min`, `2h`) or a sum of money (`2 EUR`)"
_MONEY = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([A-Z]{3})\s*\Z")
_HOUR = 3600


class HourlyRate(Record):
    """What an hour of computing costs."""

    amount: Decimal
    currency: str

    def money(self, seconds: float) -> Decimal:
        """What so many seconds cost, to the millionth of a second."""
        return self.amount * round(seconds * 1_000_000) / (_HOUR * 1_000_000)


class Budget(Record, omit_defaults=True):
    """What building may take: a time, or a sum of money; one of them.

    Attributes:
        currency: of `amount`; empty for a time.
    """

    time: Duration | None = None
    amount: Decimal | None = None
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}" if self.amount is not None else str(self.time)

    @property
    def limit(self) -> float:
        """How much it is: seconds, or of its currency."""
        return float(self.amount) if self.amount is not None else (self.time or Duration()).seconds

    def is_over(self, seconds: float, rate: HourlyRate | None) -> bool:
        """Whether so many seconds are more than it allows.

        Args:
            rate: in the budget's currency, where it is of money: see `unpriced`.
        """
        if self.amount is None:
            return self.time is not None and seconds > self.time.seconds
        return rate is not None and rate.money(seconds) > self.amount

    def spent(self, seconds: float, rate: HourlyRate | None) -> float:
        """So many seconds, in what it is of."""
        return seconds if self.amount is None or rate is None else float(rate.money(seconds))

    def spoken(self, seconds: float, rate: HourlyRate | None) -> str:
        """`spent`, for people: `40 s`, `0.02 EUR`."""
        if self.amount is None or rate is None:
            return seconds_text(seconds)
        return money_text(rate.money(seconds), self.currency)

    def unpriced(self, rate: HourlyRate | None) -> str | None:
        """Why it can't be measured with this rate; None where it can."""
        if self.amount is None or (rate is not None and rate.currency == self.currency):
            return None
        if rate is None:
            return "nothing says what an hour of computing costs"
        return f"an hour of computing costs so much in {rate.currency or 'no currency'}, not in {self.currency}"


def read_budget(text: str) -> Budget | None:
    """The budget that a text states: `10min`, `2 EUR`; None where it states none, or nothing above zero. Months are no time."""
    money = _MONEY.match(text)
    if money is not None:
        amount = Decimal(money[1])
        return Budget(amount=amount, currency=money[2]) if amount else None
    found = read_duration(text)
    return Budget(time=found) if found is not None and not found.months else None


def money_text(amount: Decimal, currency: str) -> str:
    """A sum to the cent; what is less than half a cent and not nothing is told as such."""
    rounded = amount.quantize(Decimal("0.01"))
    told = "< 0.01" if amount and not rounded else f"{rounded:,}"
    return f"{told} {currency}".rstrip()
