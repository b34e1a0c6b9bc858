"""The types of Spark's columns as the lake knows them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from andon.base.names import quote
from andon.engines.engine import Types
from andon.errors import DatasetError

#: By the type's name in Spark.
_PLAIN = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
}
_HINTS = {
    "void": "say which type it has: `F.lit(None).cast('string')`",
    "interval": "return its seconds as a number, or texts",
}


def columns_of(schema: Any, where: str) -> Types:
    """Names and DuckDB types of what a function returned.

    Args:
        schema: a `StructType` of Spark's client.
        where: the dataset's file, for errors.

    Raises:
        DatasetError: `build.python_failed` for a column of a type that the lake does not store.
    """
    return tuple(_typed(schema.fields, where))


def _typed(fields: Sequence[Any], where: str) -> Iterator[tuple[str, str]]:
    for field in fields:
        kind = _duck(field.dataType)
        if kind is None:
            shown = field.dataType.simpleString()
            hint = next(
                (said for word, said in _HINTS.items() if word in shown), "cast it: `F.col(name).cast('string')`"
            )
            message = f"the column `{field.name}` has Spark's type {shown}, which the lake does not store"
            raise DatasetError("build.python_failed", message, where=where, hint=hint)
        yield field.name, kind


def _duck(kind: Any) -> str | None:
    """DuckDB's type; None where it has none that holds the same."""
    name = kind.typeName()
    match name:
        case "decimal":
            return f"DECIMAL({kind.precision},{kind.scale})"
        case "array":
            element = _duck(kind.elementType)
            return element and f"{element}[]"
        case "map":
            key, value = _duck(kind.keyType), _duck(kind.valueType)
            return f"MAP({key}, {value})" if key and value else None
        case "struct":
            parts = [(part.name, _duck(part.dataType)) for part in kind.fields]
            if not parts or not all(of for _, of in parts):
                return None
            return f"STRUCT({', '.join(f'{quote(called)} {of}' for called, of in parts)})"
    return _PLAIN.get(kind.simpleString().split(" ")[0]) or ("VARCHAR" if name in ("char", "varchar") else None)
