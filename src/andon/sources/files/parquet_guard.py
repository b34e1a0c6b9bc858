"""What Parquet files hold that the engine would read as something else, and what is no Parquet at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal
from andon.sources.failures import engine_error, shown, stop
from andon.sources.files.raw_text import only_path

if TYPE_CHECKING:
    import duckdb


def run(
    connection: duckdb.DuckDBPyConnection, sql: str, files: Mapping[str, Path], paths: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The rows of a query over the files `paths`.

    Raises:
        DatasetError: what the engine refuses, with its place.
    """
    import duckdb

    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise engine_error(str(error), {str(files[p]): p for p in paths}, paths[0]) from error


def check_start(path: str, stored: Path) -> None:
    """Refuse a file that is empty, or text of another kind.

    Raises:
        DatasetError: `source.empty`, `source.encoding`.
    """
    with stored.open("rb") as stream:
        start = stream.read(200)
    if not start:
        raise stop("source.empty", "the file is empty", path, hint="fetch the file again")
    text = start.split(b"\n")[0].decode("utf-8", "replace").strip()
    if len(start) > 4 and not start.startswith((b"PAR1", b"PARE")) and text.isprintable() and "\ufffd" not in text:
        other = "read_json" if text.startswith(("{", "[")) else "read_csv"
        hint = f"fetch the file again, or write `{other}({literal(path)})`"
        raise stop("source.encoding", f"the file is not Parquet: it begins with `{shown(text)}`", path, hint=hint)


def check_values(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], paths: Sequence[str]) -> None:
    """Refuse numbers that are wider than the engine's (it would read others) and times of which it would cut nanoseconds."""
    listed = ", ".join(literal(only_path(str(files[p]))) for p in paths)
    sql = (
        f"select file_name, name, precision, scale from parquet_schema([{listed}]) where (precision > 38 and converted_type = 'DECIMAL') "
        "or contains(logical_type::varchar, 'NANOS=NanoSeconds')"
    )
    named = {str(files[p]): p for p in paths}
    times: dict[str, None] = {}
    for stored, name, precision, scale in run(connection, sql, files, paths):
        path = named.get(stored, paths[0])
        if precision is None:
            times[path] = None
            continue
        message = (
            f"column `{name}` is DECIMAL({precision},{scale}); the engine holds 38 digits and would read other numbers"
        )
        hint = "write the file anew with DECIMAL(38, …), or with the numbers as text"
        raise stop("source.ambiguous", message, path, hint=hint, column=name)
    for path in times:
        name = _cut(files[path])
        if name is not None:
            message = f"column `{name}` has times finer than a microsecond, and the lake keeps microseconds"
            hint = "write the file anew with microseconds, or with nanoseconds as BIGINT or text"
            raise stop("source.ambiguous", message, path, hint=hint, column=name)


def _cut(stored: Path) -> str | None:
    """The first column of a file with a time that microseconds can't say."""
    import pyarrow
    import pyarrow.parquet

    def micro(kind: Any) -> Any:
        if pyarrow.types.is_timestamp(kind):
            return pyarrow.timestamp("us", kind.tz)
        if pyarrow.types.is_time64(kind):
            return pyarrow.time64("us")
        if pyarrow.types.is_struct(kind):
            return pyarrow.struct([pyarrow.field(f.name, micro(f.type)) for f in kind])
        if pyarrow.types.is_list(kind):
            return pyarrow.list_(micro(kind.value_type))
        return kind

    with pyarrow.parquet.ParquetFile(stored) as file:
        fine = [f for f in file.schema_arrow if micro(f.type) != f.type]
        for batch in file.iter_batches(columns=[f.name for f in fine]):
            for column in fine:
                try:
                    batch.column(column.name).cast(micro(column.type))
                except pyarrow.ArrowInvalid:
                    return str(column.name)
    return None
