"""Small files that become one: which, and how. The rows and their order stay, and which files a new one stands for is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.names import quote_name
from andon.base.record import replace
from andon.engines.engine import Recipe
from andon.engines.relation import TableRelation
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.version import DataFile, contents_of

if TYPE_CHECKING:
    from andon.runs.building.job import Job

#: A file below so many bytes is small, and small files become one of about so many bytes.
SMALL, FULL = 16 << 20, 128 << 20
#: A result that would stand on so many small files in a row has them put together when it is written.
MANY = 64
#: Of a table that grows by key a file has at most so many rows: a few keys that change have one of them written again. One with a
#: quarter of them is not small, however few its bytes are.
MOST_ROWS = 1 << 22


def small_runs(files: Sequence[DataFile], at_least: int) -> list[tuple[int, int]]:
    """The runs of files (from, until before) that become one each: small ones of one partition in a row, `at_least` of them. Pure."""
    runs: list[tuple[int, int]] = []
    start = 0
    while start < len(files):
        end, size = start, 0
        while (
            end < len(files)
            and files[end].size < SMALL
            and files[end].rows < MOST_ROWS // 4
            and size < FULL
            and files[end].partition == files[start].partition
        ):
            size += files[end].size
            end += 1
        if end - start >= max(at_least, 2):
            runs.append((start, end))
        start = max(end, start + 1)
    return runs


def packed_recipe(job: Job, definition: Definition, files: Sequence[DataFile]) -> Recipe:
    """What reads files of a dataset, one after the other, whatever it is made of."""
    plain = Definition(definition.dataset, Kind.SQL, Materialize.TABLE, definition.entry, definition.meaning)
    places = tuple(job.lake.storage.engine_path(file.path) for file in files)
    sql = f"select * from {quote_name(definition.dataset)}"
    return Recipe(plain, {definition.dataset: TableRelation(places)}, job.moment, sql, is_part=True)


def standing_for(file: DataFile, files: Sequence[DataFile]) -> DataFile:
    """`file`, which holds just the rows of `files`, with what it stands for."""
    packed = tuple(content for each in files for content in contents_of(each))
    return replace(file, packed=packed, partition=files[0].partition)
