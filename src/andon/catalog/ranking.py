"""In which order what was found is shown: what the words say, times how much it is used, times how far it can be trusted. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from andon.catalog.entries import CatalogEntry
from andon.catalog.use import NOT_USED, DatasetUse
from andon.model.lamp import Lamp

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
        self, scores: Mapping[str, float], entries: Mapping[str, CatalogEntry], words: Sequence[str]
    ) -> list[CatalogEntry]:
        """What was found, best first; the one whose name is what was asked for before all.

        Args:
            scores: how much the words say, by dataset.
            words: what was asked, in order.
        """
        asked = tuple(words)

        def place(name: str) -> tuple[int, float, str]:
            entry = entries[name]
            return (-is_named(entry, asked), -scores[name] * self.worth(entry), name)

        return [entries[name] for name in sorted(scores, key=place)]

    def by_worth(self, entries: Iterable[CatalogEntry]) -> list[CatalogEntry]:
        """What nobody asked for by words: the most used first."""
        return sorted(entries, key=lambda entry: (-self.worth(entry), entry.dataset))


def is_named(entry: CatalogEntry, words: tuple[str, ...]) -> int:
    """Whether the words are a dataset's name: 2 its whole one, 1 its last part, 0 another."""
    schema, name = tuple(entry.schema.split("_")), tuple(entry.name.split("_"))
    if words == tuple(dict.fromkeys((*schema, *name))):
        return 2
    return int(words == tuple(dict.fromkeys(name)))
