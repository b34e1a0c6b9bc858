"""Loading a source: whatever its function hands out becomes Parquet, part by part, with the state that it leaves behind.

A part is one table that was handed out, or many rows. Their types are told; who started this process puts them together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import _andon_results as results  # type: ignore[import-not-found]

#: Rows that are handed out one by one are written so many at a time.
_ROWS = 20_000
_LARGEST_STATE = 1 << 20
_NESTED = {dict, list, tuple}
#: Beyond it a float has not each whole number.
_EXACT = 2**53


def load(job: dict[str, Any], connection: Any, function: Any) -> dict[str, Any]:
    """Run the function to its end, and say which parts there are.

    Raises:
        ResultError: what it hands out is no table, or its state is no JSON.
    """
    state = job["state"]
    value = function(**{name: state for name, _ in job["parameters"]})
    parts: list[dict[str, Any]] = []
    for number, table in enumerate(_tables(value), 1):
        relation = results.to_relation(connection, table)
        if isinstance(table, list):
            relation = _with_wide_numbers(relation)
        path = f"{job['parts']}/part-{number:06}.parquet"
        relation.write_parquet(path, compression="zstd")
        written = connection.read_parquet(path)
        counted = connection.execute("select count(*) from read_parquet(?)", [path]).fetchone()
        columns = [[name, str(kind)] for name, kind in zip(written.columns, written.types, strict=True)]
        parts.append({"path": path, "columns": columns, "rows": counted[0]})
    return {"columns": [], "rows": sum(part["rows"] for part in parts), "parts": parts, "state": _state(state)}


def _tables(value: Any) -> Iterator[Any]:
    """What was handed out as tables, in order."""
    if value is None:
        raise results.ResultError(
            "the function returned nothing (None)",
            "`yield` tables or rows, or return a table; `return []` says that there is nothing",
        )
    if _is_table(value):
        yield value
        return
    if isinstance(value, dict):
        yield value
        return
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise results.ResultError(
            f"the function returned a `{type(value).__name__}`, which is no table",
            "`yield` tables, rows or lists of rows",
        )
    rows: list[dict[str, Any]] = []
    for item in value:
        if isinstance(item, dict):
            rows.append(item)
        elif isinstance(item, list | tuple) and not hasattr(item, "_fields"):
            wrong = next((each for each in item if not isinstance(each, dict)), None)
            if wrong is not None:
                raise results.ResultError(
                    f"the function handed out a list with a `{type(wrong).__name__}`", "a row is a dict with names"
                )
            rows += item
        elif _is_table(item):
            yield from _filled(rows)
            rows = []
            yield item
        else:
            raise results.ResultError(
                f"the function handed out a `{type(item).__name__}`", "`yield` tables, rows (dicts) or lists of rows"
            )
        while len(rows) >= _ROWS:
            yield from _filled(rows[:_ROWS])
            del rows[:_ROWS]
    yield from _filled(rows)


def _filled(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Rows without the columns that have no value in any of them: nobody can say what these are."""
    names = {name for row in rows for name, value in row.items() if value is not None}
    for name in sorted(names):
        values = [row[name] for row in rows if row.get(name) is not None]
        kinds = set(map(type, values))
        if len(kinds) > 1 or kinds & _NESTED:
            _check_nested(name, values)
    if names:
        yield [{name: value for name, value in row.items() if name in names} for row in rows]


def _check_nested(name: str, values: list[Any]) -> None:
    """Refuse values of different types at one place within the values of a column: the engine would turn them into one without a word.

    Raises:
        ResultError: there are such.
    """
    kinds: dict[str, set[str]] = {}
    large: set[str] = set()
    waiting = [(name, value) for value in values]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{place}.{key}", inner) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [(f"{place}[]", inner) for inner in value]
        elif isinstance(value, int) and abs(value) > _EXACT:
            large.add(place)
        if value is not None:
            kinds.setdefault(place, set()).add("list" if isinstance(value, tuple) else type(value).__name__)
    for place, found in kinds.items():
        if len(found) > 1 and (found != {"int", "float"} or place in large):
            shown = ", ".join(sorted(found))
            raise results.ResultError(f"`{place}` mixes values of different types: {shown}", "convert them to one type")


def _with_wide_numbers(relation: Any) -> Any:
    """Whole numbers within lists and structs as wide as others: how wide the engine makes them depends on the values."""
    chosen = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        quoted = '"' + name.replace('"', '""') + '"'
        is_nested = kind.id in ("struct", "list", "map")
        chosen.append(f"cast({quoted} as {_wide(kind)}) as {quoted}" if is_nested else quoted)
    return relation.project(", ".join(chosen))


def _wide(kind: Any) -> str:
    if kind.id == "integer":
        return "BIGINT"
    if kind.id == "list":
        return f"{_wide(dict(kind.children)['child'])}[]"
    if kind.id == "struct":
        parts = ", ".join('"' + name.replace('"', '""') + '" ' + _wide(child) for name, child in kind.children)
        return f"STRUCT({parts})"
    if kind.id == "map":
        inner = dict(kind.children)
        return f"MAP({_wide(inner['key'])}, {_wide(inner['value'])})"
    return str(kind)


def _is_table(value: Any) -> bool:
    package = type(value).__module__.split(".")[0]
    return (
        hasattr(value, "__arrow_c_stream__")
        or (package == "pandas" and type(value).__name__ == "DataFrame")
        or (package == "polars" and type(value).__name__ == "LazyFrame")
        or (package == "pyarrow" and type(value).__name__ == "RecordBatch")
        or type(value).__name__ == "DuckDBPyRelation"
    )


def _state(state: Any) -> dict[str, Any]:
    """What is remembered, as JSON says it again."""
    hint = "keep texts, numbers, true, false, lists and dicts in `state`; a time as its ISO text"
    try:
        text = json.dumps(state, allow_nan=False)
        again: dict[str, Any] = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise results.ResultError(f"`state` is no JSON: {error}", hint) from None
    if again != state:
        raise results.ResultError(
            "`state` holds what JSON does not say again (a tuple, or a key that is no text)", hint
        )
    if len(text) > _LARGEST_STATE:
        raise results.ResultError(
            f"`state` is larger than {_LARGEST_STATE >> 20} MB", "keep how far you came, not what came"
        )
    return again
