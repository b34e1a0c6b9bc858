"""In which order what was found is shown. Pure.

    score = text · use · trust
    use   = 1 + 0.5 · ln(1 + people)
    trust = how it stands · 0.3 where it is deprecated · 1.15 where somebody vouches for it
            · 0.9 where nobody owns it · 0.9 where nobody said what it is

`text` is what the words say of it (`catalog/index.py`), `people` are those who asked it within 30 days, how it stands is 1 where nothing
is known against it and 0.6 where a check says no. What is called as was asked comes before all others, by its whole name before by its
last part. What nothing else tells apart stands by name, so that the order is the same for whoever asks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache

from andon.catalog.entries import DEPRECATED, CatalogEntry
from andon.catalog.use import NOT_USED, DatasetUse
from andon.model.lamp import Lamp

_NAME = re.compile(r"[a-z0-9]+")
_STANDING = {Lamp.OK: 1.0, Lamp.WARN: 0.9, Lamp.STALE: 0.75, Lamp.BLOCKED: 0.7, Lamp.FAIL: 0.5}
_DEPRECATED, _CERTIFIED, _UNKNOWN = 0.3, 1.15, 0.9
#: How much a dataset that many people use stands above one that says as much and nobody uses.
_USE = 0.5


class Called(IntEnum):
    """How far what is asked is the name of a dataset."""

    OTHERWISE = 0
    LAST_PART = 1
    WHOLE = 2


def worth(
    people: int,
    lamp: Lamp = Lamp.OK,
    is_deprecated: bool = False,
    is_certified: bool = False,
    is_owned: bool = True,
    is_described: bool = True,
) -> float:
    """Use times trust: the formula above, but for the words.

    Args:
        people: who asked it within 30 days, how many.
    """
    return _used(people) * _STANDING[lamp] * _said(is_deprecated, is_certified, is_owned, is_described)


@cache
def _used(people: int) -> float:
    return 1 + _USE * math.log1p(people)


def _said(is_deprecated: bool, is_certified: bool, is_owned: bool, is_described: bool) -> float:
    said = _DEPRECATED if is_deprecated else 1.0
    if is_certified:
        said *= _CERTIFIED
    if not is_owned:
        said *= _UNKNOWN
    return said if is_described else said * _UNKNOWN


def ranked(texts: Mapping[str, float], worths: Mapping[str, float], called: Mapping[str, Called]) -> list[str]:
    """What was found, the best first.

    Args:
        texts: how much the words say of each, above 0.
        worths: of each, `worth`.
        called: those whose name is what was asked for.
    """
    found = sorted([(-text * worths[name], name) for name, text in texts.items()])
    if not called:
        return [name for _, name in found]
    return [name for _, name in sorted(found, key=lambda pair: -called.get(pair[1], Called.OTHERWISE))]


class Rank:
    """What is known of datasets beside their words.

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
        return self._worth(entry.dataset, said_of(entry))

    def _worth(self, name: str, said: float) -> float:
        use, lamp = self._uses.get(name), self._lamps.get(name)
        found = said if use is None else said * _used(use.readers)
        return found if lamp is None else found * _STANDING[lamp]

    def ordered(
        self,
        scores: Mapping[str, float],
        entries: Mapping[str, CatalogEntry],
        called: Mapping[str, Called],
        said: Mapping[str, float],
    ) -> list[CatalogEntry]:
        """What was found, best first.

        Args:
            scores: how much the words say, by dataset.
            called: those whose name is what was asked for.
            said: of each, `said_of`.
        """
        worths = {name: self._worth(name, said[name]) for name in scores}
        return [entries[name] for name in ranked(scores, worths, called)]

    def by_worth(self, entries: Mapping[str, CatalogEntry], said: Mapping[str, float]) -> list[CatalogEntry]:
        """What nobody asked for by words: the most used first."""
        return self.ordered(dict.fromkeys(entries, 1.0), entries, {}, said)


def said_of(entry: CatalogEntry) -> float:
    """The part of its trust that its own file tells."""
    return _said(
        entry.deprecated is not None or DEPRECATED in entry.tags,
        entry.certified is not None,
        entry.owner is not None,
        entry.description is not None,
    )


class Names:
    """Datasets by what they are called, its words joined by `_`."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._found: dict[str, dict[str, Called]] = {}
        for name in entries:
            self._found.setdefault(as_name(name.partition(".")[2]), {})[name] = Called.LAST_PART
        for name in entries:
            self._found.setdefault(as_name(name), {})[name] = Called.WHOLE

    def called(self, text: str) -> Mapping[str, Called]:
        """Those that are called as was asked."""
        return self._found.get(as_name(text), {})


def as_name(text: str) -> str:
    """What is asked, as a name would be written."""
    return "_".join(_NAME.findall(text.lower()))
