"""The weakest link of an insight: the lowest level among all that it rests on, named; and which repair helps most. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

from andon.base.record import Record
from andon.value.resting import Resting


class LinkLevel(IntEnum):
    """How far something can be relied on; the lower, the worse."""

    RED = 0
    AMBER = 1
    GREEN = 2


class LinkFlaw(Record):
    """Something that makes a dataset less reliable.

    Attributes:
        kind: a word for what it is: `incident`, `check_fails`, `stale`, `no_check`, `no_owner` …
        what: in a sentence, without the dataset's name.
        repair: what would mend it, in a sentence.
    """

    dataset: str
    kind: str
    level: LinkLevel
    what: str
    repair: str


class WeakestLink(Record):
    """How far an insight can be relied on.

    Attributes:
        level: the lowest of all that it rests on.
        flaws: what makes it that; none where nothing is known against it.
    """

    insight: str
    level: LinkLevel
    flaws: tuple[LinkFlaw, ...]


def weakest_links(resting: Resting, flaws: Iterable[LinkFlaw]) -> list[WeakestLink]:
    """For each insight, by name: the minimum of all that it rests on, never a mean."""
    of: dict[str, list[LinkFlaw]] = {}
    for flaw in flaws:
        of.setdefault(flaw.dataset, []).append(flaw)
    found = []
    for name in sorted(resting.on):
        own = [flaw for dataset in sorted(resting.on[name]) for flaw in of.get(dataset, ())]
        level = min((flaw.level for flaw in own), default=LinkLevel.GREEN)
        worst = sorted((flaw for flaw in own if flaw.level is level), key=lambda each: (each.dataset, each.kind))
        found.append(WeakestLink(name, level, tuple(worst)))
    return found


class Repair(Record):
    """A repair, and the insights whose weakest link it is part of."""

    flaw: LinkFlaw
    insights: tuple[str, ...]


def repairs(links: Iterable[WeakestLink], worth: Mapping[str, int]) -> list[Repair]:
    """The repairs of weakest links: those that help most insights first, then the worst, then those that serve most.

    Args:
        worth: by insight, how much it counts where two repairs help as many.
    """
    helped: dict[tuple[str, str, str], tuple[LinkFlaw, list[str]]] = {}
    for link in links:
        for flaw in link.flaws:
            helped.setdefault((flaw.dataset, flaw.kind, flaw.what), (flaw, []))[1].append(link.insight)
    found = [Repair(flaw, tuple(names)) for flaw, names in helped.values()]

    def order(each: Repair) -> tuple[int, int, int, str, str]:
        at_stake = sum(worth.get(name, 0) for name in each.insights)
        return -len(each.insights), each.flaw.level, -at_stake, each.flaw.dataset, each.flaw.kind

    return sorted(found, key=order)
