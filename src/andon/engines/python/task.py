"""What one run of a Python dataset needs, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.hashing import content_id
from andon.base.record import Record, field

if TYPE_CHECKING:
    from andon.engines.python.keeping import PackageStore

#: Seconds that a Python dataset may take when its file doesn't say.
DEFAULT_TIMEOUT = 3600.0


def seed_of(dataset: str) -> int:
    """The number by which all that draws by chance in a dataset is seeded.

    It hangs on the name alone: an edit, or another month of rows, moves a result by what it means and not by other draws.
    """
    return int(content_id(["seed", dataset])[:8], 16)


class PythonSettings(Record):
    """Where environments of Python datasets are kept, how long a dataset may take (seconds), and how much memory (bytes).

    Attributes:
        seed: of what is built again, as it was recorded; None for `seed_of`.
        packages: kept wheels.
    """

    environments: Path
    timeout: float
    memory: int | None = None
    seed: int | None = None
    packages: PackageStore | None = None


class AnalysisPart(Record):
    """What a run of an analysis needs beside what a dataset's does.

    Attributes:
        kind: `script`, `marimo` or `jupyter`.
        commit: id of the commit that it reads.
        parameters: what was chosen, by name.
        cells: of a Jupyter notebook: `(is code, number, text)`.
        outputs: the folder that it writes into, beside its `output`.
    """

    kind: str
    commit: str
    parameters: Mapping[str, Any]
    cells: tuple[tuple[bool, int, str], ...]
    outputs: Path


class SparkPart(Record):
    """What a function needs beside that takes Spark DataFrames.

    Attributes:
        socket: of who hands on what it asks.
        session, user: by which Spark knows the session.
        frames: `{parameter: view}`.
        patience: seconds for which a connection that is lost is looked for.
        facts: what a build records of who made the DataFrames.
    """

    socket: Path
    session: str
    user: str
    frames: Mapping[str, str]
    patience: float
    facts: Mapping[str, Any]


class PythonTask(Record):
    """One run of a Python dataset.

    Attributes:
        dataset: its name, `schema.name`.
        function: name of the function in `entry`.
        entry: project path of the dataset's file; a key of `files`.
        files: `{project path: content}` of the code: the dataset's file and the modules that it uses. Nothing else of the
            project is visible to the function.
        parameters: `(parameter, dataset)` in the order of the function.
        inputs: `{dataset: absolute paths of its Parquet files}`.
        output: the Parquet file to write; it must not exist.
        work: an empty folder for this run alone; the caller removes it.
        logical_time: the clock that the function sees, as `andon.logical_time()` and, unless it reaches hosts, as every other; aware.
        views: `{dataset: SELECT}` for inputs that are no plain list of files (views, tables without a file).
        lock: content of the lock file; None when the dataset has no packages.
        timeout: seconds from the child's start to its end; installing packages doesn't count.
        memory_limit: for DuckDB in the child (`2GB`), or None for its default.
        memory: bytes that the child may take in all, or None for no limit.
        state: of a source: what its last load left behind; None for a dataset.
        hosts: of a source: the hosts that it may reach.
        secrets: of a source: variables that it is given; what they hold is masked in all that is told of it.
        seed: for all that draws by chance, where that was recorded; None: `seed_of` the dataset.
        analysis: of an analysis, which has no function and may read all of `inputs`.
        packages: kept wheels, of which its environment is made first.
        spark: of a function that takes Spark DataFrames.
    """

    dataset: str
    function: str
    entry: str
    files: Mapping[str, bytes]
    parameters: tuple[tuple[str, str], ...]
    inputs: Mapping[str, tuple[Path, ...]]
    output: Path
    work: Path
    logical_time: datetime
    views: Mapping[str, str] = field(default_factory=dict)
    lock: bytes | None = None
    timeout: float = DEFAULT_TIMEOUT
    memory_limit: str | None = None
    memory: int | None = None
    state: Mapping[str, Any] | None = None
    hosts: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    analysis: AnalysisPart | None = None
    packages: PackageStore | None = None
    spark: SparkPart | None = None

    @property
    def seeded(self) -> int:
        """The seed that counts."""
        return seed_of(self.dataset) if self.seed is None else self.seed


class PythonPart(Record):
    """A file that a source's function handed out: its columns as `(name, DuckDB type)`."""

    path: Path
    columns: tuple[tuple[str, str], ...]
    rows: int


class PythonOutcome(Record):
    """What came of a run.

    Attributes:
        columns: `(name, DuckDB type)` as they stand in the Parquet file. What Parquet would hold only with loss is cast already
            (HUGEINT to BIGINT, loudly; INTERVAL, ENUM and BIT to VARCHAR).
        rows: number of rows.
        log: what the function printed, and what was written to standard error; its end, if it was long.
        seconds: wall time of the child.
        python: version of Python in the child.
        packages: `{name: version}` of what was installed in its environment.
        network: `blocked`; `hosts` where those that a source declares are all that can be reached; `reachable` where the system has no
            means that needs no privilege.
        parts, state: of a source: what was handed out, and what it leaves behind.
        isolation: `bubblewrap`, `namespaces`, `landlock` or `none` (see `isolation.py`).
        told: of an analysis: what it kept beside files.
        plan: of a function that returned a Spark DataFrame: the relation, as Spark Connect writes it; then no file was written.
        client: the version of Spark's client in the child.
    """

    columns: tuple[tuple[str, str], ...]
    rows: int
    log: str
    seconds: float
    python: str
    packages: Mapping[str, str]
    network: str
    isolation: str
    parts: tuple[PythonPart, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    plan: bytes | None = None
    client: str | None = None
