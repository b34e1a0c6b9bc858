"""Columns of all datasets by their names: many datasets have a column of one name, so each name is looked at once. Pure."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from andon.base.record import Record
from andon.catalog.entries import CatalogEntry, EntryColumn, spread

_PARTS = re.compile(r"[^\W_]+")


class ColumnPlace(Record):
    """A column of a dataset."""

    dataset: str
    column: EntryColumn


class ColumnNames:
    """The columns of a commit's datasets."""

    def __init__(self, entries: Mapping[str, CatalogEntry]) -> None:
        self._entries = entries
        self._places: dict[str, list[ColumnPlace]] = {}
        for entry in entries.values():
            for column in entry.columns:
                self._places.setdefault(column.name, []).append(ColumnPlace(entry.dataset, column))
        self._words = {name: _words(spread(name)) for name in self._places}
        self._of_datasets = {name: _words(name) for name in entries}

    def find(self, words: Sequence[str], worth: Callable[[CatalogEntry], float], limit: int) -> list[ColumnPlace]:
        """Columns whose names have the words, or begin with them; some of the words may be of their dataset's name instead.

        Args:
            words: what is asked, in small letters.
            worth: of a dataset: of columns that are named alike, those of the worthiest come first.
        """
        if not words:
            return []
        found: list[tuple[float, ColumnPlace]] = []

        def of_place(place: ColumnPlace) -> float:
            return worth(self._entries[place.dataset])

        for name, parts in self._words.items():
            met = [word for word in words if _begins(parts, word)]
            if not met:
                continue
            rest = [word for word in words if word not in met]
            fits = len(met) / len(parts) + (1.0 if len(met) == len(parts) and all(w in parts for w in met) else 0.0)
            places: Iterable[ColumnPlace] = self._places[name]
            if rest:
                places = [p for p in places if all(_begins(self._of_datasets[p.dataset], word) for word in rest)]
            found += [(fits * of_place(place), place) for place in heapq.nlargest(limit, places, key=of_place)]
        best = sorted(found, key=lambda pair: (-pair[0], pair[1].dataset, pair[1].column.name))
        return [place for _, place in best[:limit]]


def _words(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.lower() for part in _PARTS.findall(name))) or (name.lower(),)


def _begins(parts: Iterable[str], word: str) -> bool:
    return any(part.startswith(word) for part in parts)
