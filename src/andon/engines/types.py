"""Which types the lake stores, and the casts that lead there.

Parquet and Iceberg hold fewer types than DuckDB computes with. What becomes of the others is decided here, once; views get the same
casts, so that materialising changes no answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from andon.base.names import literal, quote
from andon.errors import DatasetError
from andon.model.types import ELEMENT, KEY, VALUE, DuckType, Field, field_paths, parse_type
from andon.model.version import Column

__all__ = [
    "field_ids_clause",
    "field_paths",
    "lake_type",
    "projection",
    "select_list",
    "stored_columns",
    "stored_types",
]

#: Stored as they are.
_KEPT = frozenset(
    {
        "BOOLEAN",
        "INTEGER",
        "BIGINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL",
        "VARCHAR",
        "BLOB",
        "UUID",
        "DATE",
        "TIME",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
    }
)

#: Stored as another type.
_STORED_AS: Mapping[str, DuckType] = {
    "TINYINT": DuckType("INTEGER"),
    "SMALLINT": DuckType("INTEGER"),
    "UTINYINT": DuckType("INTEGER"),
    "USMALLINT": DuckType("INTEGER"),
    "UINTEGER": DuckType("BIGINT"),
    # Holds every value.
    "UBIGINT": DuckType("DECIMAL", ("20", "0")),
    # What sum() of integers gives: nearly always small. The cast fails loudly when it is not.
    "HUGEINT": DuckType("BIGINT"),
    # Made on purpose only, for what is too large (md5_number and the like): the widest exact type; the cast fails loudly beyond.
    "UHUGEINT": DuckType("DECIMAL", ("38", "0")),
    "BIGNUM": DuckType("VARCHAR"),
    "VARINT": DuckType("VARCHAR"),
    "ENUM": DuckType("VARCHAR"),
    "JSON": DuckType("VARCHAR"),
    "INTERVAL": DuckType("VARCHAR"),
    "BIT": DuckType("VARCHAR"),
    # Parquet would keep the time in UTC and lose the offset.
    "TIME WITH TIME ZONE": DuckType("VARCHAR"),
    "TIME_NS": DuckType("TIME"),
    "TIMESTAMP_S": DuckType("TIMESTAMP"),
    "TIMESTAMP_MS": DuckType("TIMESTAMP"),
    "TIMESTAMP_NS": DuckType("TIMESTAMP"),
    "NULL": DuckType("INTEGER"),
}

_REFUSED: Mapping[str, str] = {
    "UNION": "take its parts into columns of their own: `u.member as member`",
    "GEOMETRY": "store it as text or bytes: `ST_AsText(g)` or `ST_AsWKB(g)`",
    "VARIANT": "cast it to the type that it holds, or to VARCHAR",
}

#: Types that the lake would keep as something that sorts or computes otherwise: what is lost, and what to write for a column `{0}`.
_CHANGED: Mapping[str, tuple[str, str]] = {
    "INTERVAL": ("sorts and adds as a text", "`{0}::varchar` keeps the text, `epoch({0})` its seconds"),
    "BIT": ("sorts and compares as a text", "`{0}::varchar` keeps the text, `{0}::bigint` the number"),
    "BIGNUM": ("sorts and adds as a text", "`{0}::varchar` keeps the text, `{0}::varchar::decimal(38,0)` the number"),
    "TIME WITH TIME ZONE": ("sorts as a text", "`{0}::varchar` keeps the text, `{0}::time` the time of the day"),
    "TIMESTAMP_NS": (
        "ends at the microsecond",
        "`{0}::timestamp` drops what is finer, `epoch_ns({0})` keeps it as a number",
    ),
    "TIME_NS": ("ends at the microsecond", "`{0}::time` drops what is finer, `{0}::varchar` keeps it as a text"),
    "ENUM": (
        "sorts by the letters and not by the order of its values",
        "`{0}::varchar` if their order does not matter, `enum_code({0})` for their order",
    ),
}

#: DuckDB's FIELD_IDS option keeps this name for itself.
_FIELD_ID = "__duckdb_field_id"


@lru_cache(maxsize=4096)
def changed_by_storing(text: str) -> tuple[str, str, str] | None:
    """The part of a DuckDB type that the lake would keep as something else: its name, what is lost, a hint (`{0}` is the column)."""
    waiting = [parse_type(text)]
    while waiting:
        node = waiting.pop()
        waiting += [field.type for field in node.fields]
        values = [value for value in node.arguments] if node.name == "ENUM" else []
        if node.name in _CHANGED and not (values and values == sorted(values, key=str.encode)):
            return (node.name, *_CHANGED[node.name])
    return None


@lru_cache(maxsize=4096)
def lake_type(text: str) -> str:
    """The type that the lake stores for a result of the DuckDB type `text`, as DESCRIBE shows it when it is read again.

    Raises:
        DatasetError: `build.not_supported` for a type that can't be stored.
    """
    try:
        return _stored(parse_type(text)).text
    except ValueError as error:
        raise _refusal(text, "cast it to a type that the lake stores") from error


def stored_types(produced: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names and lake types for what a query returns.

    Raises:
        DatasetError: `build.not_supported` for a type that can't be stored.
    """
    return [(name, lake_type(found)) for name, found in produced]


