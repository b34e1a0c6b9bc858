"""Which columns of which files a query reads, as the engine itself plans it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from andon.base.names import literal
from andon.base.recursion import deeply


def columns_read(connection: Any, select: str, tables: Mapping[str, str]) -> tuple[str, ...] | None:
    """The columns that answering `select` reads, as `schema.table.column`; those that only a view hands on are not among them. None where
    the engine shows no plan.

    Args:
        connection: with nothing on its way, and that nothing is asked of any more: a plan that can't be shown may break it.
        tables: by the first of a table's files its name.
    """
    import duckdb

    try:
        # a literal: the first parameter of a process makes DuckDB import pandas
        text = f"select json_serialize_plan({literal(select)}, skip_null := true, skip_empty := true, optimize := true)"
        answer = json.loads(connection.execute(text).fetchone()[0])
        if answer.get("error"):
            return None
        return tuple(dict.fromkeys(deeply(lambda: list(_columns(answer, tables)))))
    except (duckdb.Error, RecursionError, ValueError):
        return None


def _columns(part: Any, tables: Mapping[str, str]) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _columns(each, tables)
        return
    if not isinstance(part, dict):
        return
    if part.get("type") == "LOGICAL_GET":
        files = part.get("function_data", {}).get("files", ())
        table = tables.get(files[0]) if files else None
        names = part.get("names", ())
        if table is not None:
            numbers = [int(entry.get("index", -1)) for entry in part.get("column_indexes", ())]
            yield from (f"{table}.{names[number]}" for number in numbers if 0 <= number < len(names))
        return
    for each in part.values():
        if isinstance(each, dict | list):
            yield from _columns(each, tables)
