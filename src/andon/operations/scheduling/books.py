"""Books of schedules as they are kept: in memory, and in the cache of the folder for the next process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.hashing import texts_id
from andon.base.lru import Lru
from andon.base.record import replace
from andon.operations.scheduling.book import ScheduleBook, book_of
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.commit import Commit, State
    from andon.workspace.workspace import Workspace

_BOOKS = Entries[ScheduleBook]("schedule book", ScheduleBook)
_KEPT = 4


class ScheduleBooks:
    """The books of one lake's commits. Safe under threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._books: Lru[str, ScheduleBook] = Lru(_KEPT)

    def of(self, commit: Commit, state: State) -> ScheduleBook:
        """What is scheduled by the code of a commit; derived once for each code."""
        found = self._books.get(commit.root)
        if found is None:
            key = texts_id(["schedule", state.code, sorted(state.leaves)])
            found = self._books.get(key) or self._workspace.cache.get(_BOOKS, [key]).get(key)
            if found is None:
                project = project_at(self._workspace, state)
                datasets = {d: dataset for d, dataset in project.datasets.items() if d in state.leaves}
                found = book_of(replace(project, datasets=datasets))
                self._workspace.cache.put_newest(_BOOKS, key, found, _KEPT)
            self._books.put(key, found)
            self._books.put(commit.root, found)
        return found
