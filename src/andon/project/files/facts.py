"""What single files say, before they are linked: the part that is cached by (path, content)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from andon.base.duration import Duration
from andon.base.record import Record
from andon.errors import Problem
from andon.model.budget import Budget
from andon.model.check import Allow, Severity
from andon.model.dataset import CheckLine, ClockUse, ColumnSpec, FileRead, Kind
from andon.model.glossary import GlossaryTerm
from andon.model.growth import Growth
from andon.model.history import RowHistory
from andon.model.insight import Insight
from andon.model.load import LoadPolicy, SchemaPolicy
from andon.model.partition import Partition
from andon.model.playbook import Playbooks
from andon.model.rest import Rest
from andon.model.retention import Retention
from andon.model.saved_query import QueryParameter
from andon.model.standing import Caveat, Certification, Deprecation, Handling
from andon.model.unit_tests import CellRows, Near
from andon.sql.uses import MacroStatement


class NameUse(Record):
    """A name that a file uses, and where: a dataset, a called function, or an imported module."""

    name: str
    line: int
    column: int


class DatasetKeys(Record, omit_defaults=True):
    """What a dataset's file declares, by key of `fields.FIELDS`; of `lineage` the sources as `(dataset, column)`s."""

    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    materialize: str = "table"
    key: tuple[str, ...] = ()
    refresh: tuple[tuple[str, str], ...] = ()
    columns: tuple[ColumnSpec, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    handles: tuple[Handling, ...] = ()
    deprecated: Deprecation | None = None
    certified: Certification | None = None
    retention: Retention | None = None
    keep: Duration | None = None
    review: str | None = None
    budget: Budget | None = None
    allow: tuple[str, ...] = ()
    engine: str = ""
    lineage: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    timeout: float | None = None
    schema: SchemaPolicy = SchemaPolicy.EXACT
    recorded: int = 0
    connection: str | None = None
    history: RowHistory | None = None
    sort: tuple[str, ...] = ()
    partition: tuple[Partition, ...] = ()
    incremental: Growth | None = None
    load: LoadPolicy | None = None


class DatasetFacts(Record, tag=True):
    """What the file of one dataset says.

    Attributes:
        keys: what is declared.
        normal: hash of the normal form of its SQL or tokens; "" if it could not be read.
        tables: datasets that it reads.
        calls: functions that its SQL calls, each once.
        frames: of its Python's parameters those that are given Spark DataFrames.
        imports: modules that its Python imports, as dotted names.
        dependencies, inputs_digest: packages that its Python needs, and the digest that its lock must carry.
        rest: the HTTP API that a source asks.
        hosts, secrets: of a source in Python: the hosts that it may reach, the variables that it is given.
    """

    kind: Kind
    keys: DatasetKeys = DatasetKeys()
    normal: str = ""
    sql: str | None = None
    tables: tuple[NameUse, ...] = ()
    calls: tuple[NameUse, ...] = ()
    reads: tuple[FileRead, ...] = ()
    clock: ClockUse = ClockUse.NONE
    function: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    frames: tuple[str, ...] = ()
    imports: tuple[NameUse, ...] = ()
    dependencies: tuple[str, ...] = ()
    inputs_digest: str = ""
    rest: Rest | None = None
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


class MacroFile(Record, tag=True):
    """The macros of one file, in the order of the file."""

    statements: tuple[MacroStatement, ...]


class ModuleFile(Record, tag=True):
    """A local Python module: hash of its tokens, what it imports, and what of the clock it reads."""

    normal: str
    imports: tuple[NameUse, ...]
    clock: ClockUse = ClockUse.NONE


class LockFile(Record, tag=True):
    """A lock: digest of what it pins, and the digest of what it was made from (None if it doesn't say)."""

    normal: str
    inputs: str | None


class SparkFile(Record, tag=True):
    """A dataset's own Spark SQL, and the digest of it that counts."""

    sql: str
    normal: str


class CheckKeys(Record, omit_defaults=True):
    """What the file of a rule declares, by key of `sql.CHECK_FIELDS`."""

    name: str | None = None
    description: str | None = None
    severity: Severity = Severity.HOLD
    why: str | None = None
    owner: str | None = None
    allow: Allow | None = None


class CheckFile(Record, tag=True):
    """A rule across datasets: its SQL and settings, the datasets that it reads, and the functions that it calls.

    Attributes:
        keys: what is declared.
        named_at: where the front matter names it; its place is None where the file's name counts.
        normal: hash of the normal form of its SQL; "" if it could not be read.
    """

    tables: tuple[NameUse, ...]
    calls: tuple[NameUse, ...]
    sql: str = ""
    normal: str = ""
    keys: CheckKeys = CheckKeys()
    named_at: tuple[int, int] | None = None
    clock: ClockUse = ClockUse.NONE


class RowSource(Record):
    """What stands for the rows of an input: a list in YAML, a text (CSV, or a source's raw file), or the path of a file.

    Attributes:
        lines, indent: of a text: the line of the file on which it begins (None: not known line by line) and its indentation.
    """

    rows: CellRows | None
    text: str | None
    path: str | None
    line: int
    column: int
    lines: int | None = None
    indent: int = 0


class TestSpec(Record):
    """A unit test as it stands in its file: its place, and what is declared, by key of `unit_tests.TEST_FIELDS`."""

    __test__ = False  # no test of pytest's

    line: int
    column: int
    name: str
    dataset: NameUse
    expect: RowSource
    given: tuple[tuple[NameUse, RowSource], ...] = ()
    now: str | None = None
    ordered: bool = False
    approx: tuple[Near, ...] = ()
    description: str | None = None


class TestFile(Record, tag=True):
    """The unit tests of one file."""

    __test__ = False

    tests: tuple[TestSpec, ...]


class TestData(Record, tag=True):
    """The text of a file that unit tests name."""

    __test__ = False

    text: str


class QueryFile(Record, tag=True):
    """A saved query: what it reads, its SQL, and what its front matter declares, by key of `query.QUERY_FIELDS`."""

    tables: tuple[NameUse, ...]
    sql: str
    parameters: tuple[QueryParameter, ...] = ()
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()


class InsightFile(Record, tag=True):
    """An insight, and where the datasets that it uses are named."""

    insight: Insight
    uses: tuple[NameUse, ...]


class PlaybooksFile(Record, tag=True):
    """The playbooks, and where datasets are named in them."""

    playbooks: Playbooks
    uses: tuple[NameUse, ...] = ()


class GlossaryFile(Record, tag=True):
    """The terms, and where columns are named in them."""

    terms: tuple[GlossaryTerm, ...]
    uses: tuple[NameUse, ...] = ()


class ConfigFile(Record, tag=True):
    """The parsed `andon.toml`; dates and times in it are ISO texts."""

    values: Mapping[str, Any]


Said = (
    DatasetFacts
    | MacroFile
    | ModuleFile
    | LockFile
    | SparkFile
    | CheckFile
    | QueryFile
    | TestFile
    | TestData
    | InsightFile
    | PlaybooksFile
    | GlossaryFile
    | ConfigFile
    | None
)


class FileFacts(Record):
    """What one file says, and what is wrong with it on its own."""

    said: Said = None
    problems: tuple[Problem, ...] = ()
