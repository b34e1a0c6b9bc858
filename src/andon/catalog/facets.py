"""What of all that was found is wanted, and how much there is of each kind, owner, tag, schema and status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from andon.base.record import Record
from andon.catalog.entries import CatalogEntry
from andon.model.lamp import Lamp

#: What stands for an owner where there is none.
NOBODY = ""
FACETS = ("schema", "kind", "owner", "tag", "status")


class Sieve(Record):
    """Which datasets are wanted: of each facet any of the values, all where there is none."""

    schema: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    owner: frozenset[str] = frozenset()
    tag: frozenset[str] = frozenset()
    status: frozenset[str] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.schema or self.kind or self.owner or self.tag or self.status)


def sifted(
    entries: Iterable[CatalogEntry], wanted: Sieve, lamp: Callable[[str], Lamp]
) -> tuple[list[CatalogEntry], dict[str, Counter[str]]]:
    """Those of `entries` that are wanted, in their order, and how many there are of each value of each facet.

    A value is counted among what the other facets let through: so many there would be with it, too.
    """
    kept: list[CatalogEntry] = []
    counts: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    sets = (wanted.schema, wanted.kind, wanted.owner, wanted.tag, wanted.status)
    for entry in entries:
        values = (
            (entry.schema,),
            (entry.kind,),
            (entry.owner or NOBODY,),
            entry.tags,
            (lamp(entry.dataset).value,),
        )
        missed = [i for i, chosen in enumerate(sets) if chosen and chosen.isdisjoint(values[i])]
        if not missed:
            kept.append(entry)
        if len(missed) > 1:
            continue
        for i in missed or range(len(sets)):
            counts[FACETS[i]].update(values[i])
    return kept, counts
