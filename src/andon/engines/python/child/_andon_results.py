"""From what a function returns to a DuckDB relation, without guessing: what could be misread is refused.

Every kind of result has its trap, all of them found by trying: DuckDB reads a NumPy array without its mask and takes its NaN for
NULL, turns numbers beside texts into texts, renames a second column of the same name, and takes NaN in a list for NULL.
A pandas frame is the exception: there NaN is how a missing number is written, and it becomes NULL.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

_ACCEPTED = (
    "a DuckDB relation, a polars, pandas or pyarrow table, anything with `__arrow_c_stream__`, "
    "a dict of columns, or a list of dicts"
)
#: What Parquet would turn into something else, by DuckDB's id of the type: 128 bits into floating point.
_STORED_AS = {
    "hugeint": "BIGINT",
    "uhugeint": "BIGINT",
    "enum": "VARCHAR",
    "time_ns": "TIME",
    "timestamp_ns": "TIMESTAMP",
}
#: What readers would find to be something else than what was returned, and what to do.
_CHANGED = {
    "interval": (
        "is a duration, which is stored as a text that sorts and adds otherwise",
        "return its seconds as a number (`.dt.total_seconds()`), or texts",
    ),
    "bit": ("is a bit string, which is stored as a text that sorts otherwise", "return texts or numbers"),
    "bignum": ("is a number of any size, which is stored as a text that sorts otherwise", "return decimals or texts"),
    "time with time zone": ("is a time with an offset, which is stored as a text that sorts otherwise", "return texts"),
    "enum": (
        "has categories in an order of its own, which is not stored: as texts they sort by their letters",
        "return texts (`.astype(str)`), and the place in the order as a number (`.cat.codes`)",
    ),
}
#: Types finer than what is stored.
_FINER = ("timestamp_ns", "time_ns")
_SMALL_UNITS = {"s", "ms", "us", "ns"}


class ResultError(Exception):
    """The result can't be taken; the text says why, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class _ArrowStream:
    """Shows nothing of an object but its Arrow stream: DuckDB would otherwise take a polars frame by way of pyarrow."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._value.__arrow_c_stream__(requested_schema)


def to_relation(connection: Any, value: Any) -> Any:
    """A relation with the rows of `value`, of types that Parquet holds without loss.

    Raises:
        ResultError: `value` is no table, has no columns or two of one name, or a column that could be misread.
    """
    relation = _relation_of(connection, value)
    check_names(relation.columns)
    for name, kind in zip(relation.columns, relation.types, strict=True):
        _refuse_changed(name, kind)
    return relation.project(
        ", ".join(_stored(name, kind) for name, kind in zip(relation.columns, relation.types, strict=True))
    )


def _refuse_changed(name: str, kind: Any) -> None:
    """Refuse a type of which readers would find something else."""
    if kind.id in _CHANGED and not (kind.id == "enum" and _is_sorted(kind)):
        raise ResultError(f"the column `{name}` {_CHANGED[kind.id][0]}", _CHANGED[kind.id][1])
    if kind.id in ("struct", "list", "array", "map"):
        for part, child in kind.children:
            if part != "size":
                _refuse_changed(name, child)


def _is_sorted(kind: Any) -> bool:
    """Whether the values of an enum stand in the order of their texts."""
    values = [value for _, values in kind.children for value in values]
    return values == sorted(values, key=str.encode)


def check_names(names: Any) -> None:
    """Refuse no columns, and two columns of one name (case does not tell them apart)."""
    if not names:
        raise ResultError("the function returned a table without columns", "return at least one column")
    seen: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str):
            raise ResultError(
                f"the function returned a table with the column name {name!r} (a {_type_name(name)}, expected a text)",
                "rename the columns to texts",
            )
        other = seen.get(name.lower())
        seen[name.lower()] = name
        if other is not None:
            raise ResultError(
                f"the function returned two columns named `{name}`" + (f" (`{other}`)" if other != name else ""),
                "give every column a name of its own; upper and lower case count as the same",
            )
    if "" in seen:
        raise ResultError("the function returned a column without a name", "give every column a name")


def _relation_of(connection: Any, value: Any) -> Any:
    import duckdb

    if isinstance(value, duckdb.DuckDBPyRelation):
        check_names(value.columns)
        return value
    package = type(value).__module__.split(".")[0]
    kind = type(value).__name__
    if package == "pandas" and kind == "DataFrame":
        return _pandas_relation(connection, value)
    if package == "polars" and kind == "LazyFrame":
        return _relation_of(connection, value.collect())
    if package == "pyarrow" and kind == "RecordBatch":
        import pyarrow

        return _relation_of(connection, pyarrow.Table.from_batches([value]))
    if kind != "Series" and hasattr(value, "__arrow_c_stream__"):
        check_names(_arrow_names(value))
        connection.register("andon_result", _ArrowStream(value))
        return connection.sql("select * from andon_result")
    if isinstance(value, dict):
        check_names(list(value))
        return _columns_relation(connection, value)
    if (
        isinstance(value, (list, tuple))
        and all(isinstance(row, dict) for row in value)
        and not hasattr(value, "_fields")
    ):
        return _rows_relation(connection, list(value))
    if value is None:
        raise ResultError("the function returned nothing (None)", f"end it with `return` and {_ACCEPTED}")
    raise ResultError(f"the function returned a {_type_name(value)}, which is no table", f"return {_ACCEPTED}")


def _arrow_names(value: Any) -> list[Any]:
    schema = getattr(value, "schema", None)
    names = getattr(schema, "names", None)
    if names is None or callable(names):
        names = getattr(value, "columns", None)
    if isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names):
        return list(names)
    return ["?"]  # unknown before it is read; DuckDB's own list is checked then


def _pandas_relation(connection: Any, frame: Any) -> Any:
    check_names(list(frame.columns))
    _refuse_index(frame.index)
    texts = set()
    for name in frame.columns:
        column = frame[name]
        if column.dtype == object:
            present = column[column.notna()]
            if not _one_type(name, present):
                texts.add(name)  # no value, no type: pandas keeps texts so
    connection.register("andon_result", frame)
    relation = connection.sql("select * from andon_result")
    if not texts:
        return relation
    return relation.project(
        ", ".join(f"cast({_quote(n)} as varchar) as {_quote(n)}" if n in texts else _quote(n) for n in relation.columns)
    )


def _refuse_index(index: Any) -> None:
    """Refuse an index that says something: it is no column, and would be gone. Numbers of rows say nothing."""
    names = [name for name in index.names if name is not None]
    if not names and getattr(index.dtype, "kind", "") in "iu":
        return
    said = f"named {', '.join(f'`{name}`' for name in names)}" if names else f"of {index.dtype}"
    raise ResultError(
        f"the frame has an index {said}, and an index is not stored",
        "`.reset_index()` makes columns of it, `.reset_index(drop=True)` drops it",
    )


def _rows_relation(connection: Any, rows: list[Any]) -> Any:
    if not rows:
        raise ResultError(
            "the function returned an empty list, which has no columns",
            "return a frame, or a dict of columns with typed arrays, so that no rows still have columns and types",
        )
    names = list(dict.fromkeys(name for row in rows for name in row))
    check_names(names)
    return _columns_relation(connection, {name: [row.get(name) for row in rows] for name in names})


def _columns_relation(connection: Any, columns: dict[str, Any]) -> Any:
    """A relation from a dict of lists and NumPy arrays."""
    arrays: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {}
    for name, values in columns.items():
        if type(values).__module__.split(".")[0] == "numpy" and hasattr(values, "dtype") and values.dtype != object:
            arrays[name] = values
        elif hasattr(values, "tolist"):
            lists[name] = values.tolist()
        elif isinstance(values, (list, tuple)):
            lists[name] = list(values)
        else:
            raise ResultError(
                f"the column `{name}` is a {_type_name(values)}, expected a list or an array", f"return {_ACCEPTED}"
            )
    sizes = {
        name: len(values) if getattr(values, "ndim", 1) == 1 else -1 for name, values in {**arrays, **lists}.items()
    }
    if len(set(sizes.values())) > 1 or -1 in sizes.values():
        text = ", ".join(f"`{name}` {'more than one dimension' if size < 0 else size}" for name, size in sizes.items())
        raise ResultError(f"the columns are not of one length: {text}", "return columns of the same length")
    select: dict[str, str] = {}
    parts = []
    if arrays:
        select.update(_register_arrays(connection, arrays))
        parts.append("andon_arrays")
    if lists:
        select.update(_store_lists(connection, lists))
        parts.append("andon_lists")
    chosen = ", ".join(f"{select[name]} as {_quote(name)}" for name in columns)
    return connection.sql(f"select {chosen} from {' positional join '.join(parts)}")


def _register_arrays(connection: Any, arrays: dict[str, Any]) -> dict[str, str]:
    """Make the arrays readable as `andon_arrays`; returns the SQL expression of each column."""
    import numpy

    registered: dict[str, Any] = {}
    expressions = {}
    for number, (name, values) in enumerate(arrays.items()):
        data, kind = numpy.ma.getdata(values), values.dtype.kind
        if kind not in "biufUMmS" or (kind == "f" and values.dtype.itemsize > 8):
            raise ResultError(
                f"the column `{name}` is an array of `{values.dtype}`", "turn it into numbers, texts or dates"
            )
        expression = f"a{number}"
        if kind == "S":
            raise ResultError(f"the column `{name}` is an array of bytes", "decode it to texts (`.astype(str)`)")
        if kind in "Mm":
            unit = numpy.datetime_data(values.dtype)[0]
            if unit not in _SMALL_UNITS:
                data = data.astype(f"{kind}8[us]")
            if kind == "M" and unit in ("D", "W", "M", "Y"):
                expression = f"cast({expression} as date)"
        if kind == "f":
            missing = numpy.isnan(data)  # DuckDB would take them for NULL
            if missing.any():
                registered[f"n{number}"] = missing
                real = "float" if data.dtype.itemsize < 8 else "double"
                expression = f"case when n{number} then cast('nan' as {real}) else {expression} end"
        mask = numpy.ma.getmaskarray(values) if numpy.ma.isMaskedArray(values) else None
        if mask is not None and mask.any():
            registered[f"m{number}"] = numpy.ascontiguousarray(mask)
            expression = f"case when m{number} then null else {expression} end"
        registered[f"a{number}"] = numpy.ascontiguousarray(data.astype(data.dtype.newbyteorder("="), copy=False))
        expressions[name] = expression
    connection.register("andon_arrays", registered)
    return expressions


def _store_lists(connection: Any, lists: dict[str, list[Any]]) -> dict[str, str]:
    """Keep the lists as the table `andon_lists`; returns the SQL expression of each column."""
    parameters: dict[str, list[Any]] = {}
    expressions = {}
    for number, (name, values) in enumerate(lists.items()):
        plain = [
            value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value for value in values
        ]
        expression = f"l{number}"
        if plain:
            kinds = _one_type(name, plain)
            if not kinds:
                raise ResultError(
                    f"the column `{name}` has no value but None, so its type is unknown",
                    "return a frame, or a dict of columns with typed arrays",
                )
            if float in kinds:
                # As texts, since DuckDB takes NaN in a list for NULL; `repr` of a float reads back as the same float.
                plain = [None if value is None else repr(float(value)) for value in plain]
                expression = f"cast({expression} as double)"
            elif kinds == {int}:
                expression = f"cast({expression} as bigint)"
            elif any(_has_nan(value) for value in plain):
                raise ResultError(f"the column `{name}` has NaN within its values", "return a pyarrow or polars frame")
        parameters[f"l{number}"] = plain
        expressions[name] = expression
    marks = ", ".join(f"unnest(${key}) as {key}" for key in parameters)
    connection.execute(f"create or replace temp table andon_lists as select {marks}", parameters)
    return expressions


def _one_type(name: str, values: Any) -> set[type]:
    """The types of `values` without None: none, one, or int and float; anything else would be misread."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 and kinds != {int, float}:
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ResultError(f"the column `{name}` mixes values of different types: {found}", "convert them to one type")
    zones = {value.tzinfo is None for value in values if isinstance(value, datetime)}
    if len(zones) > 1:
        raise ResultError(
            f"the column `{name}` mixes times with and without a zone", "give all of them a zone, or none"
        )
    return kinds


