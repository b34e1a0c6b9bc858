"""The port that builds go through: Parquet in, Parquet out.

Given data files by dataset, SQL or Python, a logical time and a place to write, an engine writes one Parquet file and says what is in it.
Only the lake commits. What an engine can't do is declared, and told when a run is planned. `tests/contract/test_engine_contract.py` is
what every engine must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from andon.base.record import Record, field
from andon.base.temporary import Temporary
from andon.engines.relation import Relation
from andon.errors import AndonError, DatasetError, Problem
from andon.model.build import InputFile
from andon.model.dataset import ClockUse, Definition, Kind, Materialize
from andon.model.quarantine import AsideRule
from andon.model.types import DuckType, parse_type
from andon.model.version import Column, ColumnStats

#: Columns as `(name, DuckDB type)`.
Types = Sequence[tuple[str, str]]


class Capabilities(Record):
    """What an engine can do.

    Attributes:
        name: as people know it.
        kinds: the kinds of datasets that it builds.
        clock: whether `now()` and its kin show the logical time.
        macros: whether it knows the project's macros.
        views: whether it makes views: tells what their SQL returns.
        takes_views: whether it reads them.
        rewritten: whether the embedded engine writes out what it returns: then rows can be set aside, sorted and parted as of any result.
        unstored: types of the lake that it can't write.
        repeats: whether equal inputs give equal bytes; what every engine must pass holds it to that.
        unusable: why it can build nothing here: code, message and hint.
    """

    name: str
    kinds: frozenset[Kind]
    clock: bool = True
    macros: bool = True
    views: bool = True
    takes_views: bool = True
    rewritten: bool = True
    unstored: frozenset[str] = frozenset()
    repeats: bool = True
    unusable: tuple[str, str, str] | None = None


class EngineSettings(Record):
    """How engines are set.

    Attributes:
        cores: for what is done wide.
        memory_limit: as DuckDB writes it (`4GB`), or empty for the engine's default.
        wide_above: from how many bytes of input a task is wide.
        temporary: a folder for what doesn't fit in memory.
        temp_limit: how much that may be (`50GB`), or empty for nine tenths of what is free on its disk.
    """

    cores: int
    memory_limit: str
    wide_above: int
    temporary: Temporary
    temp_limit: str = ""


class Recipe(Record):
    """What is computed.

    Attributes:
        definition: the dataset's; its name stands in errors.
        inputs: what the names that it reads stand for.
        moment: the logical time; aware.
        sql: the SELECT to run, for SQL and sources.
        inner: the SELECT in it whose rows it only puts in an order; None: `sql` itself.
        code: `{project path: content}` of all texts, for Python.
        explain: what an exception of the engine means, where it is not the definition's own SQL that failed.
        contract: what was recorded about how a source is read.
        state: of a source: what its last load left behind, if that counts.
        earlier: for a source that goes on where its last load ended: the name in `inputs` of what it holds.
        is_part: whether its inputs stand for parts of what their names stand for elsewhere.
    """

    definition: Definition
    inputs: Mapping[str, Relation]
    moment: datetime
    sql: str | None = None
    inner: str | None = None
    code: Mapping[str, bytes] = field(default_factory=dict)
    explain: Callable[[Exception], AndonError] | None = None
    contract: Mapping[str, Any] | None = None
    earlier: str | None = None
    state: Mapping[str, Any] | None = None
    is_part: bool = False

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return self.definition.dataset


class Aside(Record):
    """Where rows go that are not to be in a result.

    Attributes:
        output: the file to write them into, as the engine names it; it does not exist, and does not where no row is set aside.
        rules: which rows these are, over the columns that the lake stores; raises where they can't be told.
    """

    output: str
    rules: Callable[[Sequence[Column]], Sequence[AsideRule]]


class Task(Record):
    """One dataset to build.

    Attributes:
        recipe: what is computed.
        output: the file to write, as the engine names it; it does not exist.
        stored: gives what the lake stores, with field ids, for what the recipe returns; asked once, before anything is written.
        types: what the recipe returns, where that is known; else the engine finds out.
        aside: where rows go that are to be set aside.
        told: hears how far it is, in words, from an engine that knows.
        further: gives the place of one more file of the result, for an engine that has several; None: it is one file.
    """

    recipe: Recipe
    output: str
    stored: Callable[[Types], tuple[Column, ...]]
    types: Types | None = None
    aside: Aside | None = None
    told: Callable[[str], None] | None = None
    further: Callable[[], str] | None = None


class NothingNew(Exception):
    """What a source was asked for brought no row that it does not hold; nothing was written."""


class LoadFacts(Record):
    """What is known of a load of a source only when it is here.

    Attributes:
        contract: how its rows were read, with the state from which the next load goes on.
        files: what came, as it came, and where it lies until it is kept.
        notes: what people should hear.
        adds: whether only rows were written that are new, to be put behind those of the earlier load.
    """

    contract: Mapping[str, Any]
    files: tuple[tuple[InputFile, Path], ...] = ()
    notes: tuple[str, ...] = ()
    adds: bool = False


class ProducedFile(Record):
    """One of the files of a result.

    Attributes:
        output: where it lies, as the engine names it.
        rows: how many.
        stats: as of `Produced`.
    """

    output: str
    rows: int
    stats: Mapping[str, ColumnStats]


class Produced(Record):
    """What was written.

    Attributes:
        columns: as they are stored.
        rows: how many.
        stats: by leaf column (`"id"`, `"s"."a"`, `"l"."element"`, `"m"."key"`); of what an engine doesn't know, nothing.
        facts: what a build records about the engine.
        log: what the code printed.
        loaded: of a source that asks somebody else than a database.
        aside: how many rows were set aside; in the file for them, if any.
        files: where the result is in several files, or in one that tells of itself: each, the first at the task's output.
    """

    columns: tuple[Column, ...]
    rows: int
    stats: Mapping[str, ColumnStats]
    facts: Mapping[str, Any]
    log: str | None = None
    loaded: LoadFacts | None = None
    aside: int = 0
    files: tuple[ProducedFile, ...] = ()


class Engine(Protocol):
    """Builds datasets; called from several threads at once."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def describe(self, recipe: Recipe) -> Types:
        """What a recipe returns, without computing it. Only where `views` are known.

        Raises:
            AndonError: as `run`.
        """
        ...

    def facts(self) -> Mapping[str, Any]:
        """What a build records about the engine."""
        ...

    def run(self, task: Task) -> Produced:
        """Compute a recipe and write its result to `task.output`. When it fails, nothing is left there.

        Raises:
            DatasetError: the dataset's own failure, with its name or file; `build.interrupted` after `interrupt`.
            NothingNew: of a source with something earlier.
            MachineError: the machine's or the lake's failure.
        """
        ...

    def interrupt(self) -> None:
        """Stop what runs and take nothing more; called from another thread."""
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


