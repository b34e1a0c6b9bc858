"""Which datasets each commit changed for readers, kept by commit: the history of one dataset reads no trees of those that left it alone."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern

from andon.base.cache import Cache, Entries
from andon.base.lru import Lru
from andon.lake.commits import Commits
from andon.model.commit import Commit, shows_the_same

_NAMES = Entries[list[str]]("changed names", list[str])
#: Names that are kept in memory, of all commits together.
_ROOM = 400_000


class ChangedNames:
    """The datasets that commits changed against their first parents. Safe under threads.

    Args:
        cache: keeps them beyond this process.
    """

    def __init__(self, commits: Commits, cache: Cache) -> None:
        self._commits = commits
        self._cache = cache
        self._kept: Lru[str, tuple[str, ...]] = Lru(_ROOM, lambda names: 1 + len(names))

    def of(self, history: Sequence[Commit]) -> dict[str, tuple[str, ...]]:
        """`{commit: names}`, sorted by name; another build of the same content is no change."""
        found = self._kept.get_many(commit.id for commit in history)
        missing = {commit.id: commit for commit in history if commit.id not in found}
        if not missing:
            return found
        read = self._cache.get(_NAMES, missing)
        made = {id: self._made(commit) for id, commit in missing.items() if id not in read}
        if made:
            self._cache.put(_NAMES, made)
        fresh = {id: tuple(map(intern, names)) for id, names in {**read, **made}.items()}
        self._kept.put_many(fresh)
        return {**found, **fresh}

    def _made(self, commit: Commit) -> list[str]:
        if commit.parent is None:
            return []
        changes = self._commits.changed_leaves(self._commits.get(commit.parent), commit)
        return [name for name, pair in changes.items() if not shows_the_same(*pair)]
