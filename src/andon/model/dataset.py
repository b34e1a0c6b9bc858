"""A dataset as its file states it: what shapes its result (`Definition`) and what is only said about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from andon.base.duration import Duration
from andon.base.hashing import content_id
from andon.base.record import Record
from andon.model.budget import Budget
from andon.model.correction import RowCorrection
from andon.model.growth import Growth
from andon.model.history import RowHistory
from andon.model.load import LoadPolicy, SchemaPolicy, Taking
from andon.model.partition import Partition
from andon.model.quarantine import aside_of
from andon.model.rest import Rest
from andon.model.retention import Retention
from andon.model.standing import Caveat, Certification, Deprecation, Handling

#: Version of the normaliser; part of every definition's id, so that a new normaliser never mixes with an old one.
NORMALISER = "n1"


#: What may build a dataset, as its file names it.
ENGINES = ("duckdb", "spark")

#: Endings of files that belong to a dataset and stand beside its own: what its packages are locked to, its SQL for Spark.
LOCK_ENDING, SPARK_ENDING = ".lock.txt", ".spark.sql"

#: In a declared lineage: the key that tells what decides which rows there are.
ROWS = "*"


def stands_beside(path: str) -> bool:
    """Whether a project file belongs to a dataset without being that by which it is known."""
    return path.endswith((LOCK_ENDING, SPARK_ENDING))


class Kind(StrEnum):
    """How a dataset is made; a quarantine holds the rows that checks of another dataset set aside, and is made with that."""

    SOURCE = "source"
    SQL = "sql"
    PYTHON = "python"
    QUARANTINE = "quarantine"


class Materialize(StrEnum):
    """How a dataset is kept."""

    TABLE = "table"
    VIEW = "view"
    INCREMENTAL = "incremental"
    HISTORY = "history"

    @property
    def has_files(self) -> bool:
        """Whether its rows are stored."""
        return self is not Materialize.VIEW


class ClockUse(StrEnum):
    """What of the logical time a dataset's result depends on."""

    NONE = "none"
    DATE = "date"
    INSTANT = "instant"


def latest(clocks: Iterable[ClockUse]) -> ClockUse:
    """What of the logical time is used where parts use `clocks`."""
    found = set(clocks)
    return next((clock for clock in (ClockUse.INSTANT, ClockUse.DATE) if clock in found), ClockUse.NONE)


class FileRead(Record, array_like=True):
    """One place where a source's SQL reads files.

    Attributes:
        function: the engine's table function in lower case (`read_csv`, `read_json`, `read_parquet`, …).
        patterns: the paths or globs as written, relative to the project.
        options: the other arguments as written in SQL, by lower-case name.
        start, end: the character range of the whole call (or of the quoted file name) in the source's SQL text.
    """

    function: str
    patterns: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    start: int
    end: int


