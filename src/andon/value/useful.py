"""Which datasets anything live needs, and which nothing does: what may be archived. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from andon.base.graph import reach
from andon.base.record import Record
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
    """

    needs: Mapping[str, Collection[str]]
    insights: Sequence[Insight]
    rules: Mapping[str, Collection[str]]
    read: Mapping[str, LastRead]
    first: Mapping[str, str]


class Keeper(Record):
    """Something live that needs a dataset.

    Attributes:
        kind: `insight`, `rule`, `person`.
        name: of the insight, the rule or the person.
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
    asked = set(lives.read).union(*lives.rules.values())
    new = {dataset for dataset, first in lives.first.items() if first >= young}
    return Usefulness(
        rests_on(lives.insights, lives.needs),
        asked | reach(lives.needs, asked),
        new | reach(lives.needs, new),
    )


def keepers(dataset: str, lives: Lives) -> list[Keeper]:
    """All that is live and needs `dataset`, insights first."""
    above = {each for each in lives.needs if dataset in reach(lives.needs, [each])} | {dataset}

    def through(used: Iterable[str]) -> str | None:
        found = sorted(above.intersection(used))
        return dataset if dataset in found else next(iter(found), None)

    named = [("insight", each.name, through(each.datasets)) for each in lives.insights]
    named += [("rule", name, through(read)) for name, read in lives.rules.items()]
    found = [Keeper(kind, name, via) for kind, name, via in named if via is not None]
    reads = [(each, lives.read[each]) for each in sorted(above) if each in lives.read]
    return found + [Keeper("person", read.person, via, read.at) for via, read in reads]