def projection(columns: Sequence[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    """For each `(name, type)` of a result: its name, the type that the lake stores, and whether a cast is needed.

    Raises:
        DatasetError: `build.not_supported`, naming the column.
    """
    items = []
    for name, text in columns:
        if name == _FIELD_ID:
            raise _refusal_of_name()
        try:
            stored = lake_type(text)
        except DatasetError as error:
            raise DatasetError(error.code, f"column `{name}`: {error.message}", hint=error.hint) from error
        items.append((name, stored, stored != text))
    return items


def select_list(columns: Sequence[tuple[str, str]]) -> str:
    """The SQL select list that turns a result with these `(name, type)` into what the lake stores.

    Raises:
        DatasetError: see `projection`.
    """
    return ", ".join(
        f"CAST({quote(name)} AS {stored}) AS {quote(name)}" if cast else quote(name)
        for name, stored, cast in projection(columns)
    )


def field_ids_clause(columns: Sequence[Column]) -> str:
    """The value of COPY's option `FIELD_IDS` for `columns`: `{'id': 1, 'l': {__duckdb_field_id: 2, 'element': 3}}`.

    Raises:
        DatasetError: `build.not_supported` if a column or a struct's field has the name that DuckDB keeps for itself.
        KeyError: if a column lacks the id of a nested part.
    """
    items = (_with_id(c.name, c.field_id, parse_type(c.type), (), dict(c.children)) for c in columns)
    return "{" + ", ".join(items) + "}"


def _with_id(
    name: str, field_id: int, node: DuckType, path: tuple[str, ...], ids: Mapping[tuple[str, ...], int]
) -> str:
    if name == _FIELD_ID:
        raise _refusal_of_name()
    if not node.fields:
        return f"{literal(name)}: {field_id}"
    inner = (_with_id(f.name, ids[(*path, f.name)], f.type, (*path, f.name), ids) for f in node.fields)
    return f"{literal(name)}: {{{_FIELD_ID}: {field_id}, {', '.join(inner)}}}"


def _stored(node: DuckType) -> DuckType:
    match node.name:
        case "LIST" | "ARRAY":
            return DuckType("LIST", (), (Field(ELEMENT, _stored(node.fields[0].type)),))
        case "MAP":
            key, value = node.fields
            return DuckType("MAP", (), (Field(KEY, _stored(key.type)), Field(VALUE, _stored(value.type))))
        case "STRUCT":
            return DuckType("STRUCT", (), tuple(_members(node.fields)))
    if node.name in _KEPT:
        return node
    if node.name in _STORED_AS:
        return _STORED_AS[node.name]
    raise _refusal(node.text, _REFUSED.get(node.name, "cast it to a type that the lake stores"))


def _members(fields: Iterable[Field]) -> Iterable[Field]:
    for field in fields:
        if not field.name:
            raise _refusal(
                "STRUCT without names", "name its fields: `{'a': 1, 'b': 2}` or `struct_pack(a := 1, b := 2)`"
            )
        if field.name == _FIELD_ID:
            raise _refusal_of_name()
        yield Field(field.name, _stored(field.type), field.written)


def _refusal(text: str, hint: str) -> DatasetError:
    return DatasetError("build.not_supported", f"the lake can't store the type `{text}`", hint=hint)


def _refusal_of_name() -> DatasetError:
    return DatasetError(
        "build.not_supported", f"a column or field can't have the name `{_FIELD_ID}`", hint="give it another name"
    )


def stored_columns(types: Iterable[tuple[str, str]]) -> tuple[Column, ...]:
    """Columns for a file that only an engine reads: of the lake's types, with field ids of their own."""
    ids = itertools.count(1)
    columns = []
    for name, found in types:
        stored = lake_type(found)
        columns.append(Column(name, stored, next(ids), tuple((path, next(ids)) for path in field_paths(stored))))
    return tuple(columns)
