"""In which order what was found is shown: what the words say, times how much it is used, times how far it can be trusted. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
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
        self._worths: dict[str, float] = {}

    def use(self, dataset: str) -> DatasetUse:
        """How much it is used."""
        return self._uses.get(dataset, NOT_USED)

    def lamp(self, dataset: str) -> Lamp:
        """How it stands."""
        return self._lamps.get(dataset, Lamp.OK)

    def worth(self, entry: CatalogEntry) -> float:
        """Its use times its trust."""
        name = entry.dataset
        worth = self._worths.get(name)
        if worth is None:
            use, lamp = self._uses.get(name), self._lamps.get(name)
            worth = 1.0 if use is None else _used(use.readers)
            if lamp is not None:
                worth *= _TRUST[lamp]
            if DEPRECATED in entry.tags:
                worth *= _DEPRECATED
            self._worths[name] = worth
        return worth

    def ordered(
        self, scores: Mapping[str, float], entries: Mapping[str, CatalogEntry], named: Sequence[str]
    ) -> list[CatalogEntry]:
        """What was found, best first.

        Args:
            scores: how much the words say, by dataset.
            named: those whose name is what was asked for: they come before all, in this order.
        """
        first = [name for name in named if name in scores]
        found = sorted([(-score * self.worth(entries[name]), name) for name, score in scores.items()])
        rest = [name for _, name in found] if not first else [name for _, name in found if name not in first]
        return [entries[name] for name in (*first, *rest)]

    def by_worth(self, entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
        """What nobody asked for by words: the most used first."""
        return sorted(entries, key=lambda entry: (-self.worth(entry), entry.dataset))


@cache
def _used(readers: int) -> float:
    return 1 + _USE * math.log1p(readers)


def names_of(entries: Mapping[str, CatalogEntry]) -> dict[str, list[str]]:
    """Datasets by what is their name, its words joined by `_`: their whole names before the last parts of others."""
    found: dict[str, list[str]] = {}
    for name in entries:
        found.setdefault(name.replace(".", "_"), []).append(name)
    for name, entry in entries.items():
        found.setdefault(entry.name, []).append(name)
    return found


def as_name(text: str) -> str:
    """What is asked, as a name would be written."""
    return "_".join(_NAME.findall(text.lower()))
