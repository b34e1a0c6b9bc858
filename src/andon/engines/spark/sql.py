"""The Spark SQL of a dataset: its own, or its DuckDB SQL translated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from andon.base.text import excerpt, line_and_column
from andon.engines.engine import Recipe, Types
from andon.engines.spark.names import with_views
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.translate import translate
from andon.engines.spark.types import unreadable
from andon.engines.types import stored_types
from andon.errors import DatasetError, Problem
from andon.model.dataset import SPARK_ENDING, Definition
from andon.sql.spark_names import spark_tables

#: Any time: of a plan only counts that there is one.
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def spark_sql(
    recipe: Recipe, inputs: Mapping[str, Types], types: Types, views: Mapping[str, str], server: SparkServer
) -> str:
    """Spark SQL that returns what a recipe does, over views.

    Args:
        inputs: columns of its inputs.
        types: what the recipe returns.
        views: dataset -> the view that it is read from.

    Raises:
        DatasetError: `build.not_supported`, with the place.
    """
    definition = recipe.definition
    try:
        if definition.spark_sql is not None:
            return with_views(definition.spark_sql, views)
        return _translated(definition, recipe.sql or "", inputs, types, views, server, recipe.moment)
    except NotTranslated as error:
        found = _refused(definition, recipe.sql or "", error)
        raise DatasetError(found.code, found.message, where=found.where, hint=found.hint, problems=(found,)) from error


def view_sql(
    sql: str,
    macros: tuple[str, ...],
    inputs: Mapping[str, Types],
    types: Types,
    views: Mapping[str, str],
    server: SparkServer,
) -> str:
    """Spark SQL of a view that a dataset reads.

    Raises:
        NotTranslated: it is not known to mean the same.
    """
    return translate(sql, inputs, stored_types(types), server=server, macros=macros, views=views).text


def refusal(
    definition: Definition, inputs: Mapping[str, Types], types: Types, server: SparkServer, built: str
) -> Problem | None:
    """What of the SQL of a dataset, or of a view that the dataset `built` reads, Spark can't do so that it gives the same, or None."""
    if definition.frames:
        return unreadable_input(definition, inputs)
    if definition.spark_sql is not None:
        return _of_own(definition)
    sql = definition.sql or ""
    try:
        _translated(definition, sql, inputs, types, None, server, _SOME_TIME)
    except NotTranslated as error:
        return _refused(definition, sql, error, built)
    return None


def unreadable_input(definition: Definition, inputs: Mapping[str, Types]) -> Problem | None:
    """The first column of what a function takes as a DataFrame that no DataFrame can hold, or None."""
    for parameter, name in definition.parameters:
        for column, kind in inputs[name] if parameter in definition.frames else ():
            part = unreadable(kind)
            if part is not None:
                message = (
                    f"`{definition.dataset}` takes `{name}` as a Spark DataFrame, and Spark has no type for {part} of its"
                    f" column `{column}`"
                )
                hint = f"read a dataset that casts `{column}` to VARCHAR or leaves it out, or take `.spark()` out"
                return Problem("build.not_supported", message, definition.entry, hint=hint)
    return None


def _translated(
    definition: Definition,
    sql: str,
    inputs: Mapping[str, Types],
    types: Types,
    views: Mapping[str, str] | None,
    server: SparkServer,
    moment: datetime,
) -> str:
    stored = stored_types(types)
    found = translate(sql, inputs, stored, server=server, macros=definition.macros, moment=moment, views=views)
    return found.text


def _of_own(definition: Definition) -> Problem | None:
    place, sql = definition.entry.removesuffix(".sql") + SPARK_ENDING, definition.spark_sql or ""
    try:
        others = [table for table in spark_tables(sql) if table.name not in definition.inputs]
    except ValueError as error:
        hint = "what it says is Spark's own: write it as Spark takes it"
        return Problem("project.bad_sql", f"the Spark SQL can't be read: {error}", place, hint=hint)
    if not others:
        return None
    line, column = line_and_column(sql, others[0].start)
    message = f"the Spark SQL reads `{others[0].name}`, which `{definition.entry}` does not read"
    mark = excerpt(sql, line, column)
    return Problem("build.not_supported", message, place, line, column, "read the same datasets in both", mark)


def _refused(definition: Definition, sql: str, error: NotTranslated, built: str = "") -> Problem:
    is_view = built not in ("", definition.dataset)
    what = f"`{built}`, which reads the view `{definition.dataset}`" if is_view else f"`{definition.dataset}`"
    message = f"Spark is to build {what}, and this is not known to mean the same there: {error.construct}"
    form = f"{error.form}; or `materialize: table` for `{definition.dataset}`" if is_view else error.form
    if error.line is None:
        return Problem("build.not_supported", message, definition.entry, hint=form)
    mark = excerpt(sql, error.line, error.column)
    return Problem("build.not_supported", message, definition.entry, error.line, error.column, form, mark)
