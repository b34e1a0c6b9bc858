"""Columns that stand in folder names (`year=2024/month=01/x.parquet`): those of the project's paths, not of the copies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from andon.base.names import literal, quote
from andon.sources.failures import stop
from andon.sources.files.calls import Call
from andon.sources.files.patterns import type_name

_KEY = re.compile(r"^([^=/]+)=([^/]*)$")


def of_path(path: str) -> dict[str, str]:
    """The keys and values in the folders of `path`."""
    found = (_KEY.match(part) for part in path.split("/")[:-1])
    return {m.group(1): unquote(m.group(2)) for m in found if m}


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
        return [list(b) for b in before]
    stated = call.get("hive_types")
    types = {k.lower(): str(v) for k, v in stated.items()} if isinstance(stated, Mapping) else {}
    plain = call.get("hive_types_autocast") is False
    return [
        [key, types.get(key.lower()) or ("VARCHAR" if plain else _type([of_path(p)[key] for p in paths]))]
        for key in keys[0]
    ]


def _type(values: Sequence[str]) -> str:
    if all(re.fullmatch(r"-?\d{1,18}", v) for v in values):
        return "BIGINT"
    if all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", v) for v in values):
        return "DATE"
    return "VARCHAR"


def select_list(columns: Sequence[Sequence[str]], stored_to_path: Mapping[str, str], filename: str) -> list[str]:
    """SQL: one expression for each partition column, over the column `filename` that holds the stored path."""
    out = []
    for name, kind in columns:
        pairs = {stored: of_path(path).get(name) for stored, path in stored_to_path.items()}
        value = lookup(pairs, filename)
        if type_name(kind) != "VARCHAR":
            value = f"cast({value} as {kind})"
        out.append(f"{value} as {quote(name)}")
    return out


def lookup(pairs: Mapping[str, str | None], column: str) -> str:
    """SQL: the value that belongs to the text in `column`."""
    distinct = set(pairs.values())
    if len(distinct) == 1:
        value = distinct.pop()
        return "null" if value is None else literal(value)
    entries = ", ".join(f"{literal(k)}: {'null' if v is None else literal(v)}" for k, v in pairs.items())
    return f"(map {{{entries}}})[{column}]"
