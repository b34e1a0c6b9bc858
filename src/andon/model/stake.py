"""What a plan costs, and what rests on what it moves."""

from __future__ import annotations

from andon.base.document import Document
from andon.base.record import replace


class StakeValue(Document):
    """What insights are worth that may be added: of one basis and currency, each year or once. No two of these are ever added.

    Attributes:
        basis: `measured` or `estimated`.
        per: `year` or `once`; what is said by day, week, month or quarter is counted for a year.
        amount: to the cent.
        insights: how many it is of.
    """

    basis: str
    currency: str
    per: str
    amount: str
    insights: int


class StakeBudget(Document):
    """A budget beside what the plan is expected to take of it.

    Attributes:
        dataset: whose; null for what all of a publish may take.
        budget: as written.
        expected: by what it took before, in what the budget is of; null where nothing is known.
        over: whether that is more: as things were, it would be held.
    """

    dataset: str | None
    budget: str
    expected: str | None
    over: bool


class Stake(Document):
    """What a plan costs, and what rests on what it moves.

    Attributes:
        builds: how many datasets are built.
        seconds: what that took before, added up; None where nothing is known.
        known: of how many builds that is known.
        money, currency: what it costs by the rate of `[cost]`, to the cent; None without a rate.
        insights: that rest on what is built, taken over, made a view or dropped, each once; by name.
        unreviewed: those of them whose value counts no more, since nobody looked at them again.
        worth: what the others are worth.
        budgets: those that count for it, first that of the whole publish.
    """

    builds: int
    seconds: float | None
    known: int
    money: str | None
    currency: str | None
    insights: tuple[str, ...]
    unreviewed: tuple[str, ...]
    worth: tuple[StakeValue, ...]
    budgets: tuple[StakeBudget, ...] = ()

    def document(self) -> Stake:
        """As in `plan --json`."""
        return self if self.seconds is None else replace(self, seconds=round(self.seconds, 3))
