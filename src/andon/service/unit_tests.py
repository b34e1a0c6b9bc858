"""Unit tests of datasets (`tests/*.yml`): run on the folder's code; unchanged ones are not run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.graph import reach
from andon.errors import ProjectError
from andon.model.unit_tests import TestDocument, TestResult
from andon.project.select import select as choose
from andon.project.select import selectable
from andon.runs.inspection.unit_tests import run_tests
from andon.runs.planning.gather import BoundCode, Gathered

if TYPE_CHECKING:
    from andon.runs.prepare import Preparer
    from andon.workspace.workspace import Workspace


class TestsDocument(Document):
    """How unit tests came out."""

    __test__ = False  # no test of pytest's

    passed: int
    failed: int
    tests: list[TestDocument]

    @classmethod
    def of(cls, results: Sequence[TestResult]) -> TestsDocument:
        """The document of `results`."""
        failed = sum(result.failed for result in results)
        return cls(len(results) - failed, failed, [result.document() for result in results])


class UnitTests:
    """Runs the unit tests of one workspace."""

    def __init__(self, workspace: Workspace, preparer: Preparer) -> None:
        self._workspace = workspace
        self._preparer = preparer
        self._lake = workspace.lake

    def run(self, select: Sequence[str] = (), exclude: Sequence[str] = (), *, again: bool = False) -> list[TestResult]:
        """Run the tests of the folder's code, merged with the branch as a run would.

        Args:
            select, exclude: terms of a selection of datasets; none means all.
            again: run also what passed or failed before and did not change.

        Returns:
            The results, by dataset, file and place. A test that fails or can't run is a result, never raised.

        Raises:
            ProjectError: the project is wrong; nothing was run.
            ConflictError, UsageError, MachineError: as `plan`.
        """
        gathered = self._preparer.folder(self._lake.refs.head(self._workspace.branch()))
        tested = {test.dataset for test in gathered.project.tests} & chosen_of(gathered, select, exclude)
        return run_tests(self._workspace, bound_of(self._preparer, gathered, tested), tested, again=again)


def chosen_of(gathered: Gathered, select: Sequence[str], exclude: Sequence[str]) -> set[str]:
    """The datasets of code that was gathered that a selection names; all where it is empty."""
    datasets, leaves = gathered.project.datasets, gathered.state.leaves
    if not select and not exclude:
        return set(datasets)
    changed = (
        name
        for name, dataset in datasets.items()
        if name not in leaves or leaves[name].definition != dataset.definition.id
    )
    return choose(select, selectable(datasets, changed=changed, files=gathered.files), exclude)


def bound_of(preparer: Preparer, gathered: Gathered, tested: set[str]) -> BoundCode:
    """Columns of the changed code that the tested datasets read; nothing is loaded for it when there is none."""
    needs = {name: definition.inputs for name, definition in gathered.definitions.items()}
    taken = tested | (reach(needs, tested) & gathered.definitions.keys())
    try:
        return preparer.bind(gathered, taken)
    except ProjectError as error:
        raise preparer.refused(gathered, taken, error.problems) from error
