"""Files that Spark wrote as files of the lake: as they are but for the names and ids of their columns, which stand in their footers.

They are taken where they are what the embedded engine would write: all columns flat and of the types that the lake stores, in an order
that nobody declared, in files of a size. Else it writes them once more, and the build says why.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from andon.base.files import machine_error
from andon.base.names import literal, quote
from andon.base.text import plural
from andon.base.text import size as shown_size
from andon.engines.engine import ProducedFile, Task
from andon.engines.spark.footer import NotFlat, rename_columns, renamed_footer
from andon.model.types import parse_type
from andon.model.version import Column, ColumnStats

#: Below it the embedded engine writes a result in a moment, and into one file.
_FEW_BYTES = 64 * 2**20
#: Files that are smaller on the average are put together: a reader opens each.
_SMALL_FILE = 16 * 2**20
#: Whose smallest and greatest value a footer tells in texts that the lake has for them.
_BOUNDED = frozenset(
    {"BOOLEAN", "INTEGER", "BIGINT", "DECIMAL", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}
)


def why_written_again(task: Task, columns: Sequence[Column], files: Sequence[str]) -> str | None:
    """Why the embedded engine must write what Spark wrote into files, or None where they can be taken."""
    if task.further is None or task.aside is not None or task.recipe.inner is not None:
        return "rows are set aside" if task.aside is not None else "rows are sorted, or parted"
    nested = next((column.name for column in columns if parse_type(column.type).fields), None)
    if nested is not None:
        return f"`{nested}` is nested"
    whole = sum(Path(file).stat().st_size for file in files)
    if whole < _FEW_BYTES:
        return "it is small"
    if len(files) > 1 and whole < _SMALL_FILE * len(files):
        return f"{plural(len(files), 'file')} of {shown_size(whole // len(files))} each"
    stored = [(f"c{at}", column.type) for at, column in enumerate(columns)]
    other = next((file for file in files if _types_in(file) != stored), None)
    if other is not None:
        return "its types are others"
    return None if all(_is_flat(file, columns) for file in files) else "its footers are of another form"


def take(task: Task, columns: Sequence[Column], files: Sequence[str]) -> tuple[ProducedFile, ...]:
    """Put files that Spark wrote into the place of a task's output, and of further ones.

    Raises:
        MachineError: a file can't be put there.
        NotFlat: one is other than its types say.
    """
    assert task.further is not None  # asked before
    places = [task.output, *(task.further() for _ in files[1:])]
    names, ids = [column.name for column in columns], [column.field_id for column in columns]
    try:
        for file, place in zip(files, places, strict=True):
            _bring(Path(file), Path(place))
            rename_columns(Path(place), names, ids)
        return tuple(ProducedFile(place, *_told(place, columns)) for place in places)
    except BaseException as error:
        for place in places:
            Path(place).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise machine_error(error, f"write {task.output}") from error
        raise


def _bring(file: Path, place: Path) -> None:
    """The file there: the very one where it is ours, else a copy, since who wrote it may be another account."""
    if file.stat().st_uid == place.parent.stat().st_uid and file.stat().st_dev == place.parent.stat().st_dev:
        mode = file.stat().st_mode
        file.replace(place)
        place.chmod(mode | 0o600)
    else:
        shutil.copyfile(file, place)


def _is_flat(file: str, columns: Sequence[Column]) -> bool:
    try:
        renamed_footer(Path(file), [column.name for column in columns], [column.field_id for column in columns])
    except NotFlat:
        return False
    return True


def _types_in(file: str) -> list[tuple[str, str]]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        found = connection.execute(f"describe from read_parquet([{literal(file)}])").fetchall()
    return [(str(name), str(kind)) for name, kind, *_ in found]


def _told(file: str, columns: Sequence[Column]) -> tuple[int, Mapping[str, ColumnStats]]:
    """How many rows a file holds, and what its footer says of its columns."""
    import duckdb

    asked = " union all ".join(_of_column(at, column) for at, column in enumerate(columns))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(f"select num_rows from parquet_file_metadata([{literal(file)}])").fetchall()[0][0]
        connection.execute(f"create temp table told as select * from parquet_metadata([{literal(file)}])")
        found = connection.execute(f"select * from ({asked}) order by number").fetchall()
    stats = {
        quote(column.name): ColumnStats(
            nulls=None if nulls is None else int(nulls),
            values=None if values is None else int(values),
            minimum=low,
            maximum=high,
            size=None if size is None else int(size),
            has_nan=None,
        )
        for column, (_, nulls, values, low, high, size) in zip(columns, found, strict=True)
    }
    return int(rows), stats


def _of_column(at: int, column: Column) -> str:
    """SQL of what all parts of a file tell of one column; what one of them leaves open is not known."""
    bounds = "null::varchar, null::varchar"
    if parse_type(column.type).name in _BOUNDED:
        lacks = (
            "stats_min_value is null or stats_max_value is null or not coalesce(min_is_exact and max_is_exact, true)"
        )
        known = f"count(*) filter (where ({lacks}) and num_values > coalesce(stats_null_count, 0)) = 0"
        of = "::integer" if column.type == "BOOLEAN" else ""  # as the embedded engine tells it
        low, high = (f"{end}(cast(stats_{end}_value as {column.type})){of}::varchar" for end in ("min", "max"))
        bounds = f"case when {known} then {low} end, case when {known} then {high} end"
    nulls = "case when count(*) = count(stats_null_count) then sum(stats_null_count) end"
    return f"select {at} as number, {nulls}, sum(num_values), {bounds}, sum(total_compressed_size) from told where column_id = {at}"
