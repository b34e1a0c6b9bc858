"""Datasets' names in Spark SQL that somebody wrote: each stands for a view of one task, since views of a session have no schema."""

from __future__ import annotations

from collections.abc import Mapping

from andon.engines.spark.translation.types import name
from andon.errors import DatasetError
from andon.sql.spark_names import spark_tables


def with_views(sql: str, views: Mapping[str, str]) -> str:
    """Spark SQL with the views of a task in the place of datasets, and all else as it is written.

    Raises:
        ValueError: it can't be read.
        DatasetError: `build.not_supported` where it names something else.
    """
    for table in reversed(spark_tables(sql)):
        if table.name not in views:
            raise DatasetError(
                "build.not_supported",
                f"the Spark SQL reads `{table.name}`, which the dataset does not read otherwise",
                hint="read the datasets that the dataset's own file reads",
            )
        alias = "" if table.alias else f" as {name(table.written)}"
        sql = sql[: table.start] + name(views[table.name]) + alias + sql[table.end :]
    return sql
