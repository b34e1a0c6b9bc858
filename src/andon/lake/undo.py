"""What an undo takes back and a redo brings again; what must not come back by itself. Pure decisions over history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from andon.model.build import InputFile
from andon.model.commit import Cause, Commit, CommitKind, Leaf

#: Kinds of commits that put something before readers.
PUBLISHES = (CommitKind.CHANGE, CommitKind.REFRESH, CommitKind.PUBLISH, CommitKind.REDO)


def undo_target(history: Iterable[Commit]) -> Commit | None:
    """The newest publish of `history` (newest first) that is not undone; a redo counts as a publish."""
    void: set[str] = set()
    for commit in history:
        if commit.id in void:
            continue
        if commit.kind is CommitKind.UNDO and commit.target is not None:
            void.add(commit.target)
        elif commit.kind in PUBLISHES:
            if commit.kind is CommitKind.REDO and commit.target is not None:
                void.add(commit.target)
            return commit
    return None


@dataclass(frozen=True, slots=True)
class RedoChoice:
    """The undo that a redo would revert, and the publishes since then that may stand in its way (newest first)."""

    undo: Commit
    since: tuple[Commit, ...]


def redo_target(history: Iterable[Commit]) -> RedoChoice | None:
    """The newest undo of `history` (newest first) that is not redone, with the publishes that came after it."""
    void: set[str] = set()
    since: list[Commit] = []
    for commit in history:
        if commit.id in void:
            # An undo and its redo cancel each other: neither stands in the way of an older undo.
            since = [later for later in since if later.target != commit.id]
            continue
        if commit.kind is CommitKind.UNDO:
            return RedoChoice(commit, tuple(since))
        if commit.kind is CommitKind.REDO and commit.target is not None:
            void.add(commit.target)
            since.append(commit)
        elif commit.kind in PUBLISHES:
            since.append(commit)
    return None


def code_causes(
    changes: Mapping[str, tuple[Leaf | None, Leaf | None]],
    shared_before: Mapping[str, str],
    shared_after: Mapping[str, str],
    meanings: Mapping[str, str],
) -> set[Cause]:
    """What a publish altered in code, as causes that an undo keeps out.

    Args:
        changes: `{dataset: (leaf before, leaf after)}`.
        shared_before, shared_after: `{path: sha256}` of shared files.
        meanings: `{definition id: meaning of the dataset's own file}`.
    """
    causes: set[Cause] = set()
    for before, after in changes.values():
        old, new = dict(before.files) if before else {}, dict(after.files) if after else {}
        own = _entry(new or old)
        for path in old.keys() | new.keys():
            if old.get(path) == new.get(path):
                continue
            if path not in new:
                causes.add(Cause(path, None))
                continue
            content = new[path]
            if path == own and after is not None:
                meaning_after = meanings.get(after.definition)
                meaning_before = meanings.get(before.definition) if before is not None else None
                if meaning_after is not None and meaning_after != meaning_before:
                    content = meaning_after
            causes.add(Cause(path, content))
    for path in shared_before.keys() | shared_after.keys():
        if shared_before.get(path) != shared_after.get(path):
            causes.add(Cause(path, shared_after.get(path)))
    return causes


def source_causes(files: Mapping[str, tuple[Iterable[InputFile], Iterable[InputFile]]]) -> set[Cause]:
    """What a publish brought in raw files: `{source: (files before, files after)}` to causes."""
    causes: set[Cause] = set()
    for source, (before, after) in files.items():
        old = {f.path: f.sha256 for f in before}
        new = {f.path: f.sha256 for f in after}
        for path in old.keys() | new.keys():
            if old.get(path) != new.get(path):
                causes.add(Cause(path, new.get(path), source))
    return causes


def _entry(files: Mapping[str, str]) -> str | None:
    """The dataset's own file among its files: the one that is not a lock."""
    return next((path for path in sorted(files) if not path.endswith(".lock.txt")), None)
