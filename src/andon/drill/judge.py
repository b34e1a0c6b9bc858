"""The judge of the drill: reads `main` by plain queries, knows what is true from the world, and takes no word of the product for it.

Missing rows are late, not wrong: what a reader could act upon is a row that is there and is not true.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from andon.base.record import Record, field
from andon.drill.truth import DaySums, Truth, sums_of

if TYPE_CHECKING:
    from andon.service.service import Service

_SUMS = """
select sold_on, count(*), sum(sale_id), sum(customer_id), sum(cds), sum(cast(amount * 100 as bigint)),
  sum(sale_id * cast(amount * 100 as bigint)), sum(customer_id * cast(amount * 100 as bigint)), count(distinct customer_id)
from shop.sales group by sold_on order by sold_on
"""
_LINES = "select sale_id, customer_id, cds, cast(amount * 100 as bigint) from shop.sales where sold_on = date '{day}'"
_DAYS = "select sold_on, purchases, cast(revenue * 100 as bigint) from marts.revenue_by_day"
_WEEKS = "select week, cast(revenue * 100 as bigint) from reports.revenue_by_week"
_VALUE = (
    "select sum(purchases), sum(cast(revenue * 100 as bigint)), sum(customer_id * cast(revenue * 100 as bigint)) "
    "from marts.customer_value"
)
_BEST = """
select
  (select count(*) from reports.best_customers),
  (select count(*) from reports.best_customers join (
    select customer_id, revenue from marts.customer_value order by revenue desc, customer_id limit 100
  ) as top using (customer_id, revenue))
"""
#: So many of the newest days may be missing in what is made of them.
_BEHIND = 3
_CUSTOMERS = "select count(*), count(joined_on) from crm.customers"


class Wrong(Record):
    """What of a commit is wrong: rows, by dataset.

    Attributes:
        days: of which days' lines a wrong line is shown.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    days: tuple[date, ...] = ()

    @property
    def total(self) -> int:
        """All rows that are wrong."""
        return sum(self.rows.values())


class Judge:
    """Judges commits of one project against the truth."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._kept: dict[str, Wrong] = {}

    def look(self, service: Service, commit: str) -> Wrong:
        """What is wrong in a commit; one that is known is not asked again."""
        if commit not in self._kept:
            self._kept[commit] = self._looked(service, commit)
        return self._kept[commit]

    def _looked(self, service: Service, commit: str) -> Wrong:
        def ask(sql: str) -> list[tuple[Any, ...]]:
            return service.querying.ask(sql, commit).fetch()

        rows: dict[str, int] = {}
        bad_days: list[date] = []
        right: dict[date, DaySums] = {}
        for day, *numbers in ask(_SUMS):
            shown = DaySums(*[int(number or 0) for number in numbers])
            if shown == self._truth.sums.get(day):
                right[day] = shown
                continue
            lines = [tuple(line) for line in ask(_LINES.format(day=day))]
            wrong, left = self._truth.wrong_among(day, lines)
            right[day] = sums_of(left)
            if wrong:
                rows["shop.sales"] = rows.get("shop.sales", 0) + wrong
                bad_days.append(day)
        rows["marts.revenue_by_day"] = sum(
            _differs(right.get(day), int(purchases), cents) for day, purchases, cents in ask(_DAYS)
        )
        cuts = sorted(right)[-_BEHIND:]  # what reads it may be of a day before: late, not wrong
        rows["reports.revenue_by_week"] = sum(
            all(int(cents or 0) != _week(right, week, cut) for cut in cuts) for week, cents in ask(_WEEKS)
        )
        (value,) = ask(_VALUE)
        rows["marts.customer_value"] = int(all(tuple(int(n or 0) for n in value) != _value(right, cut) for cut in cuts))
        ((shown_best, right_best),) = ask(_BEST)
        rows["reports.best_customers"] = int(shown_best) - int(right_best)
        ((_, joined),) = ask(_CUSTOMERS)
        rows["crm.customers"] = len(self._truth.customers) - int(joined)
        return Wrong({name: count for name, count in rows.items() if count}, tuple(bad_days))


def _differs(expected: DaySums | None, purchases: int, cents: int | None) -> bool:
    return expected is None or (expected.purchases, expected.cents) != (purchases, int(cents or 0))


def _week(right: Mapping[date, DaySums], week: date, cut: date) -> int:
    days = (week + timedelta(days=n) for n in range(7))
    return sum(right[day].cents for day in days if day in right and day <= cut)


def _value(right: Mapping[date, DaySums], cut: date) -> tuple[int, int, int]:
    known = [sums for day, sums in right.items() if day <= cut]
    return sum(k.purchases for k in known), sum(k.cents for k in known), sum(k.weighed for k in known)
