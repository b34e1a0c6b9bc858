"""Columns of a version as an Iceberg schema, and where each statistic belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from andon.base.names import quote
from andon.base.record import Record
from andon.errors import MachineError
from andon.model.types import ELEMENT, KEY, VALUE, DuckType, parse_type
from andon.model.version import Column

_PRIMITIVE = {
    "BOOLEAN": "boolean",
    "INTEGER": "int",
    "BIGINT": "long",
    "FLOAT": "float",
    "DOUBLE": "double",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "VARCHAR": "string",
    "UUID": "uuid",
    "BLOB": "binary",
}


class ParquetLeaf(Record):
    """A column of the Parquet file.

    Attributes:
        field_id: its id.
        type: Iceberg's name of its type, `decimal(18, 2)` included.
        repeated: whether it lies in a list or map, so that its values are not one per row.
    """

    field_id: int
    type: str
    repeated: bool


def schema_json(columns: Sequence[Column]) -> dict[str, Any]:
    """The Iceberg schema of `columns`; every field is optional, as nothing is known to be never null for good.

    Raises:
        MachineError: `lake.corrupt` if a type is none of the lake's or an id is missing.
    """
    fields = []
    for column in columns:
        kind = _iceberg(column, _tree(column), ())
        fields.append({"id": column.field_id, "name": column.name, "required": False, "type": kind})
    return {"type": "struct", "schema-id": 0, "fields": fields}


def last_column_id(columns: Sequence[Column]) -> int:
    """The largest field id in `columns`, nested ones included; 0 without columns."""
    return max((i for c in columns for i in (c.field_id, *(child for _, child in c.children))), default=0)


def leaves(columns: Sequence[Column]) -> dict[str, ParquetLeaf]:
    """The columns of the Parquet file by path as statistics name them (`"s"."a"`, `"l"."element"`).

    Raises:
        MachineError: see `schema_json`.
    """
    return {
        ".".join(quote(part) for part in (column.name, *path)): leaf
        for column in columns
        for path, leaf in _leaves(column, _tree(column), (), repeated=False)
    }


def _leaves(
    column: Column, node: DuckType, path: tuple[str, ...], *, repeated: bool
) -> Iterator[tuple[tuple[str, ...], ParquetLeaf]]:
    if not node.fields:
        yield path, ParquetLeaf(_field_id(column, path), _iceberg(column, node, path), repeated)
    for part in node.fields:
        yield from _leaves(column, part.type, (*path, part.name), repeated=repeated or node.name != "STRUCT")


def _iceberg(column: Column, node: DuckType, path: tuple[str, ...]) -> Any:
    """Iceberg's type of `node`, which stands at `path` of `column`: a name, or an object for a nested one."""

    def inner(name: str, part: DuckType) -> tuple[int, Any]:
        return _field_id(column, (*path, name)), _iceberg(column, part, (*path, name))

    match node.name:
        case "STRUCT":
            members = ((f.name, *inner(f.name, f.type)) for f in node.fields)
            fields = [{"id": i, "name": name, "required": False, "type": kind} for name, i, kind in members]
            return {"type": "struct", "fields": fields}
        case "LIST":
            element_id, element = inner(ELEMENT, node.fields[0].type)
            return {"type": "list", "element-id": element_id, "element": element, "element-required": False}
        case "MAP":
            key_id, key = inner(KEY, node.fields[0].type)
            value_id, value = inner(VALUE, node.fields[1].type)
            ids = {"key-id": key_id, "value-id": value_id, "value-required": False}
            return {"type": "map", "key": key, "value": value, **ids}
        case "DECIMAL" if len(node.arguments) == 2:
            return f"decimal({node.arguments[0]}, {node.arguments[1]})"
    if node.name not in _PRIMITIVE:
        raise _corrupt(column, f"the type `{node.text}` is none that the lake stores")
    return _PRIMITIVE[node.name]


def _field_id(column: Column, path: tuple[str, ...]) -> int:
    if not path:
        return column.field_id
    for known, field_id in column.children:
        if known == path:
            return field_id
    raise _corrupt(column, f"the part {'.'.join(path)!r} has no field id")


def _tree(column: Column) -> DuckType:
    try:
        return parse_type(column.type)
    except ValueError as error:
        raise _corrupt(column, str(error)) from error


def _corrupt(column: Column, why: str) -> MachineError:
    return MachineError(
        "lake.corrupt",
        f"column `{column.name}` can't be shown as Iceberg: {why}",
        where=column.name,
        hint="`andon verify` checks what is stored",
    )
