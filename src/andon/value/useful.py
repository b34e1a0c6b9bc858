"""Which datasets anything live needs, and which nothing does: what may be archived. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from andon.base.graph import reach, reverse
from andon.base.record import Record, field
from andon.model.insight import Insight
from andon.value.bill import Usefulness
from andon.value.resting import rests_on


class LastRead(Record):
    """Who read a dataset, and when (ISO text)."""

    person: str
    at: str


class Lives(Record):
    """What is known of who needs datasets.

    Attributes:
        needs: by dataset, all that it can't be without: what it is made of, what its checks name, what is made with it.
        insights: those that count.
        rules: by their names, the datasets that rules across datasets read.
        read: by dataset, the last person's read within the days that count.
        first: by dataset, when it was made first (ISO text).
        queries: by their names, the datasets that saved queries read.
        branches: by their names, what other branches need beside what is published here: for what they change, and for what is only there.
    """

    needs: Mapping[str, Collection[str]]
    insights: Sequence[Insight]
    rules: Mapping[str, Collection[str]]
    read: Mapping[str, LastRead]
    first: Mapping[str, str]
    queries: Mapping[str, Collection[str]] = field(default_factory=dict)
    branches: Mapping[str, Collection[str]] = field(default_factory=dict)


class Keeper(Record):
    """Something live that needs a dataset.

    Attributes:
        kind: `insight`, `rule`, `query`, `branch`, `person`.
        name: of the insight, the rule, the saved query, the branch or the person.
        dataset: through which; the one itself, or one that can't be without it.
    """

    kind: str
    name: str
    dataset: str
    at: str | None = None


def usefulness(lives: Lives, young: str) -> Usefulness:
    """Whom datasets serve: what needs one serves whom that serves.

    Args:
        young: what was made first at this moment (ISO text) or later is new.
    """
    asked = set(lives.read).union(*lives.rules.values(), *lives.queries.values(), *lives.branches.values())
    new = {dataset for dataset, first in lives.first.items() if first >= young}
    return Usefulness(
        rests_on(lives.insights, lives.needs),
        asked | reach(lives.needs, asked),
        new | reach(lives.needs, new),
    )


def putting_away(
    wasted: Sequence[str], needs: Mapping[str, Collection[str]], named: Collection[str], most: int
) -> list[str]:
    """Those of `wasted` that one command puts away as they are: up to `most`, the first of them with all that can't be without them.

    Args:
        wasted: what nothing live needs, whatever costs most first.
        needs: by dataset, all that it can't be without.
        named: datasets that must stay as long as something else names them.
    """
    below = reverse(needs)
    stays = set(named) | reach(needs, named)
    found: dict[str, None] = {}
    for name in wasted:
        own = [name, *sorted(reach(below, [name]))]
        if stays.isdisjoint(own) and len({*found, *own}) <= most:
            found |= dict.fromkeys(own)
    return list(found)


def keepers(dataset: str, lives: Lives) -> list[Keeper]:
    """All that is live and needs `dataset`, insights first."""
    above = {each for each in lives.needs if dataset in reach(lives.needs, [each])} | {dataset}

    def through(used: Iterable[str]) -> str | None:
        found = sorted(above.intersection(used))
        return dataset if dataset in found else next(iter(found), None)

    named = [("insight", each.name, through(each.datasets)) for each in lives.insights]
    for kind, of in (("rule", lives.rules), ("query", lives.queries), ("branch", lives.branches)):
        named += [(kind, name, through(read)) for name, read in of.items()]
    found = [Keeper(kind, name, via) for kind, name, via in named if via is not None]
    reads = [(each, lives.read[each]) for each in sorted(above) if each in lives.read]
    return found + [Keeper("person", read.person, via, read.at) for via, read in reads]
