"""Queries: one SELECT over the datasets of one commit, read-only, logged from the first day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.cancel import CancelToken
from andon.base.names import did_you_mean
from andon.base.text import excerpt, line_and_column
from andon.engines.duckdb.failures import batches_of, query_error
from andon.engines.relation import Relation
from andon.errors import AndonError, MachineError, Problem, UsageError
from andon.model.commit import Commit
from andon.query.asking import NOTES, arguments_of, ask, before, check_names, copy, shape_of
from andon.query.gate import Question, bare, permit
from andon.query.logged import Logbook, QueryEntry
from andon.relations.pool import Find, Lease, Pool
from andon.relations.relations import Relations
from andon.sql.uses import TableUse
from andon.workspace.view import unpublished_hint, unpublished_run

if TYPE_CHECKING:
    from andon.engines.duckdb.parameters import Parameters
    from andon.query.apart.messages import Outlined
    from andon.query.limits import QueryLimits
    from andon.query.streaming import Streamed
    from andon.query.workers import Workers
    from andon.workspace.workspace import Workspace

#: So many rows of an answer are in memory at a time where it is written as Arrow.
_BATCH = 100_000
#: So many where they are taken one by one.
_ROWS = 10_000


@dataclass
class _Reading:
    """Rows that are being read, and how many were."""

    lease: Lease
    rows: int = 0


@dataclass
class Answer:
    """The result of a query; rows are read when asked for. Asked for again, the same text is asked again of the same commit.
    What is never read is freed by `close`, or when it is collected.

    Attributes:
        sql: the query. commit: the commit that was read. datasets: what was read.
        columns, types: of the result (DuckDB types).
        seconds: until the first rows were there.
    """

    sql: str
    commit: Commit
    datasets: tuple[str, ...]
    columns: list[str]
    types: list[str]
    seconds: float
    _lease: Lease | None
    _question: Question
    _arguments: str | None
    _entry: QueryEntry
    _again: Callable[[], Lease]

    @property
    def is_plan(self) -> bool:
        """Whether it is how a query would be answered, in place of its rows."""
        return bool(self._question.plan)

    def close(self) -> None:
        """Drop rows that were not read."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.release()

    def fetch(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Rows as tuples: all, or the first `limit`."""

        def read(lease: Lease) -> list[tuple[Any, ...]]:
            rows: list[tuple[Any, ...]]
            rows = lease.connection.fetchall() if limit is None else lease.connection.fetchmany(limit)
            return rows

        rows: list[tuple[Any, ...]] = self._take(read, len)
        return rows

    def arrow(self) -> Any:
        """A `pyarrow.Table`."""
        return self._take(lambda held: held.connection.to_arrow_table(), lambda t: int(t.num_rows))

    def df(self) -> Any:
        """A pandas data frame.

        Raises:
            MachineError: `machine.missing` without pandas.
        """
        require_frames("pandas")
        return self._take(lambda held: held.connection.df(), len)

    def pl(self) -> Any:
        """A Polars data frame.

        Raises:
            MachineError: `machine.missing` without polars.
        """
        require_frames("polars")
        return self._take(lambda held: held.connection.pl(), len)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows as tuples, read as they are taken: some thousands are in memory at a time."""
        with self._reading() as reading:
            while some := reading.lease.connection.fetchmany(_ROWS):
                reading.rows += len(some)
                yield from some

    def batches(self, size: int) -> Iterator[Any]:
        """Rows as `pyarrow.RecordBatch` of at most so many, read as they are taken."""
        with self._reading() as reading, reading.lease.connection.to_arrow_reader(size) as reader:
            for batch in batches_of(reader):
                reading.rows += batch.num_rows
                yield batch

    def write(self, path: Path, format: str, notes: str | None = None) -> int:
        """Write all rows to `path` as `csv`, `json`, `parquet` or `arrow`; returns how many.

        Args:
            notes: what Arrow and Parquet hold beside the rows (JSON).

        Raises:
            UsageError: `usage.bad_argument` for another format, or for columns of one name where only names tell them apart.
        """
        check_names(self.columns, format)

        def write(lease: Lease) -> int:
            with lease.leaving(path) as place:
                if format == "arrow":
                    return _write_arrow(lease.connection.to_arrow_reader(_BATCH), place, notes)
                return copy(lease.connection, self._question, self._arguments, place, format, notes=notes)

        return int(self._take(write, int))

    def _take(self, read: Callable[[Lease], Any], count: Callable[[Any], int]) -> Any:
        with self._reading() as reading:
            found = read(reading.lease)
            reading.rows = count(found)
        return found

    @contextmanager
    def _reading(self) -> Iterator[_Reading]:
        """While rows are read; behind it the question is in the log, with those that were, also where nobody wanted all."""
        began = time.perf_counter()
        lease, self._lease = self._lease, None
        again = lease is None
        rows: int | None = None
        told: str | None = None
        try:
            # a result that was read is empty, and says so in no way that could be told from no rows
            with lease or self._again() as held:
                reading = _Reading(held)
                try:
                    yield reading
                except GeneratorExit:  # nobody wants the rest
                    rows = reading.rows
                    raise
                rows = reading.rows
        except Exception as error:
            problem = query_error(error, self._question.select, before(self._question, self._arguments))
            rows, told = None, problem.message
            raise problem from error
        finally:
            if not again and (rows is not None or told is not None):  # one question is one line of the log
                self._entry.write(rows, None, self.seconds + time.perf_counter() - began, told)


class Querying:
    """Asks questions of one workspace's lake, in this process (`ask`) or in one apart (`stream`); the gate is one.

    Args:
        workers: gives those who answer apart.
    """

    def __init__(self, workspace: Workspace, workers: Callable[[], Workers]) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._workers = workers
        self._book = Logbook(workspace)

    @property
    def limits(self) -> QueryLimits:
        """What a streamed question may take, where nothing else is said."""
        return self._workers().limits

    @property
    def is_logged(self) -> bool:
        """Whether what was asked so far is in the log; it is not where the lake can only be read."""
        return self._book.is_logged

    def ask(
        self, sql: str, at: str | None = None, face: str | None = None, parameters: Parameters | None = None
    ) -> Answer:
        """Run `sql` against the commit that `at` names (None: the head of the workspace's branch).

        Args:
            parameters: values of `?` in order, or of `$name` by name.

        Raises:
            UsageError: `usage.not_one_select`, `usage.query_failed`, `usage.query_limit` for a text that is too long,
                `lake.ref_not_found`, `lake.dataset_not_found`; `usage.bad_argument` for parameters that don't fit.
        """
        commit = self._lake.refs.resolve(self._workspace.reading(at))
        return self.ask_commit(sql, commit, face, parameters)

    def ask_commit(
        self, sql: str, commit: Commit, face: str | None = None, parameters: Parameters | None = None
    ) -> Answer:
        """`ask`, for a commit at hand."""
        entry = self._book.entry(bare(sql), commit.id, face)
        question: Question | None = None
        values: str | None = None
        try:
            question = permit(sql)
            entry.shape, entry.exact = question.shape, question.exact
            entry.datasets = self._datasets(question.tables, commit, question.text)
            values = arguments_of(question.parameters, parameters)
            pool = self._workspace.readers.wide
            lease, relations = _asked(pool, commit.root, question, values, entry.datasets, self._find(commit))
        except AndonError as error:
            entry.write(None, None, entry.elapsed, error.message)
            raise
        except Exception as error:
            if question is None:
                raise
            problem = query_error(error, question.select, before(question, values))
            entry.write(None, None, entry.elapsed, problem.message)
            raise problem from error
        columns, types = shape_of(lease.connection)
        asked = question
        return Answer(
            question.text,
            commit,
            entry.datasets,
            columns,
            types,
            entry.elapsed,
            lease,
            question,
            values,
            entry,
            lambda: _asked(pool, commit.root, asked, values, entry.datasets, relations.get)[0],
        )

    def stream(
        self,
        sql: str,
        at: str | None = None,
        parameters: Parameters | None = None,
        limits: QueryLimits | None = None,
        face: str | None = None,
        request: str | None = None,
        cancel: CancelToken | None = None,
        part: str | None = None,
    ) -> Streamed:
        """`ask`, in a process of its own that reaches nothing but the files of the datasets in question, within limits: for questions
        of others, of which nothing here may be in the way of anybody else.

        Args:
            limits: what it may take; None is what the workers give.
            request: names the question in the log, for who asked.
            cancel: stops it, from any thread, until the answer was read.
            part: the name of a CTE of `sql` that is asked alone, with those that it needs.

        Raises:
            UsageError: as `ask`; `usage.query_limit` if it takes more than it may, `usage.query_cancelled` if the workers are closed.
            MachineError: `machine.busy`, `machine.worker` if its process ended or none can be started.
        """
        commit = self._lake.refs.resolve(self._workspace.reading(at))
        text = bare(sql)
        entry = self._book.entry(text, commit.id, face, request)

        def resolve(tables: Sequence[TableUse]) -> Mapping[str, Relation]:
            entry.datasets = self._datasets(tables, commit, entry.sql)
            find = self._find(commit)
            return {name: relation for name in entry.datasets if (relation := find(name)) is not None}

        from andon.query.streaming import begin

        workers = self._workers()
        who = self._workspace.caller.author
        given = limits or workers.limits
        return begin(workers, who, given, text, commit, entry, parameters, resolve, cancel or CancelToken(), part)

    def outline(self, sql: str) -> Outlined:
        """What a text is made of, as far as it can be read: its CTEs with their places, the names of its parameters.

        Raises:
            UsageError: `usage.query_limit` for a text that is too long.
            MachineError: as `stream`.
        """
        from andon.query.streaming import outline

        return outline(self._workers(), self._workspace.caller.author, sql)

    def _find(self, commit: Commit) -> Find:
        """What names stand for at a commit; its state is read only when a name is new to the engine."""
        relations = Relations(self._lake)

        def find(name: str) -> Relation | None:
            leaf = self._lake.commits.state(commit).leaves.get(name)
            return relations.relation(leaf.version) if leaf is not None else None

        return find

    def _datasets(self, tables: Sequence[TableUse], commit: Commit, sql: str) -> tuple[str, ...]:
        leaves = self._lake.commits.state(commit).leaves
        for use in tables:
            if use.name not in leaves:
                line, column = line_and_column(sql, use.offset)
                unpublished = unpublished_run(self._workspace, use.name)
                problem = Problem(
                    "lake.dataset_not_found",
                    f"no dataset is named `{use.name}` at {commit.id[:8]}",
                    "query",
                    line,
                    column,
                    unpublished_hint(unpublished) if unpublished is not None else _near(use.name, leaves),
                    excerpt(sql, line, column),
                )
                raise UsageError(
                    problem.code,
                    problem.message,
                    where=f"query:{line}:{column}",
                    hint=problem.hint,
                    problems=(problem,),
                )
        return tuple(dict.fromkeys(use.name for use in tables))


def _asked(
    pool: Pool, state: str, question: Question, arguments: str | None, datasets: Iterable[str], find: Find
) -> tuple[Lease, Mapping[str, Relation]]:
    """`question` at its first rows, on a lease of `state`, with what its datasets stand for."""
    lease = pool.reading(state)
    try:
        relations = lease.ensure(datasets, find)
        ask(lease.connection, question, arguments)
    except BaseException as error:
        try:
            if isinstance(error, Exception):
                lease.require_held(error)
        finally:
            lease.release()
        raise
    return lease, relations


def _near(name: str, known: Any) -> str:
    bare = [k for k in known if k.partition(".")[2] == name]
    if bare:
        return f"write its schema: `{bare[0]}`"
    return did_you_mean(name, known) or "`andon ls` lists all datasets"


def _write_arrow(reader: Any, path: Path, notes: str | None) -> int:
    """Write the batches of a reader as they come; returns how many rows."""
    import pyarrow

    schema, rows = reader.schema, 0
    if notes is not None:
        schema = schema.with_metadata({**(schema.metadata or {}), NOTES: notes})
    with path.open("wb") as file, pyarrow.ipc.new_file(file, schema) as writer:
        for batch in batches_of(reader):
            writer.write_batch(batch if notes is None else batch.replace_schema_metadata(schema.metadata))
            rows += batch.num_rows
    return rows


def require_frames(module: str) -> None:
    """Refuse to make data frames without the package that they are of.

    Raises:
        MachineError: `machine.missing`.
    """
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise MachineError(
            "machine.missing", f"the package `{module}` is not installed", hint="pip install 'andon[frames]'"
        )
