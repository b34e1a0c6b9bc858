"""The contract of a Parquet read: names and types, which every file must have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.errors import DatasetError
from andon.sources.failures import engine_error, shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.raw_text import engine_path
from andon.sources.files.scratch import scratch

if TYPE_CHECKING:
    import duckdb

_ANSWERED = frozenset({"filename", "union_by_name", "hive_partitioning", "hive_types", "hive_types_autocast"})


def relation(call: Call, stored: Sequence[str]) -> str:
    """SQL: the read of the stored files."""
    options = {name: text for name, text in call.texts.items() if name not in _ANSWERED}
    options["hive_partitioning"] = "false"
    if call.get("union_by_name"):
        options["union_by_name"] = "true"
    listed = ", ".join(literal(engine_path(path)) for path in stored)
    return f"read_parquet([{listed}], {', '.join(f'{n} = {t}' for n, t in options.items())})"


def columns(
    call: Call,
    files: Mapping[str, Path],
    paths: Sequence[str],
    expected: Sequence[Sequence[str]] | None,
    fresh: Collection[str] | None = None,
) -> list[list[str]]:
    """Names and types of the files' columns, checked to be those of every file and, if given, those `expected`.

    Args:
        fresh: those of `paths` whose values were not looked at yet; None means all.

    Raises:
        DatasetError: `source.contract`, `source.truncated`, `source.empty`, `source.ambiguous` for what would be read as something else.
    """
    for path in paths:
        if not files[path].stat().st_size:
            raise stop("source.empty", "the file is empty", path, hint="fetch the file again")
    with scratch() as connection:
        new = [path for path in paths if fresh is None or path in fresh]
        if new and "encryption_config" not in call.stated:
            _check_values(connection, files, new)
        if call.get("union_by_name"):
            return _union(connection, call, files, paths, expected)
        wanted = [list(c) for c in expected] if expected is not None else None
        origin = "recorded at the first load"
        for group in _alike(connection, call, files, paths):
            found = _describe(connection, call, files, group[:1])
            if wanted is None:
                wanted, origin = found, f"in `{group[0]}`"
            elif found != wanted:
                raise _different(call, group[0], wanted, found, origin, expected is not None)
    return wanted or []


def _union(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    files: Mapping[str, Path],
    paths: Sequence[str],
    expected: Sequence[Sequence[str]] | None,
) -> list[list[str]]:
    """By name, files may lack columns; types must agree, since the engine would round to the first file's."""
    wanted = {name: kind for name, kind in expected} if expected is not None else {}
    recorded = bool(wanted)
    for group in _alike(connection, call, files, paths):
        for name, kind in _describe(connection, call, files, group[:1]):
            known = wanted.setdefault(name, kind) if not recorded else wanted.get(name)
            if known != kind:
                if known is None:
                    what = f"column `{name}` is {shown(kind)}, not among the recorded columns"
                    hint = call.more_columns([name])
                    raise stop("source.contract", what, group[0], hint=hint, column=name, only_new=True)
                what = f"column `{name}` is {shown(kind)}, expected {shown(known)}"
                hint = _apart(call, group[0], name, known)
                raise stop("source.contract", what, group[0], hint=hint, column=name)
    return [[name, kind] for name, kind in wanted.items()]


def _check_values(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], paths: Sequence[str]) -> None:
    """Refuse numbers that are wider than the engine's (it would read others) and times of which it would cut nanoseconds."""
    listed = ", ".join(literal(engine_path(str(files[p]))) for p in paths)
    sql = (
        f"select file_name, name, precision, scale from parquet_schema([{listed}]) where (precision > 38 and converted_type = 'DECIMAL') "
        "or contains(logical_type::varchar, 'NANOS=NanoSeconds')"
    )
    named = {str(files[p]): p for p in paths}
    times: dict[str, None] = {}
    for stored, name, precision, scale in _run(connection, sql, files, paths):
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


def _alike(
    connection: duckdb.DuckDBPyConnection, call: Call, files: Mapping[str, Path], paths: Sequence[str]
) -> list[list[str]]:
    """The files in groups of one physical schema, so that types are asked for once a group."""
    if len(paths) == 1 or "encryption_config" in call.stated:
        return [[path] for path in paths]
    listed = ", ".join(literal(engine_path(str(files[p]))) for p in paths)
    sql = (
        "select file_name, hash(list([name, type, type_length::varchar, num_children::varchar, converted_type, "
        "scale::varchar, precision::varchar, "
        f"logical_type])) from parquet_schema([{listed}]) group by file_name"
    )
    by_stored: dict[str, object] = dict(_run(connection, sql, files, paths))
    groups: dict[object, list[str]] = {}
    for path in paths:
        groups.setdefault(by_stored.get(str(files[path]), path), []).append(path)
    return list(groups.values())


def _describe(
    connection: duckdb.DuckDBPyConnection, call: Call, files: Mapping[str, Path], paths: Sequence[str]
) -> list[list[str]]:
    sql = f"describe select * from {relation(call, [str(files[p]) for p in paths])}"
    return [[name, kind] for name, kind, *_ in _run(connection, sql, files, paths)]


def _run(
    connection: duckdb.DuckDBPyConnection, sql: str, files: Mapping[str, Path], paths: Sequence[str]
) -> list[tuple[Any, ...]]:
    import duckdb

    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise engine_error(str(error), {str(files[p]): p for p in paths}, paths[0]) from error


def _apart(call: Call, path: str, column: str, kind: str) -> str:
    """What to write where a column is of another type in one file."""
    cast = f"select * replace (cast({quote(column)} as {kind}) as {quote(column)}) from read_parquet({literal(path)})"
    return f"write the file anew, or read it apart: `{cast} union all by name select * from …`; {call.anew}"


def _different(
    call: Call, path: str, wanted: list[list[str]], found: list[list[str]], origin: str, recorded: bool
) -> DatasetError:
    expected, got = {n: k for n, k in wanted}, {n: k for n, k in found}
    new, missing = [n for n in got if n not in expected], [n for n in expected if n not in got]
    other = [n for n, k in expected.items() if n in got and got[n] != k]
    parts = [f"new: `{n}`" for n in new] + [f"missing: `{n}`" for n in missing]
    parts += [f"`{n}` is {shown(got[n])}, expected {shown(expected[n])}" for n in other]
    message = f"the columns differ from those {origin}: {'; '.join(parts[:5]) or 'the order differs'}"
    only_new = bool(new) and not missing and not other
    if other:
        hint = _apart(call, path, other[0], expected[other[0]])
    elif only_new and recorded:
        hint = call.more_columns(new)
    else:
        hint = f"columns by their names: `{call.suggest(union_by_name='true')}`"
    return stop(
        "source.contract", message, path, hint=hint, expected=wanted, found=found, only_new=only_new and recorded
    )
