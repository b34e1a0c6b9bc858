"""The bound plan of a query, as DuckDB itself serialises it, over a catalog of empty tables."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from typing import Any

from andon.base.names import literal
from andon.base.recursion import deeply
from andon.sql.bind import Binder, BindError
from andon.sql.messages import explain
from andon.sql.parse import unreadable

#: An operator or an expression of a plan.
Node = dict[str, Any]

# optimize stays off: over empty tables the optimizer proves results empty, and would drop what they come from.
# What is empty is asked for, since an empty list within a list counts: ROLLUP groups by nothing, too.
_OPTIONS = "skip_null := false, skip_empty := false, optimize := false"

_EMPTY: tuple[Any, ...] = ("", [], {})

_SHOWN = 160
_WORD = re.compile(r"\w+")

# An empty table takes some 10 kB; a thread of a server meets the datasets of years.
_MOST_TABLES = 5_000

_local = threading.local()


class UntracedError(Exception):
    """Something stands between a result and its sources. The message says what, to go after "table-level, because"."""


class Planner(Binder):
    """A binder that also shows the plan it made. Reads no files and runs nothing; for use by one thread.

    Attributes:
        broken: the engine can't be used further; make another planner.
    """

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self._ahead: dict[str, str] = {}
        self._ahead_over: object = None

    def plan(self, sql: str, macros: Sequence[str] = ()) -> tuple[list[tuple[str, str]], Node]:
        """The columns of `sql`, as `bind` gives them, and the root of its plan.

        Args:
            sql: any text; only one SELECT has a plan, and nothing else is handed on to be bound.
            macros: `CREATE MACRO` statements, in an order in which they can be made; they hold for this call only.

        Raises:
            UntracedError: if there is no plan.
        """
        refused = unreadable(sql)
        if refused is not None:
            raise UntracedError(refused.message)
        try:
            # the engine plans any statement, and binding one that is no SELECT would run it
            self._refuse_others(sql)
            self._create()
            self._use_macros(tuple(macros))
            root = self._root(sql)
            return self.bind(sql, macros), root
        except BindError as error:
            raise UntracedError(error.message) from None

    def look_ahead(self, texts: Sequence[str], macros: Sequence[str] = ()) -> None:
        """Have the engine plan many texts at once, over what is declared now: a statement of its own takes longer than most plans.

        `plan` takes what was planned so as long as nothing else is declared. What can't be planned is left to it, to say why.
        """
        import duckdb

        self._ahead = {}
        try:
            self._create()
            self._use_macros(tuple(macros))
            wanted = [sql for sql in dict.fromkeys(texts) if self._is_select(sql)]
            if wanted:
                rows = ", ".join(f"({literal(sql)})" for sql in wanted)
                asked = f"select q, json_serialize_plan(q, {_OPTIONS}) from (values {rows}) as asked(q)"
                self._ahead = dict(self._engine.execute(asked).fetchall())
        except BindError:
            return
        except duckdb.Error as error:
            self.broken = isinstance(error, (duckdb.FatalException, duckdb.InternalException))
            return
        self._ahead_over = self._over()

    def _is_select(self, sql: str) -> bool:
        if unreadable(sql) is not None:
            return False
        try:
            self._refuse_others(sql)
        except UntracedError:
            return False
        return True

    def _over(self) -> object:
        """What plans hang on: another object as soon as anything is declared anew."""
        return (self._changes, self._macros)

    def shown(self, sql: str, macros: Sequence[str]) -> tuple[list[tuple[str, str]], Node | str]:
        """The columns of a query, and the root of its plan or the reason why the engine shows none.

        Raises:
            UntracedError: if it has no columns either.
        """
        try:
            return self.plan(sql, macros)
        except UntracedError as error:
            if self.broken:
                raise
            self._refuse_others(sql)
            try:
                return self.bind(sql, macros), str(error)
            except BindError:
                raise error from None

    def _refuse_others(self, sql: str) -> None:
        import duckdb

        try:
            found = self._engine.extract_statements(sql)
        except duckdb.Error as error:
            raise UntracedError(explain(error, sql).message) from None
        if [statement.type for statement in found] == [duckdb.StatementType.SELECT]:
            return
        if len(found) > 1 and found[0].type == duckdb.StatementType.CREATE and "pivot" in words_of(sql):
            raise UntracedError("it may hold a `pivot` that takes its columns from the data")
        raise UntracedError("expected one SELECT")

    def _create(self) -> None:
        try:
            self._create_waiting()
        except BindError:
            # what could not be declared would be tried again, and fail, with every query to come
            self.broken = True
            raise

    def _root(self, sql: str) -> Node:
        import duckdb

        known = self._ahead.pop(sql, None) if self._ahead_over == self._over() else None
        if known is not None:
            return self._read(known, sql)
        try:
            # a literal: the first parameter of a process makes DuckDB import pandas (over 1 s)
            row = self._engine.execute(f"select json_serialize_plan({literal(sql)}, {_OPTIONS})").fetchone()
        except duckdb.Error as error:
            self.broken = isinstance(error, (duckdb.FatalException, duckdb.InternalException))
            raise UntracedError(f"the engine shows no plan: {_one_line(str(error))}") from None
        assert row is not None
        return self._read(row[0], sql)

    def _read(self, text: str, sql: str) -> Node:
        answer: Node = deeply(lambda: json.loads(text))
        if answer.get("error"):
            raise UntracedError(self._reason(answer, sql))
        plans = answer.get("plans", [])
        if len(plans) != 1:
            raise UntracedError(f"expected one SELECT, found {len(plans)}")
        root: Node = deeply(lambda: _without_empty(plans[0]))
        return root

    def _reason(self, answer: Node, sql: str) -> str:
        message = str(answer.get("error_message", "the engine shows no plan"))
        if answer.get("error_type") in ("binder", "catalog"):
            problem = explain(
                RuntimeError(f"{str(answer['error_type']).title()} Error: {message}"), sql, self._declared
            )
            return problem.message
        return _one_line(message)


def planner() -> Planner:
    """This thread's planner: an engine takes longer to start than a query to plan. One that holds many tables makes room."""
    found: Planner | None = getattr(_local, "planner", None)
    if found is None or found.broken or found.size > _MOST_TABLES:
        forget()
        found = _local.planner = Planner()
    return found


