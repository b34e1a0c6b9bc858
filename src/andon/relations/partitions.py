"""Which partitions the rows of a file are of, asked of the file; rows of one lie together in it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.base.record import Record
from andon.engines.duckdb.failures import translate
from andon.engines.duckdb.instance import file_list
from andon.model.partition import Partition

if TYPE_CHECKING:
    from andon.lake.lake import Lake
    from andon.model.dataset import Definition
    from andon.model.version import DataFile
    from andon.relations.sides import Sides

#: By what rows are parted, and the value that all of one partition have, as text.
Values = tuple[tuple[str, str | None], ...]

#: What a row's number is called while its place is found.
ROW = '"andon row"'


class PartitionRows(Record):
    """The rows of one partition in a file: from which to which, counted from 0."""

    values: Values
    first: int
    last: int


def partition_key(part: Partition) -> str:
    """SQL of what tells the partition of a row."""
    return f"date_trunc({literal(part.grain)}, {quote(part.column)})" if part.grain is not None else quote(part.column)


def partitions_of(lake: Lake, sides: Sides, definition: Definition, file: DataFile) -> list[PartitionRows]:
    """The partitions of a file whose rows lie by them, in that order.

    Raises:
        AndonError: what the engine says, as that of the dataset.
    """
    told = [f"({partition_key(part)})::varchar" for part in definition.partition]
    names = [f"p_{index}" for index in range(len(told))]
    listed = ", ".join(f"{each} as {name}" for each, name in zip(told, names, strict=True))
    rows = f"select {listed}, {ROW} from ({_numbered(lake, file)})"
    sql = f"select {', '.join(names)}, min({ROW}), max({ROW}), count(*) from ({rows}) group by all order by min({ROW})"
    with sides.for_size(file.size) as side:
        try:
            found = side.session().connection.execute(sql).fetchall()
        except Exception as error:
            raise translate(error, definition) from error
    by = [str(part) for part in definition.partition]
    parts = []
    for *values, first, last, count in found:
        if count != last - first + 1:
            raise ValueError("the rows of a partition don't lie together")
        parts.append(PartitionRows(tuple(zip(by, values, strict=True)), first, last))
    return parts


def row_ranges(rows: int, most: int) -> list[PartitionRows]:
    """All rows of a file in ranges of about the same length, none longer than `most`."""
    count = max(-(-rows // max(most, 1)), 1)
    ends = [rows * number // count for number in range(count + 1)]
    return [PartitionRows((), first, last - 1) for first, last in itertools.pairwise(ends)]


def rows_of(lake: Lake, file: DataFile, part: PartitionRows) -> str:
    """SQL of the rows of one partition of a file."""
    return f"select * exclude ({ROW}) from ({_numbered(lake, file)}) where {ROW} between {part.first} and {part.last}"


def _numbered(lake: Lake, file: DataFile) -> str:
    """SQL of the rows of a file with their numbers from 0."""
    place = file_list([lake.storage.engine_path(file.path)])
    if any(name.lower() == '"file_row_number"' for name in file.stats):
        return f"select *, row_number() over () - 1 as {ROW} from read_parquet({place})"
    return f"select * exclude (file_row_number), file_row_number as {ROW} from read_parquet({place}, file_row_number = true)"
