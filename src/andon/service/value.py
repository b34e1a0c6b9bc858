"""What the lake is worth: by dataset who relies on it and its share, by insight its weakest link, and the repair that helps most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.model.insight import Basis, Period
from andon.service.costs import MONTH, CostBy, CostPart, CostRates
from andon.service.insight_documents import InsightFlaw, InsightInfo
from andon.service.insights import flaw_document
from andon.value.shares import ValueKind, is_unreviewed, value_shares, yearly
from andon.value.weakest import repairs
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.insight import Insight
    from andon.service.costs import CostDesk, SpentBy
    from andon.service.insights import Insights
    from andon.value.weakest import WeakestLink
    from andon.workspace.workspace import Workspace


class ValueAmount(Document):
    """An amount of one kind: only those of one kind are ever added up.

    Attributes:
        basis: `measured` or `estimated`. per: `year` or `once`. amount: in the currency, to the cent.
    """

    basis: str
    currency: str
    per: str
    amount: str


class RepairDocument(Document):
    """A repair, and the insights whose weakest link it is part of."""

    flaw: InsightFlaw
    insights: list[str]


class DatasetWorth(Document):
    """What a dataset is worth by what rests on it.

    Attributes:
        relied_on: the insights that rest on it; what they are worth is never summed here, for it would count several times.
        shares: its part of what they are worth; over all datasets the parts add up to the totals.
        cost: what it cost within the time.
    """

    dataset: str
    owner: str | None
    relied_on: list[str]
    shares: list[ValueAmount]
    cost: CostPart | None


class ValueDocument(Document):
    """What the lake is worth.

    Attributes:
        since, until: the time of the costs (ISO texts).
        totals: what all insights are worth whose value counts.
        unplaced: of those that rest on no dataset; with the shares it adds up to the totals.
        unreviewed: insights past their review-by, whose value counts no more until somebody looks at them again.
        unvalued: insights of which nobody says what they are worth.
        insights: by name.
        datasets: those on which insights rest; what most rest on first, then by name.
        repairs: the one that helps most insights first.
    """

    branch: str
    commit: str
    since: str
    until: str
    rates: CostRates
    totals: list[ValueAmount]
    unplaced: list[ValueAmount]
    unreviewed: list[str]
    unvalued: list[str]
    insights: list[InsightInfo]
    datasets: list[DatasetWorth]
    repairs: list[RepairDocument]


class ValueDesk:
    """Tells what one workspace's lake is worth."""

    def __init__(self, workspace: Workspace, insights: Insights, costs: CostDesk) -> None:
        self._workspace = workspace
        self._insights = insights
        self._costs = costs

    def value(self, since: str = MONTH, branch: str | None = None, *, known: SpentBy | None = None) -> ValueDocument:
        """What the datasets of a branch are worth, and what they cost since then.

        Args:
            since: a moment as ISO text, or how long ago (`30d`, `3 mo`).
            known: what was spent since then, for who knows it already.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time; `lake.ref_not_found`.
        """
        view = View.at(self._workspace, branch)
        sight = self._insights.sight(view)
        said = {each.name: each for each in view.project.insights}
        shares = value_shares(said.values(), sight.resting, sight.today)
        bill = self._costs.cost(CostBy.DATASET, since, None, view.ref, known=known)
        spent = {part.name: part for part in bill.parts if part.name is not None}
        behind = sight.resting.behind
        return ValueDocument(
            branch=view.ref,
            commit=view.commit.id,
            since=bill.since,
            until=bill.until,
            rates=bill.rates,
            totals=value_amounts(shares.totals),
            unplaced=value_amounts(shares.unplaced),
            unreviewed=list(shares.unreviewed),
            unvalued=[
                name for name, each in said.items() if yearly(each.worth) is None and name not in shares.unreviewed
            ],
            insights=[*self._insights.infos(sight)],
            datasets=[
                DatasetWorth(
                    name,
                    view.project.datasets[name].owner if name in view.project.datasets else None,
                    list(behind[name]),
                    value_amounts(shares.shares.get(name, {})),
                    spent.get(name),
                )
                for name in sorted(behind, key=lambda each: (-len(behind[each]), each))
            ],
            repairs=helpful_repairs(sight.links.values(), said.values(), sight.today),
        )


def value_amounts(kinds: Mapping[ValueKind, int]) -> list[ValueAmount]:
    """Cents by kind, as they are told: measured before estimated, each year before once."""
    return [
        ValueAmount(str(kind.basis), kind.currency, str(kind.per), f"{Decimal(cents) / 100:.2f}")
        for kind, cents in sorted(kinds.items(), key=lambda pair: (_BASES.index(pair[0].basis), *_shown_order(pair[0])))
    ]


def helpful_repairs(links: Iterable[WeakestLink], insights: Iterable[Insight], today: str) -> list[RepairDocument]:
    """The repairs of weakest links, the one that helps most insights first; of two that help as many, what is worth something more often.

    Args:
        today: a day (ISO).
    """
    valued = {each.name: 1 for each in insights if yearly(each.worth) is not None and not is_unreviewed(each, today)}
    return [RepairDocument(flaw_document(each.flaw), list(each.insights)) for each in repairs(links, valued)]


_BASES = (Basis.MEASURED, Basis.ESTIMATED)


def _shown_order(kind: ValueKind) -> tuple[bool, str]:
    return kind.per is not Period.YEAR, kind.currency
