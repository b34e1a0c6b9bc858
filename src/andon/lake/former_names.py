"""Names that datasets had before: what was read, built and kept under one goes on with the dataset that has its code now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.lru import Lru

if TYPE_CHECKING:
    from andon.base.database import Database
    from andon.lake.objects import Objects
    from andon.model.commit import Commit, State

#: States whose names are kept.
_STATES = 32


class FormerNames:
    """Tells which datasets of a state had another name. Safe under threads.

    A file is moved by `andon rename`, in an editor, or by git, and of the last two nothing is recorded. So a dataset that
    began with code which meant what that of another one meant is the same under another name, where one of the two is
    not there any more.
    """

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects
        self._kept: Lru[tuple[str, int, str], Mapping[str, str]] = Lru(_STATES)

    def of(self, commit: Commit, state: State) -> Mapping[str, str]:
        """`{former name: the name that it has in the state}`, for names that the state lacks."""
        # an undo leads back to a state, and what was built since had another name
        ((count, newest),) = self._database.query("select count(*), max(created) from build")
        key = commit.root, int(count), str(newest)
        found = self._kept.get(key)
        if found is None:
            found = self._read(frozenset(state.leaves))
            self._kept.put(key, found)
        return found

    def _read(self, present: frozenset[str]) -> Mapping[str, str]:
        rows = self._database.query("select dataset, definition, min(created) from build group by dataset, definition")
        if {dataset for dataset, _, _ in rows} <= present:
            return {}
        known = self._objects.definitions({definition for _, definition, _ in rows})
        meant = [
            (created, dataset, (known[definition].kind, known[definition].meaning))
            for dataset, definition, created in rows
            if definition in known
        ]
        return former_names(meant, present)


def former_names(meant: Iterable[tuple[str, str, object]], present: Collection[str]) -> dict[str, str]:
    """By name that is not `present`, the one that is and has its code. Pure.

    Args:
        meant: `(since when, dataset, what its code means)`.
    """
    first: dict[str, str] = {}
    of_code: dict[object, list[str]] = {}
    akin: dict[str, set[str]] = {}
    for created, name, meaning in sorted(meant, key=lambda each: each[:2]):
        before = of_code.setdefault(meaning, [])
        if name not in first:  # it began with code that others had
            first[name] = created
            akin[name] = set(before)
            for other in before:
                akin[other].add(name)
        before.append(name)
    found = {}
    for name in first.keys() - set(present):
        seen, reached = {name}, {name}
        while reached and reached.isdisjoint(present):
            reached = {other for each in reached for other in akin[each]} - seen
            seen |= reached
        now = reached.intersection(present)
        if now:
            found[name] = min(now, key=lambda each: (first[each], each))
    return found
