"""What of all that was found is wanted, and how much there is of each kind, owner, tag, schema and status. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

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
    entries: Sequence[CatalogEntry],
    wanted: Sieve,
    lamp: Callable[[str], Lamp],
    whole: Mapping[str, Counter[str]] | None = None,
) -> tuple[list[CatalogEntry], dict[str, Counter[str]]]:
    """Those of `entries` that are wanted, in their order, and how many there are of each value of each facet.

    A value is counted among what the other facets let through: so many there would be with it, too.

    Args:
        whole: the counts of `entries` where they are known, but for those of their status.
    """
    if wanted.is_all:
        counts = dict(whole) if whole is not None else counted(entries)
        return list(entries), counts | {"status": _statuses(entries, lamp)}
    kept: list[CatalogEntry] = []
    nearly: dict[str, list[CatalogEntry]] = {facet: [] for facet in FACETS}
    sets = {
        "schema": wanted.schema,
        "kind": wanted.kind,
        "owner": wanted.owner,
        "tag": wanted.tag,
        "status": wanted.status,
    }
    chosen = {facet: values for facet, values in sets.items() if values}
    for entry in entries:
        missed = [facet for facet, values in chosen.items() if values.isdisjoint(_values(entry, facet, lamp))]
        if not missed:
            kept.append(entry)
        elif len(missed) == 1:
            nearly[missed[0]].append(entry)
    counts = counted(kept) | {"status": _statuses(kept, lamp)}
    for facet, others in nearly.items():
        counts[facet].update(value for entry in others for value in _values(entry, facet, lamp))
    return kept, counts


def _values(entry: CatalogEntry, facet: str, lamp: Callable[[str], Lamp]) -> tuple[str, ...]:
    match facet:
        case "schema":
            return (entry.schema,)
        case "kind":
            return (entry.kind,)
        case "owner":
            return (entry.owner or NOBODY,)
        case "tag":
            return entry.tags
    return (lamp(entry.dataset).value,)


def counted(entries: Collection[CatalogEntry]) -> dict[str, Counter[str]]:
    """How many there are of each value of each facet, but for how they stand."""
    return {
        "schema": Counter(entry.dataset.partition(".")[0] for entry in entries),
        "kind": Counter(entry.kind for entry in entries),
        "owner": Counter(entry.owner or NOBODY for entry in entries),
        "tag": Counter(tag for entry in entries for tag in entry.tags),
    }


def _statuses(entries: Sequence[CatalogEntry], lamp: Callable[[str], Lamp]) -> Counter[str]:
    return Counter({each.value: count for each, count in Counter(lamp(e.dataset) for e in entries).items()})
