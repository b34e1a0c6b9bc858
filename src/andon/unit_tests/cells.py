"""Values written in unit tests as SQL of a column's type; None for a value that the type can't hold just as it is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from andon.base.names import literal
from andon.model.types import DuckType
from andon.model.unit_tests import Cell, CellKind

_WHOLE = {"TINYINT": 7, "SMALLINT": 15, "INTEGER": 31, "BIGINT": 63, "HUGEINT": 127}
_DAY = r"(?:-?\d{4,6}-\d{2}-\d{2}|-?infinity)"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
_ZONE = r"(?: ?(?:Z|UTC|[-+]\d{2}(?::?\d{2})?))?"
#: A time without seconds, which the engine doesn't read before a zone.
_MINUTES = re.compile(r"((?:\A|[T ])\d{1,2}:\d{2})(?![:\d])")
_SHAPES = {
    "DATE": re.compile(rf"{_DAY}\Z"),
    "TIME": re.compile(rf"{_TIME}\Z"),
    "TIMESTAMP": re.compile(rf"{_DAY}(?:[T ]{_TIME})?\Z"),
    "TIMESTAMP WITH TIME ZONE": re.compile(rf"{_DAY}(?:[T ]{_TIME}{_ZONE})?\Z"),
}


def cell_sql(cell: Cell, kind: DuckType) -> str | None:
    """`cell` as an SQL expression; None if it doesn't fit `kind`. It may fail still: what looks like a date may be none.

    Numbers keep their value: `1.5` is no INTEGER, and `0.125` no DECIMAL(18,2).
    """
    if cell.kind is CellKind.NULL:
        return f"cast(null as {kind.text})"
    if kind.fields:
        value = _nested_value(cell)
        found = None if value is None else _value_sql(value, kind)
        return None if found is None else f"cast({found} as {kind.text})"
    return _plain_sql(cell.kind, cell.text, kind)


def _plain_sql(how: CellKind, text: str, kind: DuckType) -> str | None:
    if kind.name == "VARCHAR":
        return f"cast({literal(text)} as VARCHAR)"
    text = text.strip()
    if not _fits(how, text, kind):
        return None
    if kind.name.startswith("TIME"):
        text = _MINUTES.sub(r"\1:00", text)
    return f"cast({literal(text)} as {kind.text})"


def _fits(how: CellKind, text: str, kind: DuckType) -> bool:
    name = kind.name
    if name == "VARCHAR":
        return True
    if name == "BOOLEAN":
        return how is CellKind.FLAG or (how in (CellKind.BARE, CellKind.TEXT) and text.lower() in ("true", "false"))
    if name in _WHOLE or name == "DECIMAL":
        return how is not CellKind.FLAG and _fits_exactly(text, kind)
    if name in ("FLOAT", "DOUBLE"):
        return how is not CellKind.FLAG and _is_float(text)
    if name in _SHAPES:
        return how in (CellKind.TEXT, CellKind.BARE) and _SHAPES[name].match(text) is not None
    return how in (CellKind.TEXT, CellKind.BARE)


def _fits_exactly(text: str, kind: DuckType) -> bool:
    try:
        number = Decimal(text.replace("_", "x"))  # Decimal takes `1_000`, which the engine doesn't
    except InvalidOperation:
        return False
    if not number.is_finite():
        return False
    if kind.name in _WHOLE:
        return number == number.to_integral_value() and _is_plain(text) and abs(number) <= 2 ** _WHOLE[kind.name]
    precision, scale = (int(argument) for argument in kind.arguments)
    shifted = number.scaleb(scale)
    return shifted == shifted.to_integral_value() and abs(shifted) < 10**precision


def _is_plain(text: str) -> bool:
    """Whether the engine reads the text as a whole number as it stands."""
    return re.fullmatch(r"[-+]?\d+(?:\.0*)?", text) is not None


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def inferred_type(cells: Iterable[Cell]) -> str:
    """A type that holds all of `cells`, for a column of which nothing is known; that of no values is INTEGER."""
    written = [(cell.kind, cell.text.strip()) for cell in cells if cell.kind is not CellKind.NULL]
    for name in ("INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        if all(_looks_like(how, text, name) for how, text in written):
            return name
    return "VARCHAR"


def _looks_like(how: CellKind, text: str, name: str) -> bool:
    if how is CellKind.TEXT and name not in _SHAPES:
        return False
    if name in _WHOLE and "." in text:
        return False
    return _fits(how, text, DuckType(name))


# -- lists, structs, maps


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _nested_value(cell: Cell) -> Any:
    """The JSON that the cell holds, numbers as they are written; None if it holds none."""
    if cell.kind not in (CellKind.JSON, CellKind.TEXT, CellKind.BARE):
        return None
    try:
        return json.loads(cell.text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except ValueError:
        return None


def _value_sql(value: Any, kind: DuckType) -> str | None:
    if value is None:
        return "null"
    match kind.name:
        case "LIST" | "ARRAY":
            return _list_sql(value, kind.fields[0].type)
        case "STRUCT":
            return _struct_sql(value, kind)
        case "MAP":
            return _map_sql(value, kind)
    if isinstance(value, bool):
        return _plain_sql(CellKind.FLAG, "true" if value else "false", kind)
    if isinstance(value, (dict, list)):
        return None
    return _plain_sql(CellKind.NUMBER if isinstance(value, _Number) else CellKind.TEXT, str(value), kind)


def _list_sql(value: Any, element: DuckType) -> str | None:
    if not isinstance(value, list):
        return None
    items = [_value_sql(item, element) for item in value]
    return None if None in items else f"[{', '.join(item or '' for item in items)}]"


def _struct_sql(value: Any, kind: DuckType) -> str | None:
    """Fields that are left out are NULL; those that the type lacks don't fit."""
    if not isinstance(value, dict):
        return None
    given = {str(name).lower(): item for name, item in value.items()}
    if given.keys() - {field.name.lower() for field in kind.fields}:
        return None
    items = [(field.name, _value_sql(given.get(field.name.lower()), field.type)) for field in kind.fields]
    if any(sql is None for _, sql in items):
        return None
    return "{" + ", ".join(f"{literal(name)}: {sql}" for name, sql in items) + "}"


def _map_sql(value: Any, kind: DuckType) -> str | None:
    if not isinstance(value, dict):
        return None
    key, element = (field.type for field in kind.fields)
    pairs = [(_plain_sql(CellKind.BARE, str(name), key), _value_sql(item, element)) for name, item in value.items()]
    if any(one is None or other is None for one, other in pairs):
        return None
    return "map {" + ", ".join(f"{one}: {other}" for one, other in pairs) + "}"
