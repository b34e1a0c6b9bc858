"""What a folder has in common with a branch: as it is kept, as it follows from that of another one, and after a publish without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.lake.refs import MAIN
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


def remember_published(workspace: Workspace, into: str) -> None:
    """Where the folder agrees with what was published, code and raw files, that is its base for the target from now on."""
    files = {p: f.sha256 for p, f in scan(workspace.root, workspace.cache).items()}
    head = workspace.lake.refs.resolve(into)
    state = workspace.lake.commits.state(head)
    old = common_base(workspace, into) or Base()
    common = Gatherer(workspace).common_raw(head, old)
    workspace.bases.set(into, Base(old.code.after(head.id, state.files(), files), common))
