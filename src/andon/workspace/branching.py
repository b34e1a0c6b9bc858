"""Making a branch: a name for a commit, and for this folder the base that it takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.errors import UsageError
from andon.lake.refname import check_new_name
from andon.lake.refs import MAIN, Ref, RefMove

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def scheduled_branch(workspace: Workspace, asked: str | None) -> str:
    """The branch that is looked at by schedule: the one asked for, else the default one, which may have no commit yet.

    Raises:
        UsageError: `lake.ref_not_found`; `usage.bad_argument` where the name is that of something else.
    """
    default = workspace.default_branch
    if asked is None or asked == default:
        return default
    ref = workspace.lake.refs.find(asked)
    if ref is None or ref.kind != "branch":
        workspace.lake.refs.resolve(asked)
        raise UsageError(
            "usage.bad_argument", f"`{asked}` is no branch", where=asked, hint="`andon branch list` lists them"
        )
    return asked


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
