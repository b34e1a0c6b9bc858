"""Whether Spark SQL returns the columns that the dataset's DuckDB SQL does. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.engines.engine import Types
from andon.engines.spark.translation.types import name as quoted
from andon.engines.spark.translation.types import spark_type
from andon.engines.types import lake_type
from andon.errors import DatasetError
from andon.model.dataset import SPARK_ENDING, Definition
from andon.model.types import parse_type


def require_columns(definition: Definition, found: Sequence[tuple[str, str]], types: Types) -> None:
    """Raise where columns of Spark differ; of translated SQL only their number counts, as it is made to be cast.

    Args:
        found: names and types of Spark, as it writes them.
        types: what DuckDB returns.

    Raises:
        DatasetError: `build.other_columns`.
    """
    is_own = definition.spark_sql is not None
    where = definition.entry.removesuffix(".sql") + SPARK_ENDING if is_own else definition.entry
    if len(found) != len(types) or (is_own and [n.lower() for n, _ in found] != [n.lower() for n, _ in types]):
        listed = [", ".join(f"`{name}`" for name, _ in columns) for columns in (found, types)]
        raise DatasetError(
            "build.other_columns",
            f"Spark returns other columns for `{definition.dataset}`: {listed[0]}, where DuckDB returns {listed[1]}",
            where=where,
            hint="let the Spark SQL return the same columns in the same order",
        )
    if not is_own:
        return
    for (name, kind), (_, wanted) in zip(found, types, strict=True):
        expected = spark_type(parse_type(lake_type(wanted))).upper()
        if _plain(kind) != _plain(expected):
            raise DatasetError(
                "build.other_columns",
                f"Spark returns `{name}` of `{definition.dataset}` as {kind.upper()}, where {expected} is needed",
                where=where,
                hint=f"write `cast({quoted(name)} as {expected}) as {quoted(name)}`",
            )


def _plain(kind: str) -> str:
    return kind.upper().replace(" ", "").replace("`", "")
