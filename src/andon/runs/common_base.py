"""The base of a folder after a run: what folder and published head have in common from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.commit import State
from andon.runs.planning.bases import common_base
from andon.runs.planning.gather import Gathered, Gatherer
from andon.runs.prepare import Prepared
from andon.sources.files.paths import is_remote
from andon.workspace.base import Base, InCommon

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


class CommonBase:
    """Keeps the bases of one workspace's folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def remember(self, prepared: Prepared, commit: str, state: State) -> None:
        """Move the folder's base on: what folder and published head have in common now."""
        if prepared.goal.updates_folder:
            with self._workspace.folder.alone():
                self._remember(prepared, commit, state)

    def _remember(self, prepared: Prepared, commit: str, state: State) -> None:
        goal = prepared.goal
        bases, gathered = self._workspace.bases, prepared.gathered
        old = common_base(self._workspace, goal.branch)
        code, raw = (old.code, dict(old.raw)) if old is not None else (InCommon(), {})
        if gathered.side.is_folder:
            # what an undo keeps out of a folder that never had it published is an edit, should it be accepted
            edits = [cause.path for cause in gathered.code.rejected if cause.path not in code.files]
            edits += gathered.code.mine
            self._keep_texts(gathered)
            code = code.after(commit, state.files(), gathered.side.code, edits, gathered.code.taken)
        gatherer = Gatherer(self._workspace)
        known, builds = (
            gatherer.raw_in_common(old, self._workspace.lake.commits.get(commit)),
            gatherer.source_builds(state),
        )
        for name, definition in gathered.definitions.items():
            if name in gathered.sources and name in builds:
                published = {f.path: f.sha256 for f in builds[name].files if not is_remote(f.path)}
                here = {p: f.sha256 for p, f in gathered.side.raw(definition).items()}
                merged = gathered.raw.get(name)
                mine, taken = (merged.mine, merged.taken) if merged is not None else ((), ())
                common = known.of(name, here.keys() | published.keys())
                raw[name] = common.after(commit, published, here, mine, taken)
        new = Base(code, raw)
        if new != bases.of(goal.branch):
            # a refresh of a folder without base says nothing of its code
            bases.set(goal.branch, new if new.code.commit else replace(new, code=InCommon({}, commit)))

    def _keep_texts(self, gathered: Gathered) -> None:
        """The lake holds what somebody decided against, so that a pull may replace it."""
        side = gathered.side
        paths = [path for path in gathered.code.taken if path in side.code]
        self._workspace.lake.objects.put_texts([side.read(path, side.code[path]) for path in paths])
