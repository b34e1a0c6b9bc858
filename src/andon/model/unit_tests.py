"""A unit test of a dataset: given rows per input, the rows that must come out. Facts only; `andon.unit_tests.testing` runs them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from andon.base.document import Document, Documented
from andon.base.hashing import content_id
from andon.base.record import Record
from andon.errors import Problem

#: Version of what a test means; part of every test's id, so that results of another meaning are never taken.
MEANING = "t1"


class CellKind(StrEnum):
    """How a value is written: a text, a number, true or false, null, a list or mapping (as JSON), or a bare word of CSV."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    NULL = "null"
    JSON = "json"
    BARE = "bare"


class Cell(Record):
    """A written value; line and column of its place count from 1."""

    kind: CellKind
    text: str
    line: int
    column: int


class CellRows(Record):
    """Rows as they are written. Each has a cell for each of `columns`.

    Attributes:
        file: where they stand.
        places: line and column of each column's name.
        line, column: where the rows begin.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    file: str
    places: tuple[tuple[int, int], ...] = ()
    line: int = 1
    column: int = 1


class Given(Record):
    """What one input holds: the rows of a dataset, or for a source the text of a raw file.

    Attributes:
        name: the dataset, or the project path of the raw file.
        line, column: where it is named.
    """

    name: str
    rows: CellRows | None
    text: str | None
    line: int
    column: int


class Near(Record):
    """How far numbers may lie from what is expected: in one column, or in all where `column` is None."""

    amount: str
    relative: bool = False
    column: str | None = None


class UnitTest(Record):
    """One test of one dataset.

    Attributes:
        now: the logical time as ISO text in UTC, or None.
        ordered: whether the rows must come in the order in which they are expected.
        id: content id over all that decides the outcome, the definition left aside; places don't change it.
        file, line, column: where it stands.
    """

    name: str
    dataset: str
    given: tuple[Given, ...]
    expect: CellRows
    now: str | None
    ordered: bool
    near: tuple[Near, ...]
    file: str
    line: int
    column: int
    description: str | None = None
    id: str = ""


def unit_test_id(test: UnitTest) -> str:
    """Id of what `test` says."""
    given = sorted((g.name, _plain(g.rows), g.text) for g in test.given)
    near = sorted((n.column or "", n.amount, n.relative) for n in test.near)
    said = [MEANING, test.dataset, given, _plain(test.expect), test.now, test.ordered, near]
    return content_id(said)


def _plain(rows: CellRows | None) -> Any:
    if rows is None:
        return None
    return [list(rows.columns), [[[str(cell.kind), cell.text] for cell in row] for row in rows.rows]]


class TestStatus(StrEnum):
    """How a test came out. `error`: it could not run, which is never a pass."""

    __test__ = False  # no test of pytest's

    PASS = "pass"  # noqa: S105 - a status
    FAIL = "fail"
    ERROR = "error"


Row = tuple[str | None, ...]
"""A row of the listed columns as texts; None is NULL."""


class Pair(Record):
    """An expected row, the row found that is most like it, and the indices of the columns that differ."""

    expected: Row
    found: Row
    differing: tuple[int, ...]


class PairDocument(Document):
    """An expected row, the one that was found in its place, and the columns that differ."""

    expected: list[str | None]
    found: list[str | None]
    differing: list[str]


class TestDocument(Document):
    """How a unit test came out."""

    __test__ = False  # no test of pytest's

    dataset: str
    test: str
    file: str
    line: int
    status: TestStatus
    cached: bool
    seconds: float
    columns: list[str]
    pairs: list[PairDocument]
    missing: list[list[str | None]]
    unexpected: list[list[str | None]]
    missing_count: int
    unexpected_count: int
    misplaced: bool
    message: str | None
    hint: str | None
    problems: list[Problem]
    notices: list[str]


class TestResult(Documented):
    """How a unit test came out.

    Attributes:
        columns: the listed columns; rows below have a value for each.
        pairs: rows that are nearly those expected.
        missing: expected rows that nothing found is like.
        unexpected: rows found that nobody expected.
        missing_count, unexpected_count: of all, since only the first are kept; pairs count on both sides.
        misplaced: of an ordered test: the rows are right and their order is not.
        message, hint: why it could not run.
        problems: what is wrong with the test itself, each with its place.
        notices: what a person should know, such as inputs that were not given.
        cached: whether the result is that of an earlier run of the same test on the same definition.
    """

    __test__ = False  # no test of pytest's

    dataset: str
    name: str
    file: str
    line: int
    status: TestStatus
    columns: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    missing: tuple[Row, ...] = ()
    unexpected: tuple[Row, ...] = ()
    missing_count: int = 0
    unexpected_count: int = 0
    misplaced: bool = False
    message: str | None = None
    hint: str | None = None
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    cached: bool = False

    @property
    def failed(self) -> bool:
        """Whether it failed or could not run: it holds a change of the dataset."""
        return self.status is not TestStatus.PASS

    @property
    def wrong(self) -> int:
        """How many rows are wrong; an expected row and the one found in its place are one."""
        return len(self.pairs) if self.misplaced else max(self.missing_count, self.unexpected_count)

    @property
    def where(self) -> str:
        """`file:line` of the test."""
        return f"{self.file}:{self.line}"

    def document(self) -> TestDocument:
        """The document that `--json` shows."""
        pairs = [PairDocument.about(pair, differing=[self.columns[i] for i in pair.differing]) for pair in self.pairs]
        return TestDocument.about(self, test=self.name, seconds=round(self.seconds, 4), pairs=pairs)
