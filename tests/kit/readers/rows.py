"""What readers found, in one form: names, types as the lake calls them, and rows whose values can be compared exactly."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from andon.model.types import DuckType, parse_type

if TYPE_CHECKING:
    import pyarrow as pa


class Rows(NamedTuple):
    """A table as it was read; rows have no order."""

    columns: tuple[tuple[str, str], ...]
    rows: Counter[tuple[Any, ...]]


def rows_of(table: pa.Table, lake: Mapping[str, str]) -> Rows:
    """What an Arrow table holds.

    Args:
        lake: the lake's types of its columns, by name.
    """
    columns = tuple((field.name, type_name(field.type)) for field in table.schema)
    kept = []
    for number, field in enumerate(table.schema):
        exactly = _exactly(field.type, parse_type(lake[field.name]))
        values = _plain(table.column(number))
        kept.append(values if exactly is None else [None if v is None else exactly(v) for v in values])
    return Rows(columns, Counter(zip(*kept, strict=True)) if kept else Counter({(): table.num_rows}))


_NAMES = {
    "is_boolean": "BOOLEAN",
    "is_int32": "INTEGER",
    "is_int64": "BIGINT",
    "is_float32": "FLOAT",
    "is_float64": "DOUBLE",
    "is_date32": "DATE",
    "is_time64": "TIME",
}


def type_name(kind: pa.DataType) -> str:
    """What the lake calls a type of Arrow; Arrow's own name where the lake has none like it."""
    import pyarrow as pa

    if isinstance(kind, pa.BaseExtensionType):
        return {"arrow.uuid": "UUID", "arrow.bool8": "BOOLEAN"}.get(kind.extension_name, str(kind))
    if kind == pa.binary(16):
        return "UUID"
    if _is_text(kind):
        return "VARCHAR"
    if _is_bytes(kind):
        return "BLOB"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        unit = "" if kind.unit == "us" else f" {kind.unit}"
        return ("TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP") + unit
    if pa.types.is_struct(kind):
        return "STRUCT(" + ", ".join(f'"{field.name}" {type_name(field.type)}' for field in kind) + ")"
    if pa.types.is_map(kind):
        return f"MAP({type_name(kind.key_type)}, {type_name(kind.item_type)})"
    if _is_list(kind):
        return f"{type_name(kind.value_type)}[]"
    return next((name for is_it, name in _NAMES.items() if getattr(pa.types, is_it)(kind)), str(kind))


def as_shown(lake: str, shows: Mapping[str, str]) -> str:
    """A type of the lake as `type_name` says it, parts that a reader `shows` as something else included."""
    return _shown(parse_type(lake), shows)


def _shown(node: DuckType, shows: Mapping[str, str]) -> str:
    parts = [_shown(field.type, shows) for field in node.fields]
    match node.name:
        case "STRUCT":
            named = zip(node.fields, parts, strict=True)
            return "STRUCT(" + ", ".join(f'"{field.name}" {part}' for field, part in named) + ")"
        case "LIST":
            return f"{parts[0]}[]"
        case "MAP":
            return f"MAP({parts[0]}, {parts[1]})"
    return shows.get(node.name, node.text)


def holds(lake: str, names: frozenset[str]) -> bool:
    """Whether a type of the lake is one of `names` or has one in it."""
    waiting = [parse_type(lake)]
    while waiting:
        node = waiting.pop()
        if node.name in names:
            return True
        waiting += [field.type for field in node.fields]
    return False


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _plain(column: pa.ChunkedArray) -> list[Any]:
    """Its values, moments as the numbers that stand for them: those of Python end at the year 9999."""
    whole = column.combine_chunks()
    return _numbers(whole).to_pylist()


def _numbers(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _numbers(array.storage)
    if pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        return array.view(pa.int64())
    if pa.types.is_date32(kind):
        return array.view(pa.int32())
    missing = array.is_null()
    if pa.types.is_struct(kind):
        parts = [_numbers(array.field(i)) for i in range(kind.num_fields)]
        if not parts:
            return array
        names = [field.name for field in kind]
        return pa.StructArray.from_arrays(parts, names, mask=missing)
    if pa.types.is_map(kind):
        # a map as the list of its entries
        entries = pa.StructArray.from_arrays([_numbers(array.keys), _numbers(array.items)], ["key", "value"])
        return pa.ListArray.from_arrays(_offsets(array), entries, mask=missing)
    if _is_list(kind):
        of = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
        return of.from_arrays(_offsets(array), _numbers(array.values), mask=missing)
    return array


def _offsets(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    # a copy: masks go with offsets that begin at the beginning alone
    return pa.array(array.offsets.to_pylist(), array.offsets.type)


def _exactly(kind: pa.DataType, lake: DuckType) -> Callable[[Any], Any] | None:
    """What makes of a value one that equals another only if it is the same, NaN included, and can be hashed; None: nothing has to."""
    import pyarrow as pa

    if lake.name == "UUID":
        return lambda value: UUID(value).bytes if isinstance(value, str) else value
    if lake.name == "BOOLEAN":
        return bool  # also of a byte
    if lake.name == "TIME" and kind == pa.time64("ns"):
        return lambda value: value // 1000 if value % 1000 == 0 else value / 1000
    if pa.types.is_floating(kind):
        return lambda value: "nan" if value != value else struct.pack("<d", value)
    inner = [field.type for field in lake.fields]
    if pa.types.is_struct(kind):
        parts = [(field.name, _or_none(field.type, each)) for field, each in zip(kind, inner, strict=True)]
        return lambda value: tuple((name, part(value[name])) for name, part in parts)
    if pa.types.is_map(kind):
        key, item = _or_none(kind.key_type, inner[0]), _or_none(kind.item_type, inner[1])
        return lambda value: tuple(sorted(((key(e["key"]), item(e["value"])) for e in value), key=repr))
    if _is_list(kind):
        one = _or_none(kind.value_type, inner[0])
        return lambda value: tuple(map(one, value))
    return None


def _or_none(kind: pa.DataType, lake: DuckType) -> Callable[[Any], Any]:
    exactly = _exactly(kind, lake)
    if exactly is None:
        return lambda value: value
    return lambda value: None if value is None else exactly(value)
