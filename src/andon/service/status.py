"""Where folder and branch stand against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from andon.base.document import Document, Documented, ErrorDocument, from_json
from andon.base.record import field
from andon.errors import AndonError
from andon.lake.refs import MAIN
from andon.model.commit import Commit
from andon.model.plan import Action
from andon.model.project import Project
from andon.runs.goal import RunOptions
from andon.service.needs import Need
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.plan import Plan
    from andon.service.board import Board
    from andon.service.runs import Runs
    from andon.workspace.workspace import Workspace


class ChangedDocument(Document):
    """A step that a run would take."""

    dataset: str
    action: Action
    reason: str


class StatusDocument(Document):
    """Where folder and branch stand."""

    branch: str
    commit: str
    at: str
    datasets: int
    clean: bool
    changed: list[ChangedDocument]
    change: bool
    notices: list[str]
    error: ErrorDocument | None
    behind: list[str]
    rejected: list[str]
    declared_checks: int
    runs: list[dict[str, Any]]
    needs: list[Need]


class Status(Documented):
    """Where folder and branch stand.

    Attributes:
        plan: what `run` would do now, and why; None if the project has problems or conflicts.
        error: what stands in the way of a plan.
        behind: datasets whose leaf was made by other code than the branch's files say.
        rejected: paths that an undo keeps out.
        needs: what needs a person, as the board shows it.
    """

    branch: str
    commit: Commit
    datasets: int
    plan: Plan | None
    error: AndonError | None
    behind: tuple[str, ...]
    rejected: tuple[str, ...]
    declared_checks: int
    runs: tuple[dict[str, Any], ...] = field(default=())
    needs: tuple[Need, ...] = ()

    def document(self) -> StatusDocument:
        """As in `status --json`."""
        plan = self.plan
        moves = plan.moves if plan else ()
        return StatusDocument.about(
            self,
            commit=self.commit.id,
            at=self.commit.time,
            clean=plan is not None and not moves and not plan.is_change,
            changed=[ChangedDocument.about(step) for step in moves],
            change=bool(plan and plan.is_change),
            notices=plan.notices if plan else (),
            error=from_json(ErrorDocument, self.error.to_json()) if self.error else None,
        )


class Standing:
    """Tells where one workspace's folder and branch stand."""

    def __init__(self, workspace: Workspace, runs: Runs, board: Board) -> None:
        self._workspace = workspace
        self._board = board
        self._lake = workspace.lake
        self._runs = runs

    def status(self, branch: str | None = None) -> Status:
        """Where the folder stands against its branch."""
        name = self._workspace.branch(branch)
        ref = self._lake.refs.find(name)
        commit = self._lake.refs.resolve(name if ref else MAIN)
        state = self._lake.commits.state(commit)
        plan = error = None
        try:
            plan = self._runs.steps(RunOptions(branch=name))
        except AndonError as found:
            error = found
        project = project_at(self._workspace, state)
        behind = tuple(sorted(state.made_otherwise(project.ids)))
        runs = tuple(
            {"run": r.number, "status": r.status, "branch": r.branch, "started": r.started, "published": r.published}
            for r in self._workspace.runs.newest(5)
        )
        return Status(
            name,
            commit,
            len(state.leaves),
            plan,
            error,
            behind,
            tuple(sorted({c.path for c in commit.rejected})),
            declared_checks(project),
            runs,
            tuple(self._board.needs(name if ref else MAIN, error)),
        )


def declared_checks(project: Project) -> int:
    """Checks that a project declares: lines of datasets and rules across datasets."""
    lines = sum(len(d.checks) for d in project.datasets.values())
    return lines + sum(1 for path in project.shared if path.startswith("checks/"))
