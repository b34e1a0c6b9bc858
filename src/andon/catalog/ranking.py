"""In which order what was found is shown: what the words say, times how much it is used, times how far it can be trusted. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache

from andon.catalog.entries import DEPRECATED, CatalogEntry
from andon.catalog.use import NOT_USED, DatasetUse
from andon.model.lamp import Lamp

_NAME = re.compile(r"[a-z0-9]+")
_TRUST = {Lamp.OK: 1.0, Lamp.WARN: 0.9, Lamp.STALE: 0.85, Lamp.BLOCKED: 0.75, Lamp.FAIL: 0.6}
_DEPRECATED = 0.35
#: How much a dataset that many people use stands above one that says as much and nobody uses.
_USE = 0.5


class Rank:
    """What a dataset is worth beside its words.

    Args:
        uses, lamps: by dataset; what is not in them is not used, and nothing is known against it.
    """

    def __init__(self, uses: Mapping[str, DatasetUse], lamps: Mapping[str, Lamp]) -> None:
        self._uses = uses
        self._lamps = lamps

    def use(self, dataset: str) -> DatasetUse:
        """How much it is used."""
        return self._uses.get(dataset, NOT_USED)

    def lamp(self, dataset: str) -> Lamp:
        """How it stands."""
        return self._lamps.get(dataset, Lamp.OK)

    def worth(self, entry: CatalogEntry) -> float:
        """Its use times its trust."""
        use, lamp = self._uses.get(entry.dataset), self._lamps.get(entry.dataset)
        worth = 1.0 if use is None else _used(use.readers)
        if lamp is not None:
            worth *= _TRUST[lamp]
        return worth * _DEPRECATED if DEPRECATED in entry.tags else worth

    def ordered(
        self, scores: Mapping[str, float], entries: Mapping[str, CatalogEntry], text: str
    ) -> list[CatalogEntry]:
        """What was found, best first; the one whose name is what was asked for before all.

        Args:
            scores: how much the words say, by dataset.
            text: what was asked.
        """
        name = "_".join(_NAME.findall(text.lower()))
        found = [(-score * self.worth(entries[dataset]), dataset) for dataset, score in scores.items()]
        ordered = [entries[dataset] for _, dataset in sorted(found)]
        named = [entry for entry in ordered if is_named(entry, name)]
        if named:
            first = sorted(named, key=lambda entry: -is_named(entry, name))
            ordered = first + [entry for entry in ordered if entry not in named]
        return ordered

    def by_worth(self, entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
        """What nobody asked for by words: the most used first."""
        return sorted(entries, key=lambda entry: (-self.worth(entry), entry.dataset))


@cache
def _used(readers: int) -> float:
    return 1 + _USE * math.log1p(readers)


def is_named(entry: CatalogEntry, name: str) -> int:
    """Whether `name`, words joined by `_`, is a dataset's name: 2 its whole one, 1 its last part, 0 another."""
    if not name or not entry.dataset.endswith(name[-3:]):
        return 0
    if entry.dataset.replace(".", "_") == name:
        return 2
    return 1 if entry.name == name else 0
