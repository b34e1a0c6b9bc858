"""What a folder has in common with a branch after something was published without it: a publish of another branch, an acceptance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.project.folder.scan import scan
from andon.runs.planning.gather import Gatherer
from andon.workspace.base import Base

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def remember_published(workspace: Workspace, into: str) -> None:
    """Where the folder agrees with what was published, code and raw files, that is its base for the target from now on."""
    files = {p: f.sha256 for p, f in scan(workspace.root, workspace.cache).items()}
    head = workspace.lake.refs.resolve(into)
    state = workspace.lake.commits.state(head)
    old = workspace.bases.of(into) or Base()
    common = Gatherer(workspace).common_raw(head, old.raw)
    workspace.bases.set(into, Base(old.code.after(head.id, state.files(), files), common))
