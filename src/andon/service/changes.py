"""Changes that are not published: branches beside main, and edits that lie in the project folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.lake.refs import MAIN
from andon.model.commit import Commit
from andon.model.plan import Plan
from andon.model.row_diff import RowDiff
from andon.runs.inspection.personal import discreet_kept
from andon.service.row_diffs import RowOptions
from andon.workspace.masks import masked_columns

if TYPE_CHECKING:
    from andon.catalog.use import UseBook
    from andon.runs.goal import RunOptions
    from andon.service.branches import Branches
    from andon.service.history import Diff, History
    from andon.service.row_diffs import RowDiffs
    from andon.service.run_changes import RunChanges, Shown
    from andon.workspace.workspace import Workspace

#: Rows of a dataset that are shown as examples.
_SAMPLES = 25
#: Held runs are looked for among so many of the newest.
_RUNS = 50


class Change(Record):
    """A branch beside the one that it is published into.

    Attributes:
        head: its newest commit; `common`: the one at which both parted.
        commits: what was done on it since, the newest first.
        unpublished: datasets and shared files that it would bring.
        is_behind: whether the other one moved on since.
    """

    name: str
    head: Commit
    common: Commit
    commits: tuple[Commit, ...]
    unpublished: tuple[str, ...]
    is_behind: bool


class Edit(Record):
    """A file of the project folder that differs from what its branch has, with both texts; None where there is none."""

    path: str
    before: str | None
    after: str | None


class OpenChanges:
    """Tells of the changes of one workspace's lake."""

    def __init__(
        self,
        workspace: Workspace,
        branches: Branches,
        history: History,
        row_diffs: RowDiffs,
        run_changes: RunChanges,
        uses: UseBook,
    ) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._branches = branches
        self._history = history
        self._row_diffs = row_diffs
        self._run_changes = run_changes
        self._uses = uses

    def list(self) -> list[Change]:
        """All branches but main, the newest first."""
        names = [ref.name for ref in self._lake.refs.of_kind("branch") if ref.name != MAIN]
        return sorted((self.of(name) for name in names), key=lambda each: each.head.time, reverse=True)

    def of(self, name: str) -> Change:
        """One branch beside main.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        unpublished = tuple(self._branches.unpublished(name))
        head, main = self._lake.refs.head(name), self._lake.refs.resolve(MAIN)
        common = self._lake.commits.merge_base(head, main) or main
        found: list[Commit] = []
        for commit in self._lake.commits.first_parents(head):
            if commit.id == common.id or commit.generation <= common.generation:
                break
            found.append(commit)
        return Change(name, head, common, tuple(found), unpublished, common.id != main.id)

    def diff(self, change: Change) -> Diff:
        """What was changed on a branch since it parted, with the texts of files."""
        return self._history.diff(change.common.id, change.head.id)

    def rows(self, change: Change, dataset: str) -> RowDiff:
        """Which rows of a dataset differ by a change, with examples; values of personal columns are masked.

        Raises:
            UsageError: `lake.dataset_not_found`.
        """
        options = RowOptions(samples=_SAMPLES)
        return self._row_diffs.between(change.common, change.head, (dataset,), options)[0]

    def ahead(self, name: str, options: RunOptions) -> tuple[Plan, Shown]:
        """What publishing a branch into main does, and what is known of what that changes for readers. Raises as `Branches.publish`."""
        plan = self._branches.plan_publish(name, options=options)
        return plan, self.known(plan, name)

    def known(self, plan: Plan, source: str | None = None) -> Shown:
        """What is known of what a plan changes for readers; what checks found names no value of a personal column."""
        shown = self._run_changes.ahead(plan, source)
        marked = masked_columns(self._workspace) if shown.checks else {}
        return replace(shown, checks=tuple(discreet_kept(check, marked) for check in shown.checks))

    def readers(self, datasets: Iterable[str]) -> Sequence[str]:
        """People who asked any of these datasets within the last thirty days."""
        return sorted(self._uses.people(datasets, self._workspace.clock()))

    def since(self, seen: str, branch: str) -> Sequence[Commit]:
        """What a branch got since the commit `seen`, the newest first."""
        found: list[Commit] = []
        for commit in self._lake.commits.first_parents(self._lake.refs.head(branch)):
            if commit.id == seen:
                return found
            found.append(commit)
        return found

    def held(self, branch: str | None = None) -> Sequence[int]:
        """Numbers of runs whose results wait for somebody: checks hold them, and nothing came to their branch since."""
        found: dict[str, int] = {}
        for run in self._workspace.runs.newest(_RUNS):
            if run.branch in found or (branch is not None and run.branch != branch) or run.status != "held":
                continue
            ref = self._lake.refs.find(run.branch)
            if ref is not None and ref.commit == run.base and run.commit is not None and not run.published:
                found[run.branch] = run.number
        return list(found.values())

    def edits(self) -> tuple[Edit, ...]:
        """Files of the project folder that were changed there, and that its branch does not have so."""
        return tuple(Edit(*each) for each in self._branches.edits())
