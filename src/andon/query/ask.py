"""Queries: one SELECT over the datasets of one commit, read-only, logged from the first day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.clock import to_text
from andon.base.names import did_you_mean, folded, literal
from andon.base.text import excerpt, line_and_column
from andon.engines.duckdb.failures import query_error
from andon.engines.relation import Relation
from andon.errors import AndonError, MachineError, Problem, UsageError
from andon.model.commit import Commit
from andon.relations.pool import Find, Lease, Pool
from andon.relations.relations import Relations
from andon.sql.facts import SqlFacts, read_facts
from andon.sql.rules import refusals
from andon.sql.uses import HAS_PARAMETERS
from andon.state.queries import QueryRecord
from andon.workspace.view import unpublished_hint, unpublished_run

if TYPE_CHECKING:
    from andon.engines.duckdb.parameters import Parameters
    from andon.workspace.workspace import Workspace

#: Before a query that has parameters; on a line of its own, so that places in the query stay what they are.
_PREPARE = "prepare andon_question as\n"
#: Formats that `Answer.write` knows, with DuckDB's options for COPY.
FORMATS = {
    "csv": "format csv, header true",
    "json": "format json, array true",
    "parquet": "format parquet, compression zstd",
}


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
    _arguments: str | None
    _again: Callable[[], Lease]
    _log: Callable[[int | None, float, str | None], None]
    _explain: Callable[[Exception], AndonError]

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
        _require("pandas", "frames")
        return self._take(lambda held: held.connection.df(), len)

    def pl(self) -> Any:
        """A Polars data frame.

        Raises:
            MachineError: `machine.missing` without polars.
        """
        _require("polars", "frames")
        return self._take(lambda held: held.connection.pl(), len)

    def write(self, path: Path, format: str) -> int:
        """Write all rows to `path` as `csv`, `json`, `parquet` or `arrow`; returns how many.

        Raises:
            UsageError: `usage.bad_argument` for another format, or for columns of one name where only names tell them apart.
        """
        if (twin := _twin(self.columns, exactly=format == "json")) is not None:
            raise UsageError(
                "usage.bad_argument",
                f"two columns are named `{twin}`, and {format} tells columns apart by their names",
                hint=f"name them: `… as {twin}_2`",
            )
        if format == "arrow":
            return _write_arrow(self.arrow(), path)
        if format not in FORMATS:
            raise UsageError(
                "usage.bad_argument", f"`{format}` is not a format", hint=f"one of {', '.join([*FORMATS, 'arrow'])}"
            )

        def copy(lease: Lease) -> int:
            with lease.leaving(path) as place:
                statement = f"copy (\n{self.sql}\n) to {literal(str(place))} ({FORMATS[format]})"
                return int(_run(lease, statement, self._arguments).fetchall()[0][0])

        return int(self._take(copy, int))

    def _take(self, read: Callable[[Lease], Any], count: Callable[[Any], int]) -> Any:
        began = time.perf_counter()
        lease, self._lease = self._lease, None
        again = lease is None
        try:
            # a result that was read is empty, and says so in no way that could be told from no rows
            with lease or self._again() as held:
                found = read(held)
        except Exception as error:
            problem = self._explain(error)
            if not again:
                self._log(None, time.perf_counter() - began, problem.message)
            raise problem from error
        if not again:  # one question is one line of the log
            self._log(count(found), time.perf_counter() - began, None)
        return found


def _twin(columns: Sequence[str], *, exactly: bool) -> str | None:
    """A name that two columns have, if there is one."""
    seen: set[str] = set()
    for column in columns:
        name = column if exactly else folded(column)
        if name in seen:
            return column
        seen.add(name)
    return None


class Querying:
    """Asks questions of one workspace's lake.

    Attributes:
        is_logged: whether what was asked so far is in the log; it is not where the lake can only be read.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.is_logged = True
        self._workspace = workspace
        self._lake = workspace.lake

    def ask(
        self, sql: str, at: str | None = None, face: str | None = None, parameters: Parameters | None = None
    ) -> Answer:
        """Run `sql` against the commit that `at` names (None: the head of the workspace's branch).

        Args:
            parameters: values of `?` in order, or of `$name` by name.

        Raises:
            UsageError: `usage.not_one_select`, `usage.query_failed`, `lake.ref_not_found`, `lake.dataset_not_found`;
                `usage.bad_argument` for parameters that don't fit.
        """
        commit = self._lake.refs.resolve(self._workspace.reading(at))
        return self.ask_commit(sql, commit, face, parameters)

    def ask_commit(
        self, sql: str, commit: Commit, face: str | None = None, parameters: Parameters | None = None
    ) -> Answer:
        """`ask`, for a commit at hand."""
        began = time.perf_counter()
        text = sql.strip().rstrip(";").strip()
        datasets: tuple[str, ...] = ()

        def log(rows: int | None, seconds: float, error: str | None) -> None:
            # Who may read and not write (a shared lake, a read-only disk) can still ask.
            try:
                self._workspace.query_log.add(
                    QueryRecord(
                        at=to_text(self._workspace.clock()),
                        who=self._workspace.caller.author,
                        face=face or self._workspace.caller.face,
                        sql=text,
                        datasets=datasets,
                        commit=commit.id,
                        seconds=answer_seconds + seconds,
                        rows=rows,
                        error=error,
                    )
                )
            except MachineError as failure:
                if failure.code not in ("machine.read_only", "machine.disk"):
                    raise
                self.is_logged = False

        answer_seconds = 0.0
        values: str | None = None
        try:
            facts = _checked(text)
            datasets = self._datasets(facts, commit, text)
            values = _arguments(text, parameters)
            pool = self._workspace.readers.wide
            lease, relations = _asked(pool, commit.root, text, values, datasets, self._find(commit))
        except AndonError as error:
            log(None, time.perf_counter() - began, error.message)
            raise
        except Exception as error:
            problem = query_error(error, text, _PREPARE if values is not None else "")
            log(None, time.perf_counter() - began, problem.message)
            raise problem from error
        described = lease.connection.description or []
        answer_seconds = time.perf_counter() - began
        return Answer(
            text,
            commit,
            datasets,
            [d[0] for d in described],
            [str(d[1]) for d in described],
            answer_seconds,
            lease,
            values,
            lambda: _asked(pool, commit.root, text, values, datasets, relations.get)[0],
            log,
            lambda error: query_error(error, text, _PREPARE if values is not None else ""),
        )

    def _find(self, commit: Commit) -> Find:
        """What names stand for at a commit; its state is read only when a name is new to the engine."""
        relations = Relations(self._lake)

        def find(name: str) -> Relation | None:
            leaf = self._lake.commits.state(commit).leaves.get(name)
            return relations.relation(leaf.version) if leaf is not None else None

        return find

    def _datasets(self, facts: SqlFacts, commit: Commit, sql: str) -> tuple[str, ...]:
        leaves = self._lake.commits.state(commit).leaves
        names = []
        for use in facts.tables:
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
            names.append(use.name)
        return tuple(dict.fromkeys(names))


