"""What rests on what: an insight on the datasets that it uses, and on all that these are made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from andon.base.graph import reach
from andon.base.record import Record
from andon.model.insight import Insight


class Resting(Record):
    """Which insights rest on which datasets.

    Attributes:
        on: by insight, the datasets that it rests on; empty where it uses none.
        behind: by dataset, the insights that rest on it, sorted; a dataset with none is not in it.
    """

    on: Mapping[str, frozenset[str]]
    behind: Mapping[str, tuple[str, ...]]


def rests_on(insights: Iterable[Insight], needs: Mapping[str, Iterable[str]]) -> Resting:
    """What the `insights` rest on.

    Args:
        needs: by dataset, what it is made of.
    """
    on: dict[str, frozenset[str]] = {}
    behind: dict[str, list[str]] = {}
    for insight in insights:
        used = set(insight.datasets)
        on[insight.name] = frozenset(used | reach(needs, used))
    for name in sorted(on):
        for dataset in on[name]:
            behind.setdefault(dataset, []).append(name)
    return Resting(on, {dataset: tuple(names) for dataset, names in behind.items()})