def forget() -> None:
    """Free this thread's planner; the next call makes a new one."""
    found: Planner | None = getattr(_local, "planner", None)
    _local.planner = None
    if found is not None:
        found.close()


def words_of(*texts: str) -> frozenset[str]:
    """The words of SQL texts in lower case: a dataset that a text reads is named by some of them."""
    return frozenset(_WORD.findall("\n".join(texts).lower()))


def _without_empty(part: Any) -> Any:
    """A plan without keys that say nothing; entries of a list stay, since their places say something."""
    if isinstance(part, list):
        return [_without_empty(entry) if isinstance(entry, dict | list) else entry for entry in part]
    kept: Node = {}
    for key, value in part.items():
        found = _without_empty(value) if isinstance(value, dict | list) else value
        if found is not None and found not in _EMPTY:
            kept[key] = found
    return kept


def _one_line(message: str) -> str:
    first = message.strip().split("\n")[0].rstrip(".!")
    return first if len(first) <= _SHOWN else first[: _SHOWN - 1] + "…"


def scanned_columns(scan: Node) -> list[int]:
    """The numbers of the columns that a scan takes.

    Raises:
        UntracedError: it takes parts of columns.
    """
    found = []
    for entry in scan.get("column_indexes", ()):
        if entry.get("index_type", "FULL_READ") != "FULL_READ" or entry.get("child_indexes"):
            raise UntracedError("a scan reads parts of columns")
        found.append(int(entry["index"]))
    return found