class Definition(Record):
    """Everything that makes one dataset, whole. Equal definitions make equal results from equal inputs.

    Attributes:
        dataset: its name, `schema.name`.
        inputs: the datasets it reads, sorted.
        sql: for SQL and sources: the text to run (one SELECT, its front matter left in as a comment, no final `;`),
            so that line numbers in the engine's messages are those of the file.
        function, parameters: for Python: the function's name and `(parameter, dataset)` in order.
        frames: the parameters that are given Spark DataFrames.
        macros: the `CREATE MACRO` statements it uses, in an order in which they can be made; text as written.
        reads: for sources: where its SQL reads files.
        meaning: hash of the normal form of the dataset's own file alone (its SQL or tokens and its result-shaping settings).
        uses: hashes of the normal forms of macros, modules and lock that it uses, as sorted `(path, hash)`.
        files: every text that makes it, as sorted `(project path, sha256 of the bytes)`; the first is not special.
        entry: the project path of the dataset's own file.
        lock: project path of its lock file, if it has packages.
        was: `(column, the name it had)` where a column is declared to be another one renamed; part of `meaning`, as it decides over
            field ids.
        timeout: seconds that a Python dataset may take; not part of the id.
        engine: what its file says that builds it; not part of the id, since all give the same; empty where the settings decide.
        spark_sql: its own Spark SQL, in place of `sql` where Spark builds it.
        schema: for sources: which changes of its columns are taken without asking.
        recorded: for sources: a count; where it is another than that of the contract, the next load records anew.
        connection: for sources of a database: the connection in `andon.toml`; then `sql` is in the database's own language.
        load: for sources: how what arrives is taken; None: in place of what was there.
        rest: for sources of an HTTP API: how it is asked.
        hosts, secrets: for sources in Python: the hosts that its function may reach, the environment variables that it is given.
        growth: how a table that grows does so; part of `meaning`.
        sort: columns by which the rows of each of its files lie in order; part of `meaning`.
        partition: by what its rows are parted into files; part of `meaning`.
        history: how a history is kept; part of `meaning`. Then `sql` is that of the file with the columns that a history adds.
        quarantine: the lines of checks that set rows aside; part of `meaning`.
        corrected: what is done about its rows beside what the code says; then `id` is that of both.
        parting: content id of all that those lines mean, macros included; empty where there are none.
        unparted: the id that it would have without those lines; empty where there are none.
        id: content id over all of the above that shapes the result (`definition_id`).
    """

    dataset: str
    kind: Kind
    materialize: Materialize
    entry: str
    meaning: str
    inputs: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    sql: str | None = None
    function: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    frames: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    reads: tuple[FileRead, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    clock: ClockUse = ClockUse.NONE
    allow: tuple[str, ...] = ()
    lock: str | None = None
    was: tuple[tuple[str, str], ...] = ()
    timeout: float | None = None
    engine: str = ""
    spark_sql: str | None = None
    schema: SchemaPolicy = SchemaPolicy.EXACT
    recorded: int = 0
    connection: str | None = None
    load: LoadPolicy | None = None
    rest: Rest | None = None
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    growth: Growth | None = None
    history: RowHistory | None = None
    sort: tuple[str, ...] = ()
    partition: tuple[Partition, ...] = ()
    quarantine: tuple[str, ...] = ()
    corrected: RowCorrection | None = None
    parting: str = ""
    unparted: str = ""
    id: str = ""

    @property
    def stated(self) -> str:
        """The id of the definition as the code alone states it."""
        return self.corrected.of if self.corrected is not None else self.id

    @property
    def asks(self) -> str | None:
        """Whom a source asks for its rows: what it gets is known only when it is here. None for what is made of files or datasets."""
        if self.connection is not None:
            return f"the database {self.connection}"
        if self.rest is not None:
            return self.rest.host
        return self.entry if self.is_function else None

    @property
    def aside(self) -> str | None:
        """The dataset of the rows that its checks set aside, if they do."""
        return aside_of(self.dataset) if self.quarantine else None

    def is_but_for_parting(self, other: Definition) -> bool:
        """Whether it gives the same rows as another definition of its dataset, but for which of them are set aside."""
        return (self.unparted or self.id) == (other.unparted or other.id)

    @property
    def is_function(self) -> bool:
        """Whether it is a source in Python."""
        return self.kind is Kind.SOURCE and self.function is not None

    @property
    def goes_on(self) -> bool:
        """Whether what a source of an API or in Python loads is put to what it has."""
        return (self.rest is not None and self.rest.since is not None) or (self.is_function and self.load is not None)

    @property
    def merges(self) -> bool:
        """Whether a row that such a source loads takes the place of that with its key."""
        if self.rest is not None:
            return bool(self.key) and self.rest.since is not None
        return bool(self.key) and self.load is not None and self.load.taking is Taking.MERGE


def definition_id(dataset: str, meaning: str, uses: tuple[tuple[str, str], ...]) -> str:
    """Id of the definition of `dataset` whose own file means `meaning` and which uses `uses` (`(path, hash)`).

    The dataset's name is part of it, since field ids belong to a dataset. Comments, layout and the names of macro files don't
    change it (only the sorted hashes count).
    """
    return content_id([NORMALISER, dataset, meaning, sorted(h for _, h in uses)])


class ColumnSpec(Record, omit_defaults=True):
    """What a dataset's file says about one column.

    Attributes:
        checks: lines of the check language, the column's name left out.
        was: the name that the column had, whose field id it keeps.
    """

    name: str
    description: str | None = None
    type: str | None = None
    checks: tuple[str, ...] = ()
    pii: bool = False
    was: str | None = None


class CheckLine(Record, omit_defaults=True):
    """A declared check: its text and where it stands (`file`, line and column from 1)."""

    text: str
    file: str
    line: int
    column: int = 1
    for_column: str | None = None


class Dataset(Record, omit_defaults=True):
    """A dataset of a project: its definition and what its file says about it for people.

    Attributes:
        keep: how long its data stay after something newer took their place; None where the project decides.
        review: who must approve what others change of it: `owner`, or nobody.
        lineage: for Python, as declared: by column (`*`: which rows there are) the `(dataset, column)`s that it is made of.
    """

    definition: Definition
    description: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
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
    refresh: tuple[tuple[str, str], ...] = ()
    own_files: tuple[tuple[str, str], ...] = ()
    lineage: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def personal(self) -> frozenset[str]:
        """The columns that are marked as personal, in lower case."""
        return frozenset(column.name.lower() for column in self.columns if column.pii)

    @property
    def name(self) -> str:
        """`schema.name`."""
        return self.definition.dataset
