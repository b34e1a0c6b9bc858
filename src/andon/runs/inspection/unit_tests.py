"""Running unit tests as a plan prepares their datasets; results are kept by all that decides them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.hashing import content_id
from andon.base.record import replace
from andon.errors import AndonError, MachineError
from andon.model.dataset import Kind
from andon.model.unit_tests import TestResult, TestStatus, UnitTest
from andon.project.files.layout import Role, spot
from andon.runs.planning.gather import BoundCode, Gathered
from andon.workspace.engine_settings import engine_settings, python_settings, temporary

if TYPE_CHECKING:
    from andon.unit_tests.testing import DatasetUnderTest, Testing
    from andon.workspace.workspace import Workspace

#: The format is raised when running or comparing changes its meaning.
_RESULTS = Entries[TestResult]("unit test", TestResult, 2)


def with_changed_tests(gathered: Gathered) -> set[str]:
    """The datasets of which a test is new or says something else than at the head. A changed CSV file may be that of any test."""
    before, now = gathered.state.files(), gathered.code.files
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    data = any(spot(path).role is Role.TEST_DATA for path in changed)
    return {test.dataset for test in gathered.project.tests if data or test.file in changed}


def run_tests(
    workspace: Workspace,
    code: BoundCode,
    datasets: Iterable[str],
    *,
    again: bool = False,
) -> list[TestResult]:
    """Run the tests of `datasets` as a plan prepares them.

    Args:
        code: what a plan made of the code, with the columns of what changed.
        again: run also what passed or failed before and did not change.

    Returns:
        The results, by dataset, file and place. A test that fails or can't run is a result, never raised.
    """
    wanted = frozenset(datasets)
    tests = [test for test in code.gathered.project.tests if test.dataset in wanted]
    tests.sort(key=lambda test: (test.dataset, test.file, test.line))
    if not tests:
        return []
    bench = _Bench(workspace, code)
    keys = {test: bench.key(test) for test in tests}
    kept = {} if again else workspace.cache.get(_RESULTS, keys.values())
    new = bench.run([test for test in tests if keys[test] not in kept])
    workspace.cache.put(
        _RESULTS, {keys[test]: result for test, result in new.items() if result.status is not TestStatus.ERROR}
    )
    return [new[test] if test in new else _as_kept(test, kept[keys[test]]) for test in tests]


class _Bench:
    """What the tests of one state of the code need: columns of inputs, code, contracts."""

    def __init__(self, workspace: Workspace, code: BoundCode) -> None:
        gathered = code.gathered
        self._workspace = workspace
        self._lake = workspace.lake
        self._gathered = gathered
        self._side = gathered.side
        self._bound = code.columns
        tested = {test.dataset for test in gathered.project.tests}
        inputs = {name for dataset in tested for name in gathered.definitions[dataset].inputs}
        self._columns = self._known_columns(inputs)

    def key(self, test: UnitTest) -> str:
        """Id of all that decides how the test comes out."""
        definition = self._gathered.definitions[test.dataset]
        inputs = {name: self._columns.get(name) or self._declared(name) for name in definition.inputs}
        return content_id([test.id, definition.id, inputs, self._contract(test.dataset)])

    def run(self, tests: Sequence[UnitTest]) -> dict[UnitTest, TestResult]:
        """Run the tests."""
        if not tests:
            return {}
        from andon.unit_tests.testing import Testing

        place = temporary(self._workspace.settings, self._workspace.folder, "unit-tests")
        settings = replace(engine_settings(self._workspace.settings, place), cores=1, wide_above=0)
        with Testing(
            settings, python_settings(self._workspace.settings, self._workspace.folder, self._workspace.lake.packages)
        ) as testing:
            return {test: self._one(testing, test) for test in tests}

    def _one(self, testing: Testing, test: UnitTest) -> TestResult:
        try:
            return testing.run(test, self._subject(test))
        except MachineError:
            raise
        except AndonError as error:  # its code is not there any more
            status = TestStatus.ERROR
            return TestResult(
                test.dataset, test.name, test.file, test.line, status, message=error.message, hint=error.hint
            )

    def _subject(self, test: UnitTest) -> DatasetUnderTest:
        from andon.sources.contract import establish
        from andon.sources.explain import explain
        from andon.sources.files.paths import match
        from andon.sources.render import render
        from andon.unit_tests.testing import DatasetUnderTest

        definition = self._gathered.definitions[test.dataset]
        contract = self._contract(test.dataset)

        def rendered(files: Mapping[str, Path]) -> str:
            return render(definition, establish(definition, files, contract), files)

        return DatasetUnderTest(
            definition,
            {name: self._columns[name] for name in definition.inputs if name in self._columns},
            {name: self._declared(name) for name in definition.inputs if name not in self._columns},
            lambda: {path: self._read(path, sha) for path, sha in definition.files},
            match,
            rendered,
            lambda error, files: explain(error, definition, files),
            self._text,
        )

    def _known_columns(self, inputs: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
        """Columns with lake types: as bound for this code, or as published."""
        from andon.engines.types import lake_type

        leaves = self._gathered.state.leaves
        wanted = sorted(inputs)
        ids = {name: leaves[name].version for name in wanted if name in leaves and name not in self._bound}
        versions = self._lake.objects.versions(ids.values()) if ids else {}
        found: dict[str, list[tuple[str, str]]] = {}
        for name in wanted:
            if name in self._bound:
                found[name] = [(column, lake_type(kind)) for column, kind in self._bound[name]]
            elif name in ids and ids[name] in versions:
                found[name] = [(column.name, column.type) for column in versions[ids[name]].columns]
        return found

    def _declared(self, name: str) -> list[tuple[str, str | None]]:
        from andon.engines.types import lake_type

        columns = self._gathered.project.datasets[name].columns
        return [(column.name, lake_type(column.type.upper()) if column.type else None) for column in columns]

    def _contract(self, dataset: str) -> Mapping[str, object] | None:
        """What a source's files are held to."""
        if self._gathered.definitions[dataset].kind is not Kind.SOURCE:
            return None
        source = self._gathered.sources.get(dataset)
        return source.contract if source is not None else None

    def _read(self, path: str, sha: str) -> bytes:
        return self._side.read(path, sha) if self._side.code.get(path) == sha else self._lake.objects.text(sha)

    def _text(self, path: str) -> str:
        content = self._read(path, self._gathered.code.files[path]).removeprefix(b"\xef\xbb\xbf")
        return content.decode(errors="replace")


def _as_kept(test: UnitTest, result: TestResult) -> TestResult:
    """A kept result under the name and place that the test has now."""
    return replace(result, name=test.name, file=test.file, line=test.line, cached=True)
