"""What really happened in the drill's shop: each line that was sold, and to whom. The world keeps it, the judge asks it."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from andon.base.record import Record

#: Months of the sample project that are enough for 76 days.
_MONTHS = ("1997-08", "1997-09", "1997-10")
_WEEK = timedelta(weeks=1)


class Sale(Record):
    """A line that was sold: its number, who bought, on which day, how many, and for how many cents."""

    sale: int
    customer: int
    day: date
    cds: int
    cents: int


class DaySums(Record):
    """What a day's lines come to, in numbers that add up over days."""

    lines: int = 0
    sales: int = 0
    customers: int = 0
    cds: int = 0
    cents: int = 0
    woven: int = 0
    weighed: int = 0
    purchases: int = 0


def sums_of(lines: Sequence[Sale]) -> DaySums:
    """What lines of one day come to."""
    return DaySums(
        len(lines),
        sum(each.sale for each in lines),
        sum(each.customer for each in lines),
        sum(each.cds for each in lines),
        sum(each.cents for each in lines),
        sum(each.sale * each.cents for each in lines),
        sum(each.customer * each.cents for each in lines),
        len({each.customer for each in lines}),
    )


class Truth(Record):
    """What was sold, by day; whom the shop knows; which file is right."""

    days: Mapping[date, tuple[Sale, ...]]
    sums: Mapping[date, DaySums]
    customers: tuple[int, ...]

    @classmethod
    def read(cls, example: Path, first: date, count: int) -> Truth:
        """The purchases of the sample project, moved by whole weeks so that they begin near `first`.

        Args:
            example: the folder of the sample project.
            count: how many days.
        """
        found: list[tuple[date, int, int, int]] = []
        for month in _MONTHS:
            with gzip.open(example / f"raw/transactions_{month}.csv.gz", "rb") as file:
                for row in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8")):
                    cents = round(float(row["amount"]) * 100)
                    found.append((date.fromisoformat(row["date"]), int(row["customer_id"]), int(row["cds"]), cents))
        found.sort()
        weeks = (first - found[0][0]) // _WEEK
        start = found[0][0] + (first - (found[0][0] + weeks * _WEEK))
        days: dict[date, list[Sale]] = {}
        for number, (day, customer, cds, cents) in enumerate(found, 1):
            place = (day - start).days
            if 0 <= place < count:
                moved = first + timedelta(days=place)
                days.setdefault(moved, []).append(Sale(number, customer, moved, cds, cents))
        whole = {day: tuple(lines) for day, lines in sorted(days.items())}
        known = tuple(sorted({each.customer for lines in whole.values() for each in lines}))
        return cls(whole, {day: sums_of(lines) for day, lines in whole.items()}, known)

    def wrong_among(self, day: date, shown: Sequence[tuple[int, int, int, int]]) -> tuple[int, list[Sale]]:
        """How many of the lines that are shown of a day are wrong, and those that are right.

        Args:
            shown: of each line number, customer, pieces and cents.
        """
        left = Counter((each.sale, each.customer, each.cds, each.cents) for each in self.days.get(day, ()))
        by_line = {(each.sale, each.customer, each.cds, each.cents): each for each in self.days.get(day, ())}
        wrong, right = 0, []
        for line in shown:
            if left[line] > 0:
                left[line] -= 1
                right.append(by_line[line])
            else:
                wrong += 1
        return wrong, right
