"""Goals of undos and redos that restore nothing that was published so before: what follows is planned, built and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.errors import ConflictError
from andon.lake.undo import causes_of, undo_target, with_undone
from andon.model.build import Build
from andon.model.commit import Cause, Commit, CommitKind, sorted_causes
from andon.runs.goal import Goal
from andon.runs.planning.gather import Gatherer
from andon.runs.planning.merging import MergeSide
from andon.workspace.base import Base

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


class TakenBackError(ConflictError):
    """What was to be taken back was taken back by another one, meanwhile."""


def undo_goal(workspace: Workspace, branch: str, target: Commit) -> Goal:
    """The branch without what the publish `target` changed. Planned where that is taken back already, it raises `TakenBackError`."""
    lake = workspace.lake
    before = lake.commits.get(target.parent or "")
    causes = causes_of(lake.commits, lake.objects, before, target, lake.commits.changed_leaves(before, target))

    def side(head: Commit, gatherer: Gatherer) -> MergeSide:
        newest = undo_target(lake.commits.first_parents(head))
        if newest is not None and newest.id == target.id:
            return _without_undone(gatherer.commit(before), head)
        return _without_undone(_with_raw_of(gatherer, before, target, causes), head)

    return _goal(workspace, branch, CommitKind.UNDO, side, target, before, rejected=sorted_causes(causes))


def redo_goal(workspace: Workspace, branch: str, undo: Commit) -> Goal:
    """The branch with what `undo` took back. Planned where that is brought again already, it raises `TakenBackError`."""
    before = workspace.lake.commits.get(undo.parent or "")
    lifted = sorted_causes(set(undo.rejected) - set(before.rejected))
    return _goal(
        workspace, branch, CommitKind.REDO, lambda _, gatherer: gatherer.commit(before), undo, before, lifted=lifted
    )


def _goal(
    workspace: Workspace,
    branch: str,
    kind: CommitKind,
    side: Callable[[Commit, Gatherer], MergeSide],
    target: Commit,
    before: Commit,
    *,
    rejected: tuple[Cause, ...] = (),
    lifted: tuple[Cause, ...] = (),
) -> Goal:
    def base(_: Commit, gatherer: Gatherer) -> Base:
        return gatherer.base_of(target)

    def side_of(head: Commit, gatherer: Gatherer) -> MergeSide:
        _require_standing(branch, target, workspace.lake.commits.first_parents(head))
        return side(head, gatherer)

    return Goal(
        branch,
        side_of,
        base,
        kind,
        str(workspace.settings.get("publish.change")),
        updates_folder=False,
        acceptances=before.acceptances,
        releases=tuple(r for r in before.releases if r not in target.releases),
        withdrawn=tuple(r for r in target.releases if r not in before.releases),
        rejected=rejected,
        lifted=lifted,
        target=target.id,
    )


def _require_standing(branch: str, target: Commit, history: Iterable[Commit]) -> None:
    is_undone = next((is_undone for commit, is_undone in with_undone(history) if commit.id == target.id), True)
    if is_undone:
        raise TakenBackError(
            "lake.ref_moved",
            f"{target.id[:8]} was taken back meanwhile, by somebody else",
            where=branch,
            hint="`andon log` shows what happened",
        )


def _with_raw_of(gatherer: Gatherer, before: Commit, target: Commit, causes: Iterable[Cause]) -> MergeSide:
    """The commit before the target; if the target altered code, raw files are those that it had, which no undo of code takes back."""
    side = gatherer.commit(before)
    if all(cause.source is not None for cause in causes):
        return side
    return replace(side, raw=gatherer.commit(target).raw)


def _without_undone(side: MergeSide, head: Commit) -> MergeSide:
    """A side that brings no load of a database that was undone since: what is published stays then."""

    def build(name: str) -> Build | None:
        found = side.build(name)
        contents = found.contents.items() if found is not None else ()
        return None if any(Cause(path, content, name) in head.rejected for path, content in contents) else found

    return replace(side, build=build)
