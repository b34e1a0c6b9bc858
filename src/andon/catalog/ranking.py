"""In which order what was found is shown: what the words say, times how much it is used, times how far it can be trusted. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from andon.catalog.entries import CatalogEntry
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
        used = 1 + _USE * math.log1p(self.use(entry.dataset).readers)
        return used * _TRUST[self.lamp(entry.dataset)] * (_DEPRECATED if entry.is_deprecated else 1.0)

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
        return sorted(named, key=lambda entry: -is_named(entry, name)) + [e for e in ordered if not is_named(e, name)]

    def by_worth(self, entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
        """What nobody asked for by words: the most used first."""
        return sorted(entries, key=lambda entry: (-self.worth(entry), entry.dataset))


def is_named(entry: CatalogEntry, name: str) -> int:
    """Whether `name`, words joined by `_`, is a dataset's name: 2 its whole one, 1 its last part, 0 another."""
    if entry.dataset.endswith(name) and name:
        return 1 if entry.name == name else 0
    return 2 if entry.dataset.replace(".", "_") == name else 0
