"""A unit test of a dataset: given rows per input, the rows that must come out. Facts only; `andon.unit_tests.testing` runs them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from andon.base.hashing import content_id
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


@dataclass(frozen=True, slots=True)
class Cell:
    """A written value; line and column of its place count from 1."""

    kind: CellKind
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class CellRows:
    """CellRows as they are written. Each has a cell for each of `columns`.

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


@dataclass(frozen=True, slots=True)
class Given:
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


@dataclass(frozen=True, slots=True)
class Near:
    """How far numbers may lie from what is expected: in one column, or in all where `column` is None."""

    amount: str
    relative: bool = False
    column: str | None = None


@dataclass(frozen=True, slots=True)
class UnitTest:
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


@dataclass(frozen=True, slots=True)
class Pair:
    """An expected row, the row found that is most like it, and the indices of the columns that differ."""

    expected: Row
    found: Row
    differing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TestResult:
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
    notices: tuple[str, ...] = field(default=())
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

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` shows."""
        return {
            "dataset": self.dataset,
            "test": self.name,
            "file": self.file,
            "line": self.line,
            "status": str(self.status),
            "cached": self.cached,
            "seconds": round(self.seconds, 4),
            "columns": list(self.columns),
            "pairs": [
                {
                    "expected": list(pair.expected),
                    "found": list(pair.found),
                    "differing": [self.columns[i] for i in pair.differing],
                }
                for pair in self.pairs
            ],
            "missing": [list(row) for row in self.missing],
            "unexpected": [list(row) for row in self.unexpected],
            "missing_count": self.missing_count,
            "unexpected_count": self.unexpected_count,
            "misplaced": self.misplaced,
            "message": self.message,
            "hint": self.hint,
            "problems": [asdict(problem) for problem in self.problems],
            "notices": list(self.notices),
        }