def _has_nan(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, dict):
        return any(_has_nan(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_has_nan(item) for item in value)


def _stored(name: str, kind: Any) -> str:
    """The SQL that selects a column in a type that Parquet holds; a number that doesn't fit fails loudly."""
    stored, column = parquet_type(kind), _quote(name)
    if stored is None:
        raise ResultError(f"the column `{name}` is of type {kind}, which Parquet can't hold", "cast it to another type")
    cast = f"cast({column} as {stored})"
    if _is_finer(kind):
        text = f"the column `{name}` has times finer than a microsecond, where the lake ends: round them (`.dt.floor('us')`)"
        quoted = text.replace("'", "''")
        cast = f"case when cast({cast} as varchar) <> cast({column} as varchar) then error('{quoted}') else {cast} end"
    return f"{cast} as {column}"


def _is_finer(kind: Any) -> bool:
    """Whether times finer than what is stored are anywhere in a type."""
    if kind.id in ("struct", "list", "array", "map"):
        return any(_is_finer(child) for part, child in kind.children if part != "size")
    return kind.id in _FINER


def parquet_type(kind: Any) -> str | None:
    """The SQL type to cast a column of DuckDB type `kind` to before it is written to Parquet; None when there is no such type."""
    if kind.id == "union":
        return None
    if kind.id in _STORED_AS:
        return _STORED_AS[kind.id]
    if kind.id not in ("struct", "list", "array", "map"):
        return str(kind)
    inner = {name: parquet_type(child) for name, child in kind.children if name != "size"}
    if None in inner.values():
        return None
    if kind.id == "struct":
        return f"STRUCT({', '.join(f'{_quote(name)} {child}' for name, child in inner.items())})"
    if kind.id == "map":
        return f"MAP({inner['key']}, {inner['value']})"
    return f"{inner['child']}[{dict(kind.children)['size'] if kind.id == 'array' else ''}]"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _type_name(value: Any) -> str:
    kind = type(value)
    return (
        f"`{kind.__name__}`" if kind.__module__ == "builtins" else f"`{kind.__module__.split('.')[0]}.{kind.__name__}`"
    )
