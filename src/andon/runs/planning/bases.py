"""Bases of merges: where two branches parted, and what the folder has in common with a branch after a publish, an accept, a pull."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.lake.commits import Commits
from andon.model.commit import Cause, Commit, CommitKind
from andon.project.folder.merge import next_base
from andon.project.folder.scan import scan
from andon.runs.planning.gather import Gatherer
from andon.workspace.folder import Base, put

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def base_meanings(
    code: Mapping[str, str], old: Base | None, head: Mapping[str, str], meanings: Mapping[str, str]
) -> dict[str, str]:
    """The meanings of a new base: of each content the one it has, be it the old base's content or the head's.

    Args:
        code: the new base's files.
        head, meanings: files of the head, and what they mean.
    """
    result = {p: m for p, m in old.meanings.items() if code.get(p) == old.code.get(p)} if old is not None else {}
    result.update({p: m for p, m in meanings.items() if p in code and code[p] == head.get(p)})
    return result


def base_where_parted(common: Commit, target: Commit, gatherer: Gatherer, commits: Commits) -> Base:
    """Where two branches parted. What `target` undid since and then accepted again counts as an edit of the other one: there the
    base is what `target` has, if that did not change since it was accepted."""
    base = gatherer.base_of(common)
    now = base if common.root == target.root else gatherer.base_of(target)
    code, raw = dict(base.code), {source: dict(files) for source, files in base.raw.items()}
    for commit in commits.first_parents(target):
        if commit.generation <= common.generation:
            break
        if commit.kind is not CommitKind.ACCEPT or commit.parent is None:
            continue
        then = gatherer.base_of(commit)
        for cause in set(commits.get(commit.parent).rejected) - set(commit.rejected):
            old, new = (b.code if cause.source is None else b.raw.get(cause.source, {}) for b in (then, now))
            if old.get(cause.path) == new.get(cause.path):
                put(
                    code if cause.source is None else raw.setdefault(cause.source, {}),
                    cause.path,
                    new.get(cause.path),
                )
    meanings = {p: m for p, m in base.meanings.items() if code.get(p) == base.code.get(p)}
    return Base(code, meanings, raw)


def remember_published(workspace: Workspace, into: str, *, raw: bool = False) -> None:
    """Where the folder agrees with what was published, that is its base for the target from now on.

    Args:
        raw: whether that goes for raw files, too.
    """
    folder = workspace.folder
    files = {p: f.sha256 for p, f in scan(workspace.root, workspace.cache).items()}
    state = workspace.lake.commits.state(workspace.lake.refs.resolve(into))
    old = folder.base(into)
    code = next_base(old.code if old else None, state.files(), files)
    gatherer = Gatherer(workspace)
    meanings = base_meanings(code, old, state.files(), gatherer.meanings(state))
    known = dict(old.raw) if old else {}
    folder.set_base(into, Base(code, meanings, gatherer.common_raw(state, known) if raw else known))


def make_pending(workspace: Workspace, branch: str, head: Commit, lifted: Sequence[Cause]) -> None:
    """What was lifted counts as an edit of this folder again: its base there is what the head has."""
    base = workspace.folder.base(branch)
    if base is None:
        return
    state = workspace.lake.commits.state(head)
    files = state.files()
    builds = Gatherer(workspace).source_builds(state)
    code, raw = dict(base.code), {source: dict(paths) for source, paths in base.raw.items()}
    for cause in lifted:
        if cause.source is None:
            put(code, cause.path, files.get(cause.path))
        elif cause.source in builds and cause.source in raw:
            there = {f.path: f.sha256 for f in builds[cause.source].files}
            put(raw[cause.source], cause.path, there.get(cause.path))
    meanings = {p: m for p, m in base.meanings.items() if code.get(p) == base.code.get(p)}
    workspace.folder.set_base(branch, Base(code, meanings, raw))
