"""Columns that stand in folder names (`year=2024/month=01/x.parquet`): those of the project's paths, not of the copies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from andon.base.names import literal, quote
from andon.sources.failures import stop
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.dialect import Dialect
from andon.sources.files.patterns import type_name
from andon.sources.files.scratch import rows, scratch

_KEY = re.compile(r"^([^=/]+)=([^/]*)$")


#: What writers call a folder for rows without a value.
_NULL = "__HIVE_DEFAULT_PARTITION__"
#: Folders are named; nothing in their names has marks.
_PLAIN = Dialect(delim=",")


def of_path(path: str) -> dict[str, str | None]:
    """The keys and values in the folders of `path`."""
    found = (_KEY.match(part) for part in path.split("/")[:-1])
    return {m.group(1): None if m.group(2) == _NULL else unquote(m.group(2)) for m in found if m}


def establish(call: Call, paths: Sequence[str], before: Sequence[Sequence[str]] | None) -> list[list[str]]:
    """Names and types of the partition columns; as DuckDB has it, when asked for, or when all paths have the same keys.

    Raises:
        DatasetError: `source.contract` when the files' folders don't have the same keys though they should.
    """
    wanted = call.get("hive_partitioning")
    keys = [tuple(of_path(path)) for path in paths]
    if wanted is False or (wanted is None and not call.get("hive_types") and (len(set(keys)) != 1 or not keys[0])):
        return []
    odd = next((p for p, k in zip(paths, keys, strict=True) if k != keys[0]), None)
    if odd is not None:
        raise stop(
            "source.contract",
            "the folders don't have the same `key=value` parts as those of the other files",
            odd,
            hint="move the file",
        )
    if before is not None:
        columns = [list(b) for b in before]
        _check(call, paths, columns, "source.contract")
        return columns
    stated = call.get("hive_types")
    types = {k.lower(): str(v) for k, v in stated.items()} if isinstance(stated, Mapping) else {}
    plain = call.get("hive_types_autocast") is False
    columns = [
        [key, types.get(key.lower()) or ("VARCHAR" if plain else _type([of_path(p)[key] for p in paths]))]
        for key in keys[0]
    ]
    _check(call, paths, columns, "source.ambiguous")
    return columns


def check_apart(call: Call, columns: Sequence[Sequence[str]], in_files: Sequence[Sequence[str]], path: str) -> None:
    """Refuse a key of folders that is a column of the files as well: which of the two counts is not for us to say.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    names = {name.lower() for name, *_ in in_files}
    origin = call.get("filename")
    shown_as = origin if isinstance(origin, str) and origin.lower() not in ("true", "false") else "filename"
    if origin and shown_as.lower() in names:
        message = f"`{shown_as}` is a column of the file, and what `filename` is asked to name"
        other = call.suggest(filename=literal("path" if "path" not in names else "file_path"))
        raise stop("source.ambiguous", message, path, hint=f"write `{other}` to give the path another name")
    twice = next((name for name, _ in columns if name.lower() in names), None)
    if twice is not None:
        message = f"`{twice}` is a column of the file and a key of its folder"
        hint = f"write `{call.suggest(hive_partitioning='false')}` to read the column, or rename the folder"
        raise stop("source.ambiguous", message, path, hint=hint, column=twice)


def _type(values: Sequence[str | None]) -> str:
    """Numbers and dates that say the same again; what has zeros in front is text."""
    known = [v for v in values if v is not None]
    return next((kind for kind in ("BIGINT", "DATE") if known and not _odd(Cast("", kind), known)), "VARCHAR")


def _odd(cast: Cast, values: Sequence[str]) -> list[str]:
    """Those of `values` that the type can't hold unchanged."""
    listed = ", ".join(literal(v) for v in dict.fromkeys(values))
    sql = f"select v from (select unnest([{listed}]) v) where {cast.sql('v', _PLAIN, 'null')} is null"
    with scratch() as connection:
        return [str(v) for (v,) in rows(connection, sql)]


def _check(call: Call, paths: Sequence[str], columns: Sequence[Sequence[str]], code: str) -> None:
    for name, kind in columns:
        if type_name(kind) == "VARCHAR":
            continue
        values = {path: value for path in paths if (value := of_path(path).get(name)) is not None}
        odd = (
            set(_odd(Cast(name, kind, None, bool(call.get("hive_types"))), list(values.values()))) if values else set()
        )
        path = next((p for p, v in values.items() if v in odd), None)
        if path is not None:
            message = f"the folder `{name}={values[path]}` is not a {kind} without changing it"
            types = {**(call.get("hive_types") or {}), name: "VARCHAR"}
            inside = ", ".join(f"{literal(k)}: {v}" for k, v in types.items())
            hint = f"rename the folder, or read it as text: `{call.suggest(hive_types='{' + inside + '}')}`"
            raise stop(code, message, path, hint=hint, column=name, value=values[path])


def select_list(columns: Sequence[Sequence[str]], stored_to_path: Mapping[str, str], filename: str) -> list[str]:
    """SQL: one expression for each partition column, over the column `filename` that holds the stored path."""
    out = []
    for name, kind in columns:
        pairs = {stored: of_path(path).get(name) for stored, path in stored_to_path.items()}
        out.append(f"cast({lookup(pairs, filename)} as {kind}) as {quote(name)}")
    return out


def lookup(pairs: Mapping[str, str | None], column: str) -> str:
    """SQL: the value that belongs to the text in `column`."""
    distinct = set(pairs.values())
    if len(distinct) == 1:
        value = distinct.pop()
        return "null" if value is None else literal(value)
    entries = ", ".join(f"{literal(k)}: {'null' if v is None else literal(v)}" for k, v in pairs.items())
    return f"(map {{{entries}}})[{column}]"
