"""Rows that were asked for, put to those that a source holds: in their place, added to them, or merged on a key.

Whoever asks may get a row again. On a key the last one counts. Without a key a row that is there already is not added, as long as it is
equal in all columns: what was asked for begins where the last load ended, and that moment may have had more rows than it got.
"""

from __future__ import annotations

from pathlib import Path

from andon.base.names import literal, quote, quote_name
from andon.base.record import Record, replace
from andon.engines.engine import Engine, NothingNew, Produced, Recipe, Task
from andon.engines.relation import TableRelation
from andon.engines.types import lake_type, stored_columns
from andon.errors import DatasetError
from andon.model.version import Column

#: What tells that a row has no key; whoever explains the engine's errors finds it.
_NO_KEY = "andon: a row has no key"
_N = quote("andon n")


class Arrived(Record):
    """What came.

    Attributes:
        sql: the SELECT that gives the rows in their order; of rows with one key the last counts.
        count: how many.
        key: columns that identify a row.
        by: the column that says how new a row is, where rows are added without a key.
        is_exact: whether all that came is new; then it is added as it is.
        is_news: whether something else than rows is new, which is to be kept.
    """

    sql: str
    count: int
    key: tuple[str, ...] = ()
    by: str | None = None
    is_exact: bool = False
    is_news: bool = False


def put_together(sql: Engine, task: Task, arrived: Arrived, work: Path) -> tuple[Produced, bool, list[str]]:
    """Write the rows that the source holds now.

    Args:
        sql: an engine that reads files below `work`.
        task: with the name of what was loaded earlier, if it counts on.

    Returns:
        What was written, whether it is only what is new, and what a person should hear.

    Raises:
        NothingNew: no row came that is not there.
    """
    recipe = task.recipe
    explain = recipe.explain

    def explained(error: Exception) -> DatasetError:
        if _NO_KEY in str(error):
            names = ", ".join(f"`{name}`" for name in arrived.key)
            message = f"a row has no value in {names}, which is the key of `{recipe.dataset}`"
            raise DatasetError(
                "source.contract", message, where=recipe.definition.entry, hint="name a key that each row has"
            ) from error
        assert explain is not None
        return explain(error)  # type: ignore[return-value]

    recipe = replace(recipe, explain=explained if explain is not None else None, inputs={})
    last = _last_of_each(arrived) if arrived.key else arrived.sql
    if task.recipe.earlier is None:
        produced = sql.run(replace(task, recipe=replace(recipe, sql=last)))
        return produced, False, _told_twice(arrived, produced.rows)
    return _added(sql, task, replace(recipe, sql=last), arrived, work)


def _added(sql: Engine, task: Task, recipe: Recipe, arrived: Arrived, work: Path) -> tuple[Produced, bool, list[str]]:
    """What was there, and what came."""
    name = task.recipe.earlier or ""
    earlier = task.recipe.inputs[name]
    assert isinstance(earlier, TableRelation)  # a source is always a table
    come = _stored(sql, recipe, work / "arrived.parquet")
    notes = _told_twice(arrived, come.rows)
    inputs = {name: earlier}
    found = sql.describe(replace(recipe, sql=f"select * from {quote_name(name)}", inputs=inputs))
    types = {column: lake_type(kind) for column, kind in found}
    columns = [column.name for column in come.columns]
    before = ", ".join(_before(column, types) for column in come.columns)
    listed = ", ".join(map(quote, columns))
    old = f"select {before} from {quote_name(name)}"
    if not arrived.key and arrived.by is not None:
        by = quote(arrived.by)
        old_part = f"select * from ({old}) where {by} is null or {by} >= (select min({by}) from {_file(come.path)})"
    else:
        old_part = old
    order = f" order by {quote(arrived.by)}" if arrived.by is not None else ""
    fresh = come
    if not arrived.is_exact:
        new = f"select {listed} from {_file(come.path)} except all ({old_part}){order}"
        fresh = _stored(sql, replace(recipe, sql=new, inputs=inputs), work / "fresh.parquet")
    has_same_columns = [(column.name, column.type) for column in come.columns] == list(types.items())
    if not fresh.rows and has_same_columns and not arrived.is_news:
        raise NothingNew
    if has_same_columns:
        only = f"select {listed} from {_file(fresh.path)}"
        return sql.run(replace(task, recipe=replace(recipe, sql=only), types=None)), True, notes
    kept = f"select * from ({old})"
    if arrived.key:
        same = " and ".join(f"a.{quote(k)} = b.{quote(k)}" for k in arrived.key)
        kept = f"select * from ({old}) b where not exists (select 1 from {_file(fresh.path)} a where {same})"
    whole = f"{kept} union all select {listed} from {_file(fresh.path)}"
    produced = sql.run(replace(task, recipe=replace(recipe, sql=whole, inputs=inputs), types=None))
    return produced, False, notes


class _Stored(Record):
    """A file for what comes next."""

    path: Path
    produced: Produced

    @property
    def rows(self) -> int:
        """How many it holds."""
        return self.produced.rows

    @property
    def columns(self) -> tuple[Column, ...]:
        """What it holds."""
        return self.produced.columns


def _stored(sql: Engine, recipe: Recipe, path: Path) -> _Stored:
    return _Stored(path, sql.run(Task(recipe, str(path), stored_columns)))


def _before(column: Column, types: dict[str, str]) -> str:
    """A column of what was there; one that is new has no values there."""
    name = quote(column.name)
    if types.get(column.name) == column.type:
        return name
    return f"cast({name if column.name in types else 'null'} as {column.type}) as {name}"


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _last_of_each(arrived: Arrived) -> str:
    """The rows, of those with one key the last."""
    keys = ", ".join(map(quote, arrived.key))
    none = " or ".join(f"{quote(k)} is null" for k in arrived.key)
    numbered = f"select *, row_number() over () as {_N} from (\n{arrived.sql}\n)"
    held = f"select * from ({numbered}) where case when {none} then error({literal(_NO_KEY)}) else true end"
    return f"select * exclude ({_N}) from ({held}) qualify row_number() over (partition by {keys} order by {_N} desc) = 1 order by {_N}"


def _told_twice(arrived: Arrived, rows: int) -> list[str]:
    """What people should hear where rows came twice."""
    twice = arrived.count - rows
    if not arrived.key or twice <= 0:
        return []
    return [f"rows that came again under the same key: {twice:,}; the last of each counts"]
