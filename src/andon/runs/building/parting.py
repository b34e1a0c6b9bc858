"""Rows of a result parted into files, by what its dataset declares: those of one partition lie together, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.names import quote
from andon.base.record import replace
from andon.engines.engine import Recipe
from andon.errors import DatasetError
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.partition import MOST_PARTITIONS
from andon.model.version import DataFile
from andon.project.files.front_matter import read_front_matter
from andon.relations.partitions import ROW, PartitionRows, Values, partition_key, rows_of

if TYPE_CHECKING:
    from andon.runs.building.job import Job


def arranged_recipe(definition: Definition, recipe: Recipe) -> Recipe:
    """`recipe` with the order in which the rows of a dataset's files lie: by partition, then by `sort`, else as they come."""
    if not definition.partition or recipe.sql is None:
        return sorted_recipe(definition, recipe)
    by = [partition_key(part) for part in definition.partition]
    if definition.sort:
        order = ", ".join([*by, *map(quote, definition.sort)])
        return replace(recipe, sql=f"select * from (\n{recipe.sql}\n) order by {order}", inner=recipe.sql)
    numbered = f"select *, row_number() over () as {ROW} from (\n{recipe.sql}\n)"
    ordered = f"select * exclude ({ROW}) from ({numbered}) order by {', '.join(by)}, {ROW}"
    return replace(recipe, sql=ordered, inner=recipe.sql)


def sorted_recipe(definition: Definition, recipe: Recipe) -> Recipe:
    """`recipe` with the order in which the rows of a dataset's files lie, where one is declared."""
    if not definition.sort or recipe.sql is None:
        return recipe
    ordered = f"select * from (\n{recipe.sql}\n) order by {', '.join(map(quote, definition.sort))}"
    return replace(recipe, sql=ordered, inner=recipe.sql)


def part_recipe(job: Job, definition: Definition, file: DataFile, part: PartitionRows) -> Recipe:
    """What reads the rows of one partition of a file."""
    plain = Definition(definition.dataset, Kind.SQL, Materialize.TABLE, definition.entry, definition.meaning)
    return Recipe(plain, {}, job.moment, rows_of(job.lake, file, part))


def require_few(definition: Definition, partitions: Iterable[Values]) -> None:
    """Raise where a result would have too many partitions.

    Raises:
        DatasetError: `build.too_many_partitions`.
    """
    count = len(set(partitions))
    if count <= MOST_PARTITIONS:
        return
    sql = definition.sql or ""
    line, column = read_front_matter(sql, definition.entry).places.get("partition", (1, 1))
    by = ", ".join(f"`{part}`" for part in definition.partition)
    raise DatasetError(
        "build.too_many_partitions",
        f"`{definition.dataset}` would have {count:,} partitions by {by}, and {MOST_PARTITIONS:,} is the most",
        where=f"{definition.entry}:{line}:{column}",
        hint="part it by a column of fewer values, or by longer intervals of a time, as in `{column: day, grain: month}`; to find rows"
        " fast, `sort` them",
    )


def by_partition(files: Sequence[DataFile]) -> list[DataFile]:
    """Files in the order in which their partitions first come, those of one in their order."""
    first: dict[Values, int] = {}
    for file in files:
        first.setdefault(file.partition, len(first))
    return sorted(files, key=lambda file: first[file.partition])


def kept_again(new: Sequence[DataFile], earlier: Mapping[str, DataFile]) -> list[tuple[DataFile, DataFile]]:
    """Of new files those that hold the bytes of an earlier one, each with that; `earlier` are by sha256."""
    left = dict(earlier)
    pairs = [(file, left.pop(file.sha256, None)) for file in new]
    return [(file, known) for file, known in pairs if known is not None]
