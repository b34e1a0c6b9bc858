"""What a commit takes of the branch that is merged: all of it, which makes it a parent, or a part, with what was decided of that."""

from __future__ import annotations

from collections.abc import Sequence

from andon.model.commit import Cause, Commit, PartTaken, sorted_causes
from andon.model.plan import Action
from andon.model.run import TaskResult, TaskStatus
from andon.runs.planning.merging import by_path
from andon.runs.prepare import Prepared


def taken(prepared: Prepared, results: Sequence[TaskResult]) -> tuple[Commit | None, PartTaken | None]:
    """The commit that is merged whole, or what was decided where it is merged in part; neither where no branch is merged."""
    merged = prepared.goal.merged
    if merged is None:
        return None, None
    if _is_whole(prepared, results):
        return merged, None
    return None, PartTaken(merged.id, sorted_causes(_decided(prepared))) if prepared.gathered.decided else None


def _is_whole(prepared: Prepared, results: Sequence[TaskResult]) -> bool:
    """Whether the next state holds all of the other side's code. A branch of which a part failed or was kept out is not merged:
    as a parent it would be the base of its next publish, and that part would count as taken and never be tried again."""
    if prepared.gathered.code.rejected or len(results) < len(prepared.gathered.definitions):
        return False
    return all(r.status is TaskStatus.OK and r.action != Action.KEEP for r in results)


def _decided(prepared: Prepared) -> list[Cause]:
    """Files about which somebody decided, with the content of the side that they decided against."""
    gathered = prepared.gathered
    branch, head = gathered.side.code, gathered.state.files()
    common = [Cause(path, branch.get(path)) for path in gathered.code.taken]
    common += [Cause(path, head.get(path)) for path in gathered.code.mine]
    for name, merged in gathered.raw.items():
        if merged.decided:
            here = by_path(gathered.side.raw(gathered.definitions[name]).values())
            there = by_path(gathered.builds[name].files) if name in gathered.builds else {}
            common += [Cause(path, here.get(path), name) for path in merged.taken]
            common += [Cause(path, there.get(path), name) for path in merged.mine]
    return common
