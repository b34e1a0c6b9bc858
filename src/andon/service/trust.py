"""Whether to trust an answer: what is known against the datasets that it was read from, and against what those are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.graph import reach
from andon.errors import AndonError
from andon.model.lamp import Lamp
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.project import Project
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace

#: What is not known against a dataset but said of it by who made it.
CAVEAT = "caveat"


class TrustNote(Document):
    """One thing to know before an answer is trusted.

    Attributes:
        kind: `check`, `held`, `failed`, `waits`, `late`, `cord`, `complaint`, or `caveat`.
        lamp: how bad it is.
        what: one sentence, without the dataset's name.
        below: the datasets that were read and are made of this one; empty where it was read itself.
    """

    dataset: str
    kind: str
    lamp: Lamp
    what: str
    since: str | None
    below: list[str]


def caveats_of(names: Iterable[str], project: Project) -> list[tuple[str, str]]:
    """What is said of datasets by who made them: `(dataset, caveat)`, by dataset."""
    return [
        (name, each) for name in sorted(names) if name in project.datasets for each in project.datasets[name].caveats
    ]


class Trust:
    """Tells what is to be known of answers, for one caller."""

    def __init__(self, workspace: Workspace, troubles: Troubles) -> None:
        self._workspace = workspace
        self._troubles = troubles

    def notes(self, commit: Commit, datasets: Sequence[str], at: str | None = None) -> list[TrustNote]:
        """What is known of `datasets` at a commit, the worst first; of what they are made of, what is known against it.

        Args:
            at: how the commit was named.
        """
        if not datasets:
            return []
        view = View(self._workspace, self._ref(commit, at), commit)
        project = view.project
        needs = {
            name: project.datasets[name].definition.inputs for name in view.state.leaves if name in project.datasets
        }
        above = {name: reach(needs, [name]) for name in datasets}
        found = []
        for trouble in self._troubles.of(view):
            name = trouble.dataset
            below = [] if name in above else [read for read in datasets if name in above[read]]
            if name in above or below:
                found.append(TrustNote(name, str(trouble.kind), trouble.lamp, trouble.what, trouble.since, below))
        for name, caveat in caveats_of({*datasets}.union(*above.values()), project):
            below = [] if name in above else [read for read in datasets if name in above[read]]
            found.append(TrustNote(name, CAVEAT, Lamp.WARN, caveat, None, below))
        return sorted(found, key=lambda note: (bool(note.below), -note.lamp.gravity))

    def _ref(self, commit: Commit, at: str | None) -> str:
        """How a commit is best named: what a branch shows stands with that branch, however it was asked for."""
        ref, refs = self._workspace.reading(at), self._workspace.lake.refs
        known = refs.find(ref)
        if known is not None and known.kind == "branch":
            return ref
        branch = self._workspace.branch()
        try:
            return branch if refs.resolve(branch).id == commit.id else ref
        except AndonError:
            return ref  # the folder's branch is not published yet
