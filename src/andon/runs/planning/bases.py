"""What a folder has in common with a branch: as it is kept, as it follows from that of another one, and after a publish without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.lake.refs import MAIN
from andon.lake.undo import with_undone
from andon.model.commit import Commit
from andon.project.folder.scan import scan
from andon.runs.planning.gather import Gatherer
from andon.workspace.base import Base, InCommon

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def common_base(workspace: Workspace, branch: str) -> Base | None:
    """The base of the folder and a branch: the one that is kept, or what the branch had where it parted from another that the folder knows.

    Files that the folder never had in common with that other one are in none of both.
    """
    kept = workspace.bases.of(branch)
    ref = workspace.lake.refs.find(branch)
    if kept is not None:
        return kept
    if ref is None:  # it will begin where main is
        return workspace.bases.of(MAIN)
    commits = workspace.lake.commits
    head = commits.get(ref.commit)
    for known in workspace.bases.others(branch):
        parted = commits.merge_base(commits.get(known.code.commit), head)
        if parted is not None and parted.parent is not None:
            there = Gatherer(workspace).base_of(parted)
            raw = {name: _within(there.raw[name], of) for name, of in known.raw.items() if name in there.raw}
            return Base(_within(there.code, known.code), raw)
    return None


def _within(there: InCommon, known: InCommon) -> InCommon:
    """`there` for the paths that `known` has."""
    return InCommon({path: there.files.get(path) for path in known.files}, there.commit)


def parted_base(workspace: Workspace, gatherer: Gatherer, branch: Commit, target: Commit) -> Base | None:
    """What a branch and the one that it is published into last had in common, and what was decided of it since then."""
    commits = workspace.lake.commits
    common = commits.merge_base(branch, target)
    if common is None:
        return None
    base = gatherer.base_of(common)
    decided: dict[str | None, dict[str, str | None]] = {}
    for commit, is_undone in with_undone(commits.first_parents(target)):
        if common.id == commit.id or common.id in commit.parents[1:] or commit.generation < common.generation:
            break
        part = None if is_undone else commit.part
        taken = commits.merge_base(commits.get(part.of), branch) if part is not None else None
        if part is not None and taken is not None and taken.id == part.of:
            for cause in part.decided:
                decided.setdefault(cause.source, {}).setdefault(cause.path, cause.content)
    raw = {name: base.raw.get(name, InCommon()).decided(files) for name, files in decided.items() if name is not None}
    return Base(base.code.decided(decided.get(None, {})), {**base.raw, **raw})


def remember_published(workspace: Workspace, into: str) -> None:
    """Where the folder agrees with what was published, code and raw files, that is its base for the target from now on."""
    files = {p: f.sha256 for p, f in scan(workspace.root, workspace.cache).items()}
    head = workspace.lake.refs.resolve(into)
    state = workspace.lake.commits.state(head)
    old = common_base(workspace, into) or Base()
    common = Gatherer(workspace).common_raw(head, old)
    workspace.bases.set(into, Base(old.code.after(head.id, state.files(), files), common))
