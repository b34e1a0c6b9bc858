"""Making a branch: a name for a commit, and for this folder the base that it takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.lake.refname import check_new_name
from andon.lake.refs import MAIN, Ref, RefMove

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def create_branch(workspace: Workspace, name: str, at: str = MAIN, request: str | None = None) -> Ref:
    """Make a branch at a commit. Nothing is copied; it takes the folder's base of the branch it is made from.

    Args:
        request: id of what is asked, where that is the branch and no more: asked again it is answered.

    Raises:
        UsageError: `lake.ref_invalid`, `lake.ref_exists`, `lake.ref_not_found`.
    """
    check_new_name(name)
    lake = workspace.lake
    caller = workspace.caller
    if (done := lake.refs.moved_by(request, name, "branch")) is not None:
        return done
    commit = lake.refs.resolve(at)
    lake.move(RefMove(name, "branch", None, f"branch from {at}"), commit.id, caller.author, request)
    workspace.bases.copy(at, name)
    ref = lake.refs.find(name)
    assert ref is not None  # made above
    return ref
