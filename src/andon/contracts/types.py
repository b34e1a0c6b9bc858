"""Types of columns: those of the lake as the standard's, and those of other databases as the lake's. Pure."""

from __future__ import annotations

import re

from andon.model.types import FLOATS, INTEGERS, DuckType, parse_type

_LOGICAL = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIME": "time",
    "TIME WITH TIME ZONE": "time",
    "DECIMAL": "number",
    "STRUCT": "object",
    "MAP": "object",
    "UNION": "object",
    "LIST": "array",
    "ARRAY": "array",
}

#: Types of other databases that are one of the lake's, by what they are called there without their arguments.
PHYSICAL = {
    "VARCHAR": "varchar string text char character nvarchar nchar bpchar clob varchar2 nvarchar2 citext name",
    "BIGINT": "bigint int8 int64 long bigserial serial8",
    "INTEGER": "integer int int4 int32 serial mediumint signed",
    "SMALLINT": "smallint int2 short smallserial",
    "TINYINT": "tinyint int1",
    "HUGEINT": "hugeint int128",
    "BOOLEAN": "boolean bool logical",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp datetime datetime2 timestamp_ntz timestampntz smalldatetime",
    "TIMESTAMP WITH TIME ZONE": "timestamptz timestamp_tz timestamp_ltz timestamptz_ltz datetimeoffset",
    "DOUBLE": "double float8 float64 double_precision binary_double",
    "FLOAT": "float real float4 float32 binary_float",
    "UUID": "uuid uniqueidentifier guid",
    "BLOB": "blob bytea binary varbinary bytes",
}
_BY_WORD = {word: kind for kind, said in PHYSICAL.items() for word in said.split()}
_DECIMALS = frozenset({"decimal", "numeric", "number", "dec", "bignumeric"})
_FORM = re.compile(r"([a-z0-9_ ]+?)\s*(?:\(\s*([^()]*)\)\s*([a-z ]*))?\Z")
_SPELLED = {
    "double precision": "double",
    "character varying": "varchar",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "time without time zone": "time",
}


def logical_type(kind: str) -> str:
    """What the standard calls a type of the lake."""
    return _logical(parse_type(kind))


def _logical(kind: DuckType) -> str:
    if kind.name in INTEGERS:
        return "integer"
    if kind.name in FLOATS:
        return "number"
    return "timestamp" if kind.name.startswith("TIMESTAMP") else _LOGICAL.get(kind.name, "string")


def nested(kind: str) -> dict[str, object]:
    """The parts of a nested type as the standard writes them: `properties` of an object, `items` of an array."""
    return _nested(parse_type(kind))


def _nested(kind: DuckType) -> dict[str, object]:
    if kind.name in ("STRUCT", "UNION") and all(part.name for part in kind.fields):
        return {"properties": [{"name": part.name, **_typed(part.type)} for part in kind.fields]}
    if kind.name in ("LIST", "ARRAY"):
        return {"items": _typed(kind.fields[0].type)}
    return {}


def _typed(kind: DuckType) -> dict[str, object]:
    return {"logicalType": _logical(kind), "physicalType": kind.text, **_nested(kind)}


def lake_type(said: str) -> str | None:
    """The type of the lake that a type of some database is; None for one that could be several, or is not known."""
    said = said.strip()
    text = " ".join(said.lower().split())
    for spelled, word in _SPELLED.items():
        if text == spelled or text.startswith(f"{spelled}(") or text.startswith(f"{spelled} ("):
            text = word + text[len(spelled) :]
    if re.match(r"(?:var)?char\[\d+\]\Z", text):  # a length, as some tools write it
        return "VARCHAR"
    found = _FORM.match(text)
    if found is None:
        return _as_it_is(said)
    word, arguments, after = found[1].strip(), found[2], (found[3] or "").strip()
    if after in ("with time zone", "without time zone") and word in ("timestamp", "time"):
        word = f"{word}tz" if after == "with time zone" else word
    if word in _DECIMALS:
        return _decimal(arguments)
    return _BY_WORD.get(word) or _as_it_is(said)


def _decimal(arguments: str | None) -> str | None:
    parts = [part.strip() for part in (arguments or "").split(",")]
    if not all(part.isdecimal() and len(part) <= 2 for part in parts):
        return None
    precision, scale = int(parts[0]), int(parts[1]) if len(parts) > 1 else 0
    return f"DECIMAL({precision},{scale})" if len(parts) <= 2 and 1 <= precision <= 38 and scale <= precision else None


def _as_it_is(said: str) -> str | None:
    """A type that the lake writes itself: `STRUCT(a BIGINT)[]`."""
    try:
        kind = parse_type(said)
    except (ValueError, RecursionError):
        return None
    return kind.text if _is_known(kind) else None


def _is_known(kind: DuckType) -> bool:
    if kind.fields:
        return kind.name in ("STRUCT", "MAP", "LIST", "ARRAY", "UNION") and all(_is_known(f.type) for f in kind.fields)
    return kind.name in {*PHYSICAL, "DECIMAL", "TIME WITH TIME ZONE"} and (kind.name == "DECIMAL") == bool(
        kind.arguments
    )
