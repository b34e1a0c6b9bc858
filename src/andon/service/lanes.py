"""The lanes of the board: all datasets of a commit from sources to insights, and how they stand. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from andon.base.document import Document
from andon.base.graph import reverse, topological
from andon.base.record import Record
from andon.catalog.entries import CatalogEntry
from andon.model.insight import Insight
from andon.model.lamp import Lamp


class Card(Document):
    """A dataset, or an insight, in its lane.

    Attributes:
        name: of a dataset the whole name; of an insight its own.
        title: what a card says: the last part of a name, an insight's title.
        status: `fail`, `blocked`, `stale`, `warn`, `ok`; an insight's is that of the worst dataset it uses.
        fresh: when what it shows was made (ISO text); of an insight, the oldest of what it uses.
        running: whether a run is at it.
    """

    name: str
    title: str
    status: Lamp
    fresh: str | None
    running: bool
    owner: str | None


class Lane(Document):
    """Cards of one layer: `source`, one `schema`, or `insight`."""

    name: str
    kind: str
    cards: list[Card]


class CommitLanes(Record):
    """The lanes of a commit, without how things stand."""

    lanes: tuple[tuple[str, str, tuple[CatalogEntry, ...]], ...]
    insights: tuple[Insight, ...]
    readers: Mapping[str, set[str]]
    owners: Mapping[str, str | None]


def lanes_of(entries: Mapping[str, CatalogEntry], insights: Sequence[Insight]) -> CommitLanes:
    """Sources first, then schemas in the order in which they read each other, by name within a lane."""
    depth = _depths(entries)
    schemas: dict[str, list[CatalogEntry]] = {}
    for entry in entries.values():
        if entry.kind != "source":
            schemas.setdefault(entry.schema, []).append(entry)

    def place(schema: str) -> tuple[float, str]:
        depths = [depth[entry.dataset] for entry in schemas[schema]]
        return (sum(depths) / len(depths), schema)

    sources = tuple(entry for entry in entries.values() if entry.kind == "source")
    found = [("Sources", "source", sources)] if sources else []
    found += [(schema, "schema", tuple(schemas[schema])) for schema in sorted(schemas, key=place)]
    readers = reverse({name: entry.reads for name, entry in entries.items()})
    owners = {name: entry.owner for name, entry in entries.items()}
    return CommitLanes(tuple(found), tuple(insights), readers, owners)


def _depths(entries: Mapping[str, CatalogEntry]) -> dict[str, int]:
    """How many steps a dataset is from what reads nothing."""
    found: dict[str, int] = {}
    for name in topological({name: entry.reads for name, entry in entries.items()}):
        found[name] = 1 + max((found[each] for each in entries[name].reads if each in found), default=-1)
    return found


def filled_lanes(lanes: CommitLanes, lamps: Mapping[str, Lamp], busy: Set[str]) -> list[Lane]:
    """The lanes of a commit with how everything in them stands now."""
    found = [
        Lane(name, kind, [_card(entry, kind, lamps, busy) for entry in entries]) for name, kind, entries in lanes.lanes
    ]
    built = {entry.dataset: entry.built for _, _, entries in lanes.lanes for entry in entries}
    if lanes.insights:
        cards = [_insight(each, lamps, built, busy) for each in lanes.insights]
        found.append(Lane("Insights", "insight", cards))
    return found


def _card(entry: CatalogEntry, kind: str, lamps: Mapping[str, Lamp], busy: Set[str]) -> Card:
    title = entry.dataset if kind == "source" else entry.name
    return Card(
        entry.dataset, title, lamps.get(entry.dataset, Lamp.OK), entry.built, entry.dataset in busy, entry.owner
    )


def _insight(insight: Insight, lamps: Mapping[str, Lamp], built: Mapping[str, str | None], busy: Set[str]) -> Card:
    used = insight.datasets
    # what is not there serves nobody
    lamp = max(
        (lamps.get(d, Lamp.OK) if d in built else Lamp.FAIL for d in used), key=lambda x: x.gravity, default=Lamp.OK
    )
    times = [time for d in used if (time := built.get(d)) is not None]
    return Card(insight.name, insight.title, lamp, min(times, default=None), not busy.isdisjoint(used), insight.owner)