class Builders(Protocol):
    """The engines of one run."""

    def builder(self, definition: Definition, size: int) -> AbstractContextManager[Engine]:
        """The engine that builds a dataset over `size` bytes of input, for as long as it is needed."""
        ...

    def interrupt(self) -> None:
        """Stop what runs on any of them; called from another thread."""
        ...


#: Gives the embedded engine that knows SQL, for work over so many bytes of input and for as long as it is needed.
Embedded = Callable[[int], AbstractContextManager[Engine]]


class EngineKind(Record):
    """A kind of engine: what it can do, and how one is opened for a run.

    Attributes:
        why: what leaves a dataset to it, in words.
        answers_above: from how many bytes on that are read it answers queries about such a dataset (see `Answers`); None: never.
        open: how: it may leave to the embedded engine what that does as well.
        refusal: what of a definition over inputs of these columns it can't do, by the columns of the result, and by the dataset that it is
            to build: that itself, or one that reads the definition as a view; None: it does all that its capabilities say.
    """

    capabilities: Capabilities
    open: Callable[[EngineSettings, Embedded], Engine]
    refusal: Callable[[Definition, Mapping[str, Types], Types, str], Problem | None] | None = None
    why: str = ""
    answers_above: int | None = None


def missing(
    capabilities: Capabilities, definition: Definition, views: Collection[str] = (), columns: Types = ()
) -> Problem | None:
    """What an engine lacks to build `definition`, or None.

    Args:
        views: datasets that are views.
        columns: of the result, with the types that the lake stores, as far as they are known before it is built.
    """
    if definition.kind is Kind.QUARANTINE:
        return None  # it is written with its dataset
    if capabilities.unusable is not None:
        code, message, hint = capabilities.unusable
        return Problem(code, message, definition.entry, hint=hint)
    lacks = _lacking(capabilities, definition, views) or _not_stored(capabilities, columns)
    if lacks is None:
        return None
    what, hint = lacks
    message = f"the engine {capabilities.name} {what}, which `{definition.dataset}` needs"
    return Problem("build.not_supported", message, definition.entry, hint=hint)


def _lacking(capabilities: Capabilities, definition: Definition, views: Collection[str]) -> tuple[str, str] | None:
    if definition.kind not in capabilities.kinds:
        words = {Kind.PYTHON: "runs no Python", Kind.SQL: "runs no SQL", Kind.SOURCE: "reads no raw files"}
        return words[definition.kind], "leave this dataset to another engine"
    if definition.clock is not ClockUse.NONE and not capabilities.clock:
        return "does not show the logical time", "take the time from a column, or leave this dataset to another engine"
    if definition.macros and not capabilities.macros:
        return "knows no macros", "write out what the macro does, or leave this dataset to another engine"
    if definition.materialize is Materialize.VIEW and not capabilities.views:
        return "makes no views", "`materialize: table`"
    if (definition.growth is not None or definition.history is not None) and not capabilities.views:
        return "makes tables whole only", "`materialize: table`"
    if definition.quarantine and definition.asks is None and not capabilities.rewritten:
        return "sets no rows aside", "take `quarantine` out: then its checks hold"
    if definition.partition and not capabilities.rewritten:
        return "writes one file for a result", "take `partition` out"
    read = sorted(set(views).intersection(definition.inputs))
    if read and not capabilities.takes_views:
        return "reads no views", f"`materialize: table` for {', '.join(f'`{name}`' for name in read)}"
    return None


def _not_stored(capabilities: Capabilities, columns: Types) -> tuple[str, str] | None:
    for name, kind in columns:
        unknown = capabilities.unstored.intersection(_names_in(parse_type(kind)))
        if unknown:
            return (
                f"can't write the type {min(unknown)} of `{name}`",
                "cast it, or leave this dataset to another engine",
            )
    return None


def _names_in(kind: DuckType) -> Iterator[str]:
    yield kind.name
    for part in kind.fields:
        yield from _names_in(part.type)


def stopped(dataset: str) -> DatasetError:
    """The error of a task that was stopped."""
    return DatasetError(
        "build.interrupted", "the run was stopped", where=dataset, hint="run again; what was built is reused"
    )