def _arguments(sql: str, given: Parameters | None) -> str | None:
    """The values of the query's parameters as SQL; None where there are neither.

    Raises:
        UsageError: `usage.bad_argument` if they don't fit each other.
    """
    if given is None and "?" not in sql and "$" not in sql:
        return None
    from andon.engines.duckdb.parameters import arguments
    from andon.sql.parse import parameter_names

    wanted = parameter_names(sql)
    return arguments(wanted, given) if wanted or given else None


def _run(lease: Lease, statement: str, arguments: str | None) -> Any:
    if arguments is None:
        return lease.connection.execute(statement)
    lease.connection.execute(_PREPARE + statement)
    return lease.connection.execute(f"execute andon_question({arguments})")


def _asked(
    pool: Pool, state: str, sql: str, arguments: str | None, datasets: Iterable[str], find: Find
) -> tuple[Lease, Mapping[str, Relation]]:
    """`sql` at its first rows, on a lease of `state`, with what its datasets stand for."""
    lease = pool.reading(state)
    try:
        relations = lease.ensure(datasets, find)
        _run(lease, sql, arguments)
    except BaseException:
        lease.release()
        raise
    return lease, relations


def _near(name: str, known: Any) -> str:
    bare = [k for k in known if k.partition(".")[2] == name]
    if bare:
        return f"write its schema: `{bare[0]}`"
    return did_you_mean(name, known) or "`andon ls` lists all datasets"


def _checked(sql: str) -> SqlFacts:
    facts = read_facts([sql])[0]
    wrong = facts.problems
    if facts.normal:  # it parses, so what it reads is known, and its parameters are given values
        wrong = tuple(problem for problem in wrong if problem.message != HAS_PARAMETERS)
    found = [*wrong, *(refusals(facts, role="query", allow=frozenset()) if not wrong else [])]
    if found:
        problems = []
        for problem in found:
            line = column = None
            if problem.offset is not None:
                line, column = line_and_column(sql, problem.offset)
            mark = excerpt(sql, line, column) if line is not None else None
            problems.append(Problem(problem.code, problem.message, "query", line, column, problem.hint, mark))
        first = problems[0]
        raise UsageError(
            "usage.not_one_select", first.message, where=first.where, hint=first.hint, problems=tuple(problems)
        )
    return facts


def _write_arrow(table: Any, path: Path) -> int:
    import pyarrow

    with path.open("wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return int(table.num_rows)


def _require(module: str, extra: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise MachineError(
            "machine.missing", f"the package `{module}` is not installed", hint=f"pip install 'andon[{extra}]'"
        )
