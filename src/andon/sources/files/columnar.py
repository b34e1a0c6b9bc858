"""The contract of a Parquet read: names and types, which every file must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal
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
    call: Call, files: Mapping[str, Path], paths: Sequence[str], expected: Sequence[Sequence[str]] | None
) -> list[list[str]]:
    """Names and types of the files' columns, checked to be those of every file and, if given, those `expected`.

    Raises:
        DatasetError: `source.contract`, `source.truncated`, `source.empty`.
    """
    for path in paths:
        if not files[path].stat().st_size:
            raise stop("source.empty", "the file is empty", path, hint="fetch the file again")
    with scratch() as connection:
        if call.get("union_by_name"):
            return _union(connection, call, files, paths, expected)
        wanted = [list(c) for c in expected] if expected is not None else None
        origin = "recorded at the first load"
        for group in _alike(connection, call, files, paths):
            found = _describe(connection, call, files, group[:1])
            if wanted is None:
                wanted, origin = found, f"in `{group[0]}`"
            elif found != wanted:
                raise _different(group[0], wanted, found, origin)
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
                what = f"column `{name}` is {shown(kind)}, " + (
                    f"expected {shown(known)}" if known else "not among the recorded columns"
                )
                raise stop("source.contract", what, group[0], hint=_HINT, column=name)
    return [[name, kind] for name, kind in wanted.items()]


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


_HINT = "fix the file, or edit the source's SQL: a list of its own for each shape, joined by `union all`, or `union_by_name = true`"


def _different(path: str, wanted: list[list[str]], found: list[list[str]], origin: str) -> DatasetError:
    expected, got = {n: k for n, k in wanted}, {n: k for n, k in found}
    parts = [f"new: `{n}`" for n in got if n not in expected] + [f"missing: `{n}`" for n in expected if n not in got]
    parts += [f"`{n}` is {shown(got[n])}, expected {shown(k)}" for n, k in expected.items() if n in got and got[n] != k]
    message = f"the columns differ from those {origin}: {'; '.join(parts[:5]) or 'the order differs'}"
    return stop("source.contract", message, path, hint=_HINT, expected=wanted, found=found)
