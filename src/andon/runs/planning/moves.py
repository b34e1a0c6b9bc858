"""What publishes changed in a branch since a commit. An undo counts as no change, nor does a publish that was taken back."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from functools import cache

from andon.lake.commits import Commits
from andon.lake.objects import Objects
from andon.lake.undo import PUBLISHES, with_undone
from andon.model.commit import Commit, Leaf
from andon.model.dataset import Kind

#: (source or None for code, path)
_File = tuple[str | None, str]


def moment_of(commits: Commits, commit: Commit, dataset: str) -> str:
    """When the history of a commit got what it shows of a dataset: a build says only when that was first made."""
    newest = commit
    for earlier in commits.first_parents(commit):
        if earlier.id == commit.id:
            continue
        if dataset in commits.changed_leaves(earlier, newest):
            break
        newest = earlier
    return newest.time


class HeadMoves:
    """Which files a branch's publishes changed, as far as they still count. Nothing is read before it is asked."""

    def __init__(self, commits: Commits, objects: Objects, head: Commit) -> None:
        self._commits = commits
        self._objects = objects
        self._head = head
        self._since = cache(self._files_since)

    def moved(self, path: str, there: str | None, since: str, source: str | None = None) -> bool:
        """Whether publishes that count changed a file after the commit `since`; so it is if that commit is not known.

        Args:
            path: of a file of the code, or of a raw file of `source`.
            there: what the head has.
        """
        files = self._since(since)
        return files is None or files.get((source, path), there) != there

    def touched(self, path: str, since: str, source: str) -> bool:
        """Whether publishes that count changed a raw file of `source` after the commit `since`, be it back again."""
        files = self._since(since)
        return files is None or (source, path) in files

    def _files_since(self, since: str) -> Mapping[_File, str | None] | None:
        """Files that publishes changed, with what they were before the first of these."""
        if since not in self._commits.known([since]):
            return None
        older = _Ancestors(self._commits, self._commits.get(since))
        found: dict[_File, str | None] = {}
        for commit, is_undone in with_undone(self._commits.first_parents(self._head)):
            if commit in older or commit.parent is None:
                break
            if commit.kind in PUBLISHES and not is_undone:
                found.update(self._changed(self._commits.get(commit.parent), commit))
        return found

    def _changed(self, before: Commit, after: Commit) -> Iterator[tuple[_File, str | None]]:
        """The files that differ, with what they were."""
        leaves = self._commits.changed_leaves(before, after)
        builds = self._objects.builds(
            leaf.build for pair in leaves.values() for leaf in pair if leaf is not None and leaf.kind == Kind.SOURCE
        )

        def raw(leaf: Leaf | None) -> dict[str, str]:
            return builds[leaf.build].contents if leaf and leaf.build in builds else {}

        def code(leaf: Leaf | None) -> dict[str, str]:
            return dict(leaf.files) if leaf else {}

        for name, (old, new) in leaves.items():
            yield from _differing(None, code(old), code(new))
            yield from _differing(name, raw(old), raw(new))
        yield from _differing(None, self._commits.shared(before), self._commits.shared(after))


class _Ancestors:
    """A commit and all that it came from, walked by generation only as far as is asked."""

    def __init__(self, commits: Commits, commit: Commit) -> None:
        self._commits = commits
        self._seen = {commit.id}
        self._waiting = [(-commit.generation, commit.id)]

    def __contains__(self, commit: Commit) -> bool:
        while self._waiting and -self._waiting[0][0] > commit.generation:
            _, key = heapq.heappop(self._waiting)
            for parent in self._commits.get(key).parents:
                if parent not in self._seen:
                    self._seen.add(parent)
                    heapq.heappush(self._waiting, (-self._commits.get(parent).generation, parent))
        return commit.id in self._seen


def _differing(
    source: str | None, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[tuple[_File, str | None]]:
    for path in old.keys() | new.keys():
        if old.get(path) != new.get(path):
            yield (source, path), old.get(path)
