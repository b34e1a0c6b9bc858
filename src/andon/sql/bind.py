"""Names and types by DuckDB's own binder, over a catalog of empty tables."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.names import quote, quote_name
from andon.base.text import line_and_column
from andon.sql.macros import as_temporary, macro_name
from andon.sql.messages import explain
from andon.sql.parse import CONFIG
from andon.sql.uses import SqlProblem

if TYPE_CHECKING:
    import duckdb

_BEFORE = "describe "

#: A new catalog in the place of the old one: nothing that was ever made in it is left.
_EMPTIED = (
    'attach \':memory:\' as "an other"; use "an other"; detach memory;'
    "attach ':memory:' as memory; use memory; detach \"an other\"; set search_path = ''"
)

# Engines that hold nothing. To open one takes as long as to bind a hundred queries, so they are given out again.
_MOST_IDLE = 4
_idle: list[duckdb.DuckDBPyConnection] = []
_lock = threading.Lock()


class BindError(Exception):
    """A text has no meaning over the declared datasets.

    Attributes:
        code: one of `errors.CODES`.
        message: one sentence.
        offset: the character of the text, if it is known; `line` and `column` are the same place, from 1.
        hint: what to do.
    """

    def __init__(self, problem: SqlProblem, text: str) -> None:
        super().__init__(problem.message)
        self.code = problem.code
        self.message = problem.message
        self.offset = problem.offset
        self.hint = problem.hint
        place = (None, None) if problem.offset is None else line_and_column(text, problem.offset)
        self.line: int | None = place[0]
        self.column: int | None = place[1]


class Binder:
    """An engine in memory that holds the declared datasets as empty tables. Reads no files; for use by one thread."""

    def __init__(self) -> None:
        self._engine = _empty_engine()
        self._declared: dict[str, tuple[tuple[str, str], ...]] = {}
        self._waiting: set[str] = set()
        self._schemas: set[str] = set()
        self._macros: tuple[str, ...] = ()
        self._changes = 0  # how often anything was declared

    @property
    def size(self) -> int:
        """How many datasets are known to it."""
        return len(self._declared)

    def declare(self, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """Make dataset `name` known with its `(column, DuckDB type)`s, in place of what was known before."""
        wanted = tuple((column, kind) for column, kind in columns)
        if self._declared.get(name) != wanted:
            self._declared[name] = wanted
            self._waiting.add(name)
            self._changes += 1

    def bind(self, sql: str, macros: Sequence[str] = ()) -> list[tuple[str, str]]:
        """The output of `sql` as `(name, DuckDB type)`s.

        Args:
            sql: one SELECT, already parsed (`read_facts`): other statements would be run, on an empty engine.
            macros: `CREATE MACRO` statements, in an order in which they can be made; they hold for this call only.

        Raises:
            BindError: if names or types don't fit, or two output columns have one name.
        """
        columns = self.columns(sql, macros)
        twins = find_twins(columns)
        if twins is not None:
            raise BindError(twins, sql)
        return columns

    def columns(self, sql: str, macros: Sequence[str] = ()) -> list[tuple[str, str]]:
        """As `bind`, for a query whose columns may have one name.

        Raises:
            BindError: if names or types don't fit.
        """
        import duckdb

        self._create_waiting()
        self._use_macros(tuple(macros))
        try:
            relation = self._engine.sql(sql)
        except duckdb.Error as error:
            raise BindError(self._located(sql, error), sql) from None
        if relation is None:
            raise BindError(SqlProblem("project.not_select", "expected one SELECT"), sql)
        return [(name, str(kind)) for name, kind in zip(relation.columns, relation.types, strict=True)]

    def planned(self, sql: str) -> list[tuple[str, str]]:
        """As `columns`, of a query that the engine can make a plan of, too: some have columns, and none.

        Raises:
            BindError: if names or types don't fit, or there is no plan.
        """
        import duckdb

        columns = self.columns(sql)
        try:
            self._engine.execute(f"explain {sql}").fetchall()
        except duckdb.Error as error:
            raise BindError(explain(error, sql, self._declared), sql) from None
        return columns

    def unreadable(self, sql: str, macros: Sequence[str] = ()) -> str | None:
        """What the engine says of a text in `sql` that can't be read as the type it is compared with; None if all can.

        Args:
            sql: a SELECT that binds, over no more than a few rows: it is run.
        """
        import duckdb

        self._use_macros(tuple(macros))
        try:
            self._engine.execute(sql).fetchall()
        except duckdb.ConversionException as error:
            return explain(error, sql).message
        except duckdb.Error:
            return None  # what depends on values is seen when there are some
        return None

    def close(self) -> None:
        """Free the engine; emptied, it serves the next binder."""
        import duckdb

        engine = self._engine
        try:
            self._use_macros(())
            engine.execute(_EMPTIED)
        except duckdb.Error:
            engine.close()
        else:
            _give_back(engine)
        del self._engine  # it may be another's by now

    def _located(self, sql: str, error: duckdb.Error) -> SqlProblem:
        """The problem with its place: only a described statement's error has one."""
        import duckdb

        if isinstance(error, duckdb.ParserException):
            return explain(error, sql, self._declared)
        try:
            self._engine.execute(_BEFORE + sql)
        except duckdb.Error as again:
            problem = explain(again, _BEFORE + sql, self._declared)
            if problem.offset is None:
                return problem
            offset = max(0, problem.offset - len(_BEFORE))
            return SqlProblem(problem.code, problem.message, offset, problem.hint)
        return explain(error, sql, self._declared)

    def _create_waiting(self) -> None:
        import duckdb

        if not self._waiting:
            return
        parts = []
        for name in sorted(self._waiting):
            schema = name.split(".")[0]
            if schema not in self._schemas:
                parts.append(f"create schema if not exists {quote(schema)}")
                self._schemas.add(schema)
            columns = ", ".join(f"{quote(column)} {kind}" for column, kind in self._declared[name])
            parts.append(f"create or replace table {quote_name(name)} ({columns})")
        # one transaction for many; one alone needs none
        statements = ";".join(["begin", *parts, "commit"] if len(parts) > 1 else parts)
        try:
            self._engine.execute(statements)
        except duckdb.Error as error:
            if len(parts) > 1:
                # some errors end the transaction by themselves
                with contextlib.suppress(duckdb.TransactionException):
                    self._engine.execute("rollback")
            self._schemas.clear()
            raise BindError(explain(error, statements), statements) from None
        self._waiting.clear()

    def _use_macros(self, macros: tuple[str, ...]) -> None:
        """Hold exactly these macros; the ones of the last call stay when they are the same."""
        import duckdb

        if macros == self._macros:
            return
        for statement in self._macros:
            name, is_table = macro_name(statement)
            self._engine.execute(f"drop macro {'table ' if is_table else ''}if exists temp.main.{quote(name)}")
        self._macros = ()
        for statement in macros:
            try:
                self._engine.execute(as_temporary(statement))
            except duckdb.Error as error:
                problem = explain(error, statement, self._declared)
                name, _ = macro_name(statement)
                message = f"macro `{name}`: {problem.message}"
                raise BindError(SqlProblem("project.bad_macro", message, None, problem.hint), statement) from None
            self._macros += (statement,)


def _empty_engine() -> duckdb.DuckDBPyConnection:
    with _lock:
        if _idle:
            return _idle.pop()
    import duckdb

    engine = duckdb.connect(":memory:", config=CONFIG)
    engine.execute("set timezone = 'UTC'; set errors_as_json = true")
    return engine


def _give_back(engine: duckdb.DuckDBPyConnection) -> None:
    with _lock:
        if len(_idle) < _MOST_IDLE:
            _idle.append(engine)
            return
    engine.close()


def find_twins(columns: Sequence[tuple[str, str]]) -> SqlProblem | None:
    """What is wrong if two `(column, type)`s of a result have one name; None if no two have."""
    seen: dict[str, str] = {}
    for name, _ in columns:
        if name.lower() in seen:
            message = f"two columns of the result are named `{name}`"
            if seen[name.lower()] != name:
                message = f"two columns of the result differ only in case: `{seen[name.lower()]}` and `{name}`"
            hint = f"name one of them: `… as {name.lower()}_2`, or leave it out with `* exclude ({name})`"
            return SqlProblem("project.bind_failed", message, None, hint)
        seen[name.lower()] = name
    return None
