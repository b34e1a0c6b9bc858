"""Cost along the lineage: what was spent, and whom it served. What served and what was wasted is all of it. Pure.

The rule of attribution is the split rule of FOCUS: what is allocated adds up to what was charged
(FinOps Open Cost and Usage Specification 1.2, allocation).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from typing import NamedTuple

from andon.base.record import Record
from andon.value.allot import allot
from andon.value.resting import Resting


class ChargeKind(StrEnum):
    """What something was spent on."""

    BUILD = "build"
    CHECK = "check"
    QUERY = "query"
    STORAGE = "storage"


class Served(StrEnum):
    """Whom it served."""

    INSIGHT = "insight"
    PEOPLE = "people"
    NEW = "new"
    WASTE = "waste"


class Amounts(NamedTuple):
    """What was measured, and what that costs: whole numbers, so that sums are exact.

    Attributes:
        micros: millionths of a second of computing.
        byte_days: bytes kept, times days.
        money: millionths of the currency; 0 where there are no rates.
    """

    micros: int = 0
    byte_days: int = 0
    money: int = 0

    def plus(self, other: Amounts) -> Amounts:
        """Both together."""
        return Amounts(*(one + two for one, two in zip(self, other, strict=True)))

    def parts(self, count: int) -> list[Amounts]:
        """In `count` parts that add up to it."""
        shared = [allot(each, count) for each in self]
        return [Amounts(*each) for each in zip(*shared, strict=True)]


class Charge(Record):
    """Something that was spent.

    Attributes:
        datasets: what it was spent on; a query names all that it read, none where it read none.
        person: who asked for it; None where nobody did.
        insight: whose question it was, if it was one's.
        is_automatic: whether no person waited for it: a schedule, or a tool that refreshes.
        run: the run that it was part of.
        schedule: what started that run, in a word: `person`, `every`, `cron` …
        day: on which it was spent (ISO).
    """

    kind: ChargeKind
    amounts: Amounts
    datasets: tuple[str, ...] = ()
    person: str | None = None
    insight: str | None = None
    is_automatic: bool = False
    run: int | None = None
    schedule: str | None = None
    day: str = ""


class Allocation(Record):
    """A part of a charge, and whom it served.

    Attributes:
        to: the insight that it served; of people, who asked (None where they read what it made).
    """

    charge: Charge
    amounts: Amounts
    served: Served
    dataset: str | None
    to: str | None


class Usefulness(Record):
    """What is known of datasets for telling whom they serve.

    Attributes:
        resting: which insights that count rest on which datasets.
        read: datasets that a person has read lately, or that something below them was read.
        new: datasets that are too young to tell.
    """

    resting: Resting
    read: Set[str]
    new: Set[str]

    def served(self, dataset: str) -> Served:
        """Whom a dataset serves."""
        if dataset in self.resting.behind:
            return Served.INSIGHT
        if dataset in self.read:
            return Served.PEOPLE
        return Served.NEW if dataset in self.new else Served.WASTE


def allocate(charges: Iterable[Charge], use: Usefulness) -> list[Allocation]:
    """All charges, shared out: by insights that rest on a dataset equally; a person's question serves that person.

    What is allocated adds up to what was charged, for each amount and each charge.
    """
    found: list[Allocation] = []
    for charge in charges:
        if charge.insight is not None:
            found.append(Allocation(charge, charge.amounts, Served.INSIGHT, None, charge.insight))
        elif not charge.datasets or (charge.kind is ChargeKind.QUERY and not charge.is_automatic):
            found.append(Allocation(charge, charge.amounts, Served.PEOPLE, None, charge.person))
        else:
            parts = charge.amounts.parts(len(charge.datasets))
            for dataset, part in zip(charge.datasets, parts, strict=True):
                found += _of_dataset(charge, dataset, part, use)
    return found


def _of_dataset(charge: Charge, dataset: str, amounts: Amounts, use: Usefulness) -> list[Allocation]:
    served = use.served(dataset)
    if served is not Served.INSIGHT:
        return [Allocation(charge, amounts, served, dataset, None)]
    insights = use.resting.behind[dataset]
    parts = amounts.parts(len(insights))
    return [Allocation(charge, part, served, dataset, name) for name, part in zip(insights, parts, strict=True)]


class Bill(Record):
    """What was spent, and whom it served.

    Attributes:
        total: all of it; the sum of `served`.
    """

    total: Amounts
    served: Mapping[Served, Amounts]


def bill_of(allocations: Iterable[Allocation]) -> Bill:
    """The sums of allocations."""
    served = dict.fromkeys(Served, Amounts())
    total = Amounts()
    for each in allocations:
        served[each.served] = served[each.served].plus(each.amounts)
        total = total.plus(each.amounts)
    return Bill(total, served)
