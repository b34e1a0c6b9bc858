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

#: All that is asked of a commit, in one question: a list of rows for each thing that is compared.
_ASKED = """
select
  (select list(s) from (
    select sold_on, count(*) as purchases_of_lines, sum(sale_id) as sales, sum(customer_id) as customers, sum(cds) as cds,
      sum(cast(amount * 100 as bigint)) as cents, sum(sale_id * cast(amount * 100 as bigint)) as weighed_sales,
      sum(customer_id * cast(amount * 100 as bigint)) as weighed, count(distinct customer_id) as purchases
    from shop.sales group by sold_on
  ) as s) as sums,
  (select list(d) from (
    select sold_on, purchases, cast(revenue * 100 as bigint) as cents from marts.revenue_by_day
  ) as d) as days,
  (select list(w) from (select week, cast(revenue * 100 as bigint) as cents from reports.revenue_by_week) as w) as weeks,
  (select list(v) from (
    select sum(purchases) as purchases, sum(cast(revenue * 100 as bigint)) as cents,
      sum(customer_id * cast(revenue * 100 as bigint)) as weighed
    from marts.customer_value
  ) as v) as worth,
  (select list(b) from (
    select
      (select count(*) from reports.best_customers) as shown,
      (select count(*) from reports.best_customers join (
        select customer_id, revenue from marts.customer_value order by revenue desc, customer_id limit 100
      ) as top using (customer_id, revenue)) as right_ones
  ) as b) as best,
  (select list(c) from (select count(*) as customers, count(joined_on) as joined from crm.customers) as c) as known
"""
_LINES = "select sale_id, customer_id, cds, cast(amount * 100 as bigint) from shop.sales where sold_on = date '{day}'"
#: So many of the newest days may be missing in what is made of them.
_BEHIND = 3


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

        (asked,) = ask(_ASKED)
        sums, days, weeks, worth, best, known = ([tuple(row.values()) for row in rows or ()] for rows in asked)
        rows: dict[str, int] = {}
        bad_days: list[date] = []
        right: dict[date, DaySums] = {}
        for day, *numbers in sorted(sums):
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
            _differs(right.get(day), int(purchases), cents) for day, purchases, cents in days
        )
        cuts = sorted(right)[-_BEHIND:]  # what reads it may be of a day before: late, not wrong
        rows["reports.revenue_by_week"] = sum(
            all(int(cents or 0) != _week(right, week, cut) for cut in cuts) for week, cents in weeks
        )
        (value,) = worth
        rows["marts.customer_value"] = int(all(tuple(int(n or 0) for n in value) != _value(right, cut) for cut in cuts))
        ((shown_best, right_best),) = best
        rows["reports.best_customers"] = int(shown_best) - int(right_best)
        ((_, joined),) = known
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
