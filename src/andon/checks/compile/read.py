"""All checks of a project: read and bound together, remembered by content. What is remembered costs no engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from andon.base.cache import Cache, Entries
from andon.base.hashing import content_id
from andon.base.record import replace
from andon.checks.compile.plans import Catalog, Compiled, DeclaredChecks, Read
from andon.checks.language.mentions import pairs_in
from andon.errors import Problem
from andon.model.check import MEANING

if TYPE_CHECKING:
    from andon.sql.bind import Binder

_FORMAT = 3
_WHOLE = Entries[Read]("checks_all", Read, _FORMAT)
_EACH = Entries[tuple[Compiled, ...]]("checks", tuple[Compiled, ...], _FORMAT)
_KEPT = 4


def read_checks(
    declared: Sequence[DeclaredChecks],
    catalog: Catalog,
    cache: Cache | None = None,
    *,
    datasets: Collection[str] = (),
    binder: Binder | None = None,
    toml: str = "",
) -> tuple[Read, list[Problem]]:
    """All checks of many datasets, each with the one that its key implies first, and all problems in order of the datasets.

    Args:
        declared: one for each dataset.
        catalog: what is known of all datasets that lines may name; the keys of `declared` go before its own.
        cache: remembers what datasets without problems mean.
        datasets: names of all datasets that there are, whether their columns are known or not; those of `declared` and
            of the catalog's columns are among them anyway.
        toml: the text of `andon.toml`, to show the places of patterns that are wrong.
        binder: to bind with; else one of its own, made when it is needed.

    Returns:
        the checks of every dataset, those with problems left out, and the problems.
    """
    catalog = replace(catalog, keys={**catalog.keys, **{one.dataset: one.key for one in declared}})
    names = frozenset((*datasets, *catalog.columns, *(one.dataset for one in declared)))
    memory = None if cache is None else _Memory(cache, declared, catalog, names)
    found = memory.recall() if memory is not None else {}
    missing = [one for one in declared if one.dataset not in found]
    if not missing:
        return found, []
    # here, since unchanged checks need none of what parses and compiles, and each command pays for its imports
    from andon.checks.compile.reader import read_all

    made, problems = read_all(missing, catalog, names, binder, toml)
    every = {**found, **made}
    whole = {one.dataset: every[one.dataset] for one in declared}
    if memory is not None:
        new = {name: checks for name, checks in made.items() if name not in problems}
        memory.keep(whole, {} if "" in problems else new, not problems)
    return whole, [problem for name in problems for problem in problems[name]]


class _Memory:
    """Checks by the content of all that they were read from: of the whole project in one piece, and of each dataset."""

    def __init__(
        self, cache: Cache, declared: Sequence[DeclaredChecks], catalog: Catalog, names: Collection[str]
    ) -> None:
        self._cache = cache
        shared = content_id([MEANING, sorted(catalog.patterns.items()), list(catalog.macros)])
        self._keys = {one.dataset: content_id([shared, *_facts(one, catalog, names)]) for one in declared}
        self._whole = content_id(sorted(self._keys.items()))

    def recall(self) -> Read:
        """What is known of it all, or of some datasets."""
        if not self._keys:
            return {}
        whole = self._cache.get(_WHOLE, [self._whole]).get(self._whole)
        if whole is not None:
            return whole
        each = self._cache.get(_EACH, self._keys.values())
        return {name: each[key] for name, key in self._keys.items() if key in each}

    def keep(self, whole: Read, new: Read, is_sound: bool) -> None:
        """Remember `new`, datasets that were read without problems, and the whole if it has none."""
        self._cache.put(_EACH, {self._keys[name]: checks for name, checks in new.items()})
        if is_sound:
            self._cache.put_newest(_WHOLE, self._whole, whole, _KEPT)


def _facts(one: DeclaredChecks, catalog: Catalog, names: Collection[str]) -> list[object]:
    """All that the checks of a dataset are read from, but for what is shared."""
    others = sorted(pairs_in(line.text for line in one.lines) - {one.dataset})
    return [
        one.dataset,
        list(one.key),
        [[line.text, line.file, line.line, line.column, line.for_column] for line in one.lines],
        _columns(one.dataset, catalog),
        [[name, name in names, _columns(name, catalog), list(catalog.keys.get(name, ()))] for name in others],
    ]


def _columns(name: str, catalog: Catalog) -> list[list[str]] | None:
    found = catalog.columns.get(name)
    return None if found is None else [[column, kind] for column, kind in found]
