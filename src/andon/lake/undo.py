"""What an undo takes back and a redo brings again; what must not come back by itself. Decisions over history, nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from andon.base.record import Record
from andon.lake.commits import Commits, LeafChanges
from andon.lake.objects import Objects
from andon.model.build import EXTRACT
from andon.model.commit import Cause, Commit, CommitKind, Leaf
from andon.model.dataset import Kind, stands_beside

#: Kinds of commits that put something before readers.
PUBLISHES = (CommitKind.CHANGE, CommitKind.REFRESH, CommitKind.PUBLISH, CommitKind.REDO)


def with_undone(history: Iterable[Commit]) -> Iterator[tuple[Commit, bool]]:
    """Each commit of `history` (newest first), and whether it is taken back: a publish by an undo, an undo by its redo.

    What was taken back takes nothing back itself any more.
    """
    void: set[str] = set()
    for commit in history:
        is_undone = commit.id in void
        if not is_undone and commit.kind in (CommitKind.UNDO, CommitKind.REDO) and commit.target is not None:
            void.add(commit.target)
        yield commit, is_undone


def brought(commit: Commit, get: Callable[[str], Commit]) -> Commit:
    """What a publish put before readers: itself, or for a redo the publish that it brought again.

    A redo that is taken back by its name long after is no step back in a row any more: what it brought may have gone and come since.
    """
    while commit.kind in (CommitKind.UNDO, CommitKind.REDO) and commit.target is not None:
        commit = get(commit.target)
    return commit


def undo_target(history: Iterable[Commit]) -> Commit | None:
    """The newest publish of `history` (newest first) that is not undone; a redo counts as a publish."""
    publishes = (commit for commit, is_undone in with_undone(history) if not is_undone and commit.kind in PUBLISHES)
    return next(publishes, None)


def rejected_together(history: Iterable[Commit]) -> list[frozenset[Cause]]:
    """What the first commit of `history` (newest first) keeps out, by the undo that brought it: what one publish had brought."""
    commits = iter(history)
    later = next(commits)
    left, groups = set(later.rejected), []
    for earlier in commits:
        if not left:
            break
        added = (set(later.rejected) - set(earlier.rejected)) & left
        if added:
            groups.append(frozenset(added))
        left, later = left - added, earlier
    return [*groups, frozenset(left)] if left else groups


def passing(groups: Iterable[frozenset[Cause]], is_corrected: Callable[[Cause], bool]) -> frozenset[Cause]:
    """Causes that keep nothing out any more, since one that was rejected together with them is corrected."""
    passing: set[Cause] = set()
    for group in groups:
        corrected = {cause for cause in group if is_corrected(cause)}
        if corrected:
            passing |= group - corrected
    return frozenset(passing)


class RedoChoice(Record):
    """The undo that a redo would revert, and the publishes since then that may stand in its way (newest first)."""

    undo: Commit
    since: tuple[Commit, ...]


def redo_target(history: Iterable[Commit]) -> RedoChoice | None:
    """The newest undo of `history` (newest first) that is not redone, with the publishes that came after it."""
    since: list[Commit] = []
    for commit, is_undone in with_undone(history):
        if is_undone:
            # An undo and its redo cancel each other: neither stands in the way of an older undo.
            since = [later for later in since if later.target != commit.id]
        elif commit.kind is CommitKind.UNDO:
            return RedoChoice(commit, tuple(since))
        elif commit.kind in PUBLISHES:
            since.append(commit)
    return None


def causes_of(commits: Commits, objects: Objects, before: Commit, target: Commit, changes: LeafChanges) -> set[Cause]:
    """What a publish brought, as what an undo of it keeps out: its code, or its raw files if it altered no code; loads of databases always.

    A raw file that came with code stays out as long as the folder that brought it has it; a database is asked anew each time.

    Args:
        before: the commit before it.
        changes: `commits.changed_leaves(before, target)`.
    """
    ids = {leaf.definition for pair in changes.values() for leaf in pair if leaf is not None}
    meanings = {i: d.meaning for i, d in objects.definitions(ids).items()}
    causes = code_causes(changes, commits.shared(before), commits.shared(target), meanings)
    builds = objects.builds(
        leaf.build for pair in changes.values() for leaf in pair if leaf is not None and leaf.kind == Kind.SOURCE
    )

    def contents(leaf: Leaf | None) -> Mapping[str, str]:
        return builds[leaf.build].contents if leaf is not None and leaf.build in builds else {}

    def is_load(leaf: Leaf | None) -> bool:
        return leaf is not None and leaf.build in builds and EXTRACT in (builds[leaf.build].contract or {})

    if causes:
        changes = {name: (old if is_load(old) else None, new) for name, (old, new) in changes.items() if is_load(new)}
    return causes | source_causes({name: (contents(old), contents(new)) for name, (old, new) in changes.items()})


def code_causes(
    changes: LeafChanges,
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


def source_causes(contents: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]) -> set[Cause]:
    """What a publish brought from outside: `{source: ({path: content} before, after)}` to causes."""
    causes: set[Cause] = set()
    for source, (old, new) in contents.items():
        for path in old.keys() | new.keys():
            if old.get(path) != new.get(path):
                causes.add(Cause(path, new.get(path), source))
    return causes


def _entry(files: Mapping[str, str]) -> str | None:
    """The dataset's own file among its files: the one that stands beside no other."""
    return next((path for path in sorted(files) if not stands_beside(path)), None)
