"""Datasets' names in Spark SQL that somebody wrote: each stands for a view of one task, since views of a session have no schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from andon.engines.spark.translation.types import name
from andon.errors import DatasetError


def tables_in(sql: str) -> set[str]:
    """The datasets that Spark SQL names.

    Raises:
        ValueError: it can't be read.
    """
    return {f"{table.db}.{table.name}" for table in _tables(sql)}


def with_views(sql: str, views: Mapping[str, str]) -> str:
    """Spark SQL with the views of a task in the place of datasets, and all else as it is written.

    Raises:
        ValueError: it can't be read.
        DatasetError: `build.not_supported` where it names something else.
    """
    spans: list[tuple[int, int, str]] = []
    for table in _tables(sql):
        called = f"{table.db}.{table.name}"
        if called not in views:
            raise DatasetError(
                "build.not_supported",
                f"the Spark SQL reads `{called}`, which the dataset does not read otherwise",
                hint="read the datasets that the dataset's own file reads",
            )
        alias = "" if table.alias else f" as {name(table.name)}"
        first, last = table.args["db"].meta, table.this.meta
        spans.append((int(first["start"]), int(last["end"]) + 1, name(views[called]) + alias))
    for start, end, text in sorted(spans, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _tables(sql: str) -> Iterator[Any]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse_one(sql, dialect="spark")
    except SqlglotError as error:
        raise ValueError(str(error).split("\n", 1)[0]) from error
    return (table for table in parsed.find_all(exp.Table) if table.db)
