"""DuckDB SQL in, Spark SQL out: from the plan that DuckDB's own binder makes, in which every star, default and cast is written out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from andon.base.recursion import deeply
from andon.engines.engine import Types
from andon.engines.spark.translation.casts import cast
from andon.engines.spark.translation.operators import Operators
from andon.engines.spark.translation.places import place
from andon.engines.spark.translation.relations import Steps
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer, SparkSql
from andon.engines.spark.translation.types import name, spark_type
from andon.model.types import parse_type
from andon.sql.bound_plan import Node, UntracedError, forget, planner

_BY_DUCKDB = "leave this dataset to DuckDB, or write Spark SQL beside it"


def translate(
    sql: str,
    inputs: Mapping[str, Types],
    output: Types | None = None,
    *,
    server: SparkServer = SparkServer.APACHE,
    macros: Sequence[str] = (),
    moment: datetime | None = None,
    views: Mapping[str, str] | None = None,
) -> SparkSql:
    """A query in Spark SQL whose values are those of `sql` in DuckDB, whatever the rows.

    Args:
        sql: one SELECT in DuckDB's SQL.
        inputs: dataset -> its columns, as the lake stores them.
        output: the columns to give, with the types that the lake stores; None: those that DuckDB gives.
        server: who will answer.
        macros: `CREATE MACRO` statements that `sql` may use, in an order in which they can be made.
        moment: the logical time, aware; without it what reads the clock is refused.
        views: dataset -> the view that it is to be read from; None: as `view_names` says.

    Raises:
        NotTranslated: something is not known to mean the same, with its place and what to write instead.
    """
    try:
        bound, root = _planned(sql, inputs, macros)
        output = bound if output is None else output
        steps = Steps(view_names(inputs) if views is None else views)
        datasets = {_key(dataset): dataset for dataset in inputs}
        found = deeply(lambda: Operators(steps, datasets, server, moment).relation(root))
        if len(found.types) != len(output):
            raise NotTranslated(f"a query of {len(found.types)} columns where {len(output)} are expected", _BY_DUCKDB)
        columns = [
            f"cast({cast(value, parse_type(kind)).text} as {spark_type(parse_type(kind))}) as {name(called)}"
            for value, (called, kind) in zip(found.columns(), output, strict=True)
        ]
        whole = steps.whole(f"select {', '.join(columns)} from {found.name}")
        return SparkSql(whole, steps.views, tuple(sorted(steps.notes)), tuple(output))
    except NotTranslated as error:
        place(error, sql)
        raise
    except (KeyError, IndexError, TypeError, ValueError) as error:
        # the plan is the engine's own form, and promised to nobody
        unknown = NotTranslated(f"a plan of another form than expected ({error!r})", _BY_DUCKDB)
        place(unknown, sql)
        raise unknown from error
    except RecursionError:
        nested = NotTranslated("SQL that is nested too deeply", "take parts out into CTEs")
        place(nested, sql)
        raise nested from None


def view_names(datasets: Mapping[str, Types]) -> dict[str, str]:
    """Dataset -> the view that it is read from: `shop.orders` as `shop__orders`."""
    found: dict[str, str] = {}
    for dataset in sorted(datasets):
        called = re.sub(r"\W", "_", dataset.replace(".", "__")).lower()
        while called in found.values():
            called += "_"
        found[dataset] = called
    return found


def _planned(sql: str, inputs: Mapping[str, Types], macros: Sequence[str]) -> tuple[Types, Node]:
    asked = planner()
    for dataset, columns in inputs.items():
        asked.declare(dataset, columns)
    try:
        return asked.plan(sql, macros)
    except UntracedError as error:
        if asked.broken:
            forget()
        raise NotTranslated(f"a query that has no plan ({error})", _BY_DUCKDB) from None


def _key(dataset: str) -> tuple[str, str]:
    schema, _, table = dataset.lower().partition(".")
    return schema, table
