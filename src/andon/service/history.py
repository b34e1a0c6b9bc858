"""History: log and diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andon.base.names import did_you_mean
from andon.errors import UsageError
from andon.model.commit import Commit, CommitKind, Leaf
from andon.model.version import Column

if TYPE_CHECKING:
    from andon.service.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit of a branch's history, with the datasets it changed against its first parent."""

    commit: Commit
    changed: tuple[str, ...]
    undone: bool = False

    def to_json(self) -> dict[str, Any]:
        """As in `log --json`."""
        commit = self.commit
        return {
            "commit": commit.id,
            "parent": commit.parent,
            "parents": list(commit.parents),
            "kind": str(commit.kind),
            "message": commit.message,
            "author": commit.author,
            "at": commit.time,
            "run": commit.run,
            "changed": list(self.changed),
            "undone": self.undone,
            "target": commit.target,
        }


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """How one dataset differs between two commits.

    Attributes:
        change: `added`, `removed`, `changed` (content), `code` (same content, other definition), `text` (comments or layout only).
        schema: lines like `+ amount DECIMAL(10,2)`, `- x`, `~ y INTEGER -> BIGINT`.
        rows: before and after; None for views and absent ones.
        code: paths of own files that differ, with their texts before and after.
    """

    dataset: str
    change: str
    schema: tuple[str, ...]
    rows: tuple[int | None, int | None]
    code: tuple[tuple[str, str | None, str | None], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As in `diff --json`."""
        return {
            "dataset": self.dataset,
            "change": self.change,
            "schema": list(self.schema),
            "rows": {"a": self.rows[0], "b": self.rows[1]},
            "code": [path for path, _, _ in self.code],
        }


@dataclass(frozen=True, slots=True)
class Diff:
    """Difference of two commits: datasets, and shared files as `(path, text before, text after)`."""

    a: Commit
    b: Commit
    datasets: tuple[DatasetDiff, ...]
    files: tuple[tuple[str, str | None, str | None], ...]

    def to_json(self) -> dict[str, Any]:
        """As in `diff --json`."""
        return {
            "a": self.a.id,
            "b": self.b.id,
            "datasets": [d.to_json() for d in self.datasets],
            "files": [path for path, _, _ in self.files],
        }


class History:
    """What happened on one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake

    def log(self, ref: str | None = None, dataset: str | None = None, limit: int = 20) -> list[LogEntry]:
        """The newest commits of a branch (or of any ref's history), newest first; with `dataset` only those that changed it.

        Raises:
            UsageError: `lake.ref_not_found`; `lake.dataset_not_found` for a dataset that this history never had.
        """
        commits = self._lake.commits
        entries: list[LogEntry] = []
        void: set[str] = set()
        seen: set[str] = set()
        place = self._workspace.reading(ref)
        head = self._lake.refs.resolve(place)
        for commit in commits.first_parents(head):
            undone = commit.id in void
            if commit.kind in (CommitKind.UNDO, CommitKind.REDO) and not undone and commit.target:
                void.add(commit.target)
            changed: tuple[str, ...] = ()
            if commit.parent is not None:
                changed = tuple(commits.changed_leaves(commits.get(commit.parent), commit))
            if dataset is None or dataset in changed:
                entries.append(LogEntry(commit, changed, undone))
            seen.update(changed)
            if len(entries) >= limit:
                break
        if dataset is not None and not entries:
            leaves = commits.state(head).leaves
            if dataset not in leaves:
                raise UsageError(
                    "lake.dataset_not_found",
                    f"no dataset is or was named `{dataset}` in the history of {place}",
                    where=dataset,
                    hint=did_you_mean(dataset, seen | leaves.keys()) or "`andon ls` lists all datasets",
                )
        return entries

    def diff(self, a: str, b: str) -> Diff:
        """How `b` differs from `a`.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        lake = self._lake
        left, right = lake.refs.resolve(a), lake.refs.resolve(b)
        changes = lake.commits.changed_leaves(left, right)
        versions = lake.objects.versions(
            {leaf.version for pair in changes.values() for leaf in pair if leaf is not None}
        )
        datasets = []
        for name, (before, after) in changes.items():
            old = versions.get(before.version) if before else None
            new = versions.get(after.version) if after else None
            change = _change(before, after)
            if change is None:
                continue
            datasets.append(
                DatasetDiff(
                    name,
                    change,
                    _schema_diff(old.columns if old else (), new.columns if new else ()) if old and new else (),
                    (old.rows if old else None, new.rows if new else None),
                    self._texts(dict(before.files) if before else {}, dict(after.files) if after else {}),
                )
            )
        files = self._texts(lake.commits.shared(left), lake.commits.shared(right))
        return Diff(left, right, tuple(datasets), files)

    # -- parts

    def _texts(
        self, before: Mapping[str, str], after: Mapping[str, str]
    ) -> tuple[tuple[str, str | None, str | None], ...]:
        changed = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
        return tuple(
            (
                path,
                self._text(before[path]) if path in before else None,
                self._text(after[path]) if path in after else None,
            )
            for path in changed
        )

    def _text(self, sha: str) -> str:
        return self._lake.objects.text(sha).decode("utf-8", errors="replace")


def _change(before: Leaf | None, after: Leaf | None) -> str | None:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if before.version != after.version:
        return "changed"
    if before.definition != after.definition:
        return "code"
    if before.files != after.files:
        return "text"
    return None  # only another build of the same content


def _schema_diff(old: Sequence[Column], new: Sequence[Column]) -> tuple[str, ...]:
    before, after = {c.name: c.type for c in old}, {c.name: c.type for c in new}
    lines = [f"- {name} {kind}" for name, kind in before.items() if name not in after]
    lines += [f"+ {name} {kind}" for name, kind in after.items() if name not in before]
    lines += [f"~ {n} {before[n]} -> {kind}" for n, kind in after.items() if n in before and before[n] != kind]
    return tuple(lines)
