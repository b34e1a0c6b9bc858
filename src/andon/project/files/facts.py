"""What single files say, before they are linked: the part that is cached by (path, content)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from andon.errors import Problem
from andon.model.dataset import ClockUse, FileRead, Kind
from andon.model.project import Insight
from andon.sql.uses import MacroStatement


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name that a file uses, and where: a dataset, a called function, or an imported module."""

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What the file of one dataset says.

    Attributes:
        values: what is declared, by key of `fields.FIELDS`.
        normal: hash of the normal form of its SQL or tokens; "" if it could not be read.
        tables: datasets that it reads.
        calls: functions that its SQL calls, each once.
        imports: modules that its Python imports, as dotted names.
        dependencies, inputs_digest: packages that its Python needs, and the digest that its lock must carry.
    """

    kind: Kind
    values: Mapping[str, Any] = field(default_factory=dict)
    normal: str = ""
    sql: str | None = None
    tables: tuple[NameUse, ...] = ()
    calls: tuple[NameUse, ...] = ()
    reads: tuple[FileRead, ...] = ()
    clock: ClockUse = ClockUse.NONE
    function: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    imports: tuple[NameUse, ...] = ()
    dependencies: tuple[str, ...] = ()
    inputs_digest: str = ""


@dataclass(frozen=True, slots=True)
class MacroFile:
    """The macros of one file, in the order of the file."""

    statements: tuple[MacroStatement, ...]


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """A local Python module: hash of its tokens, and what it imports."""

    normal: str
    imports: tuple[NameUse, ...]


@dataclass(frozen=True, slots=True)
class LockFile:
    """A lock: digest of what it pins, and the digest of what it was made from (None if it doesn't say)."""

    normal: str
    inputs: str | None


@dataclass(frozen=True, slots=True)
class CheckFile:
    """A rule across datasets: its SQL and settings, the datasets that it reads, and the functions that it calls.

    Attributes:
        values: what is declared, by key of `sqlfile.CHECK_FIELDS`.
        name: where the front matter names it; its place is None where the file's name counts.
        normal: hash of the normal form of its SQL; "" if it could not be read.
    """

    tables: tuple[NameUse, ...]
    calls: tuple[NameUse, ...]
    sql: str = ""
    normal: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    named_at: tuple[int, int] | None = None
    clock: ClockUse = ClockUse.NONE


@dataclass(frozen=True, slots=True)
class TestSpec:
    """A unit test as it stands in its file: what is declared, by key of `testfile.TEST_FIELDS`, and its place."""

    __test__ = False  # no test of pytest's

    values: Mapping[str, Any]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class TestFile:
    """The unit tests of one file."""

    __test__ = False

    tests: tuple[TestSpec, ...]


@dataclass(frozen=True, slots=True)
class TestData:
    """The text of a file that unit tests name."""

    __test__ = False

    text: str


@dataclass(frozen=True, slots=True)
class InsightFile:
    """An insight, and where the datasets that it uses are named."""

    insight: Insight
    uses: tuple[NameUse, ...]


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The parsed `andon.toml`."""

    values: Mapping[str, Any]


Said = (
    DatasetFacts | MacroFile | ModuleFile | LockFile | CheckFile | TestFile | TestData | InsightFile | ConfigFile | None
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file says, and what is wrong with it on its own."""

    said: Said = None
    problems: tuple[Problem, ...] = ()
