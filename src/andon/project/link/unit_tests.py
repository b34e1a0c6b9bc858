"""Unit tests put together: their datasets, inputs and data files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from andon.base.names import did_you_mean
from andon.base.record import replace
from andon.model.dataset import ClockUse, Dataset, Definition, Kind
from andon.model.unit_tests import CellRows, Given, UnitTest, unit_test_id
from andon.project.files.facts import NameUse, RowSource, TestData, TestFile, TestSpec
from andon.project.files.nodes import Flawed
from andon.project.files.written_rows import rows_of_csv
from andon.project.link.rules import Add

_BAD = "project.bad_test"


class TestLinker:
    """Links the tests of all files; what is wrong is noted by `add`, and the test left out."""

    __test__ = False  # no test of pytest's

    def __init__(
        self,
        said: Iterable[tuple[str, TestFile]],
        data: Mapping[str, TestData],
        datasets: Mapping[str, Dataset],
        require_known: Callable[[str, Iterable[NameUse]], list[str]],
        add: Add,
    ) -> None:
        self._said = said
        self._data = data
        self._datasets = datasets
        self._require_known = require_known
        self._add = add
        self._names: dict[tuple[str, str], str] = {}

    def tests(self) -> tuple[UnitTest, ...]:
        """All that are sound, by file and place."""
        found = [self._test(path, spec) for path, said in self._said for spec in said.tests]
        return tuple(sorted((t for t in found if t is not None), key=lambda t: (t.file, t.line)))

    def _test(self, path: str, spec: TestSpec) -> UnitTest | None:
        use, name = spec.dataset, spec.name
        if not self._require_known(path, [use]):
            return None
        definition = self._datasets[use.name].definition
        given = [self._given(path, definition, place, written) for place, written in spec.given]
        expect = self._rows(path, spec.expect)
        first = self._names.setdefault((use.name, name), f"{path}:{spec.line}")
        place = (spec.line, spec.column)
        if first != f"{path}:{spec.line}":
            message = f"`{use.name}` has two tests `{name}`, the other is {first}"
            self._add(path, place, _BAD, message, "say what each of them shows")
            return None
        if definition.asks is not None:
            message = f"`{use.name}` asks {definition.asks} for its rows, and a test can't answer in its place"
            self._add(path, use, _BAD, message, "test a dataset that reads it")
            return None
        if definition.clock is not ClockUse.NONE and spec.now is None:
            message = f"`{use.name}` uses the clock, and the test doesn't say what time it is"
            self._add(path, place, "project.missing_key", message, "add `now: 2026-07-01`")
            return None
        if expect is None or any(one is None for one in given):
            return None
        test = UnitTest(
            name=name,
            dataset=use.name,
            given=tuple(one for one in given if one is not None),
            expect=expect,
            now=spec.now,
            ordered=spec.ordered,
            near=spec.approx,
            file=path,
            line=spec.line,
            column=spec.column,
            description=spec.description,
        )
        return replace(test, id=unit_test_id(test))

    def _given(self, path: str, definition: Definition, place: NameUse, written: RowSource) -> Given | None:
        if definition.kind is Kind.SOURCE:
            text = self._text(path, written)
            if text is None and written.rows is not None:
                message = f"`{definition.dataset}` is a source, so what is given is the text of a file"
                hint = f"`{_example(definition)}: |`, and the file's text on the lines below"
                self._add(path, place, _BAD, message, hint)
            return None if text is None else Given(place.name, None, text, place.line, place.column)
        if place.name not in definition.inputs:
            if self._require_known(path, [place]):
                reads = ", ".join(f"`{name}`" for name in definition.inputs) or "nothing"
                hint = did_you_mean(place.name, definition.inputs) or f"it reads {reads}"
                message = f"`{definition.dataset}` does not read `{place.name}`"
                self._add(path, place, _BAD, message, hint)
            return None
        rows = self._rows(path, written)
        return None if rows is None else Given(place.name, rows, None, place.line, place.column)

    def _rows(self, path: str, written: RowSource) -> CellRows | None:
        if written.rows is not None:
            return written.rows
        text = self._text(path, written)
        if text is None:
            return None
        file = written.path or path
        try:
            return rows_of_csv(text, file, None if written.path else written)
        except Flawed as flawed:
            flaw = flawed.flaw
            assert flaw.line is not None  # all of a CSV have their place
            assert flaw.column is not None
            self._add(file, (flaw.line, flaw.column), flaw.code, flaw.message, flaw.hint)
            return None

    def _text(self, path: str, written: RowSource) -> str | None:
        """The text of an input; None, and a problem, if it is that of a file that is not there."""
        if written.path is None:
            return written.text
        found = self._data.get(written.path)
        if found is None:
            hint = did_you_mean(written.path, self._data) or "files of tests lie in `tests/`: `tests/data/orders.csv`"
            message = f"there is no file `{written.path}`"
            self._add(path, (written.line, written.column), _BAD, message, hint)
            return None
        return found.text


def _example(definition: Definition) -> str:
    return next((pattern for read in definition.reads for pattern in read.patterns), "raw/file.csv").replace("*", "1")
