"""Types of DuckDB's plan, and Spark's types that hold the same values."""

from __future__ import annotations

from andon.base.names import quote
from andon.engines.spark.translation.spark_sql import NotTranslated
from andon.model.types import ELEMENT, KEY, VALUE, DuckType, Field
from andon.sql.bound_plan import Node

#: The widest whole numbers: what DuckDB sums whole numbers in.
HUGE = DuckType("HUGEINT")
BIGINT = DuckType("BIGINT")
BOOLEAN = DuckType("BOOLEAN")
DOUBLE = DuckType("DOUBLE")
INTEGER = DuckType("INTEGER")
VARCHAR = DuckType("VARCHAR")

#: Whole numbers that a machine counts in; a sum of the small ones fits a BIGINT.
MACHINE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
SMALL = frozenset({"TINYINT", "SMALLINT", "INTEGER"})
WHOLE = MACHINE | {"HUGEINT"}
FLOATING = frozenset({"FLOAT", "DOUBLE"})
TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
#: Types whose values both engines compare, sort and group alike.
ORDERED = WHOLE | FLOATING | TIMES | {"BOOLEAN", "DECIMAL", "VARCHAR"}

_NAMES = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "HUGEINT": "decimal(38,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "string",
    "BLOB": "binary",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "NULL": "int",
}


def spark_type(kind: DuckType) -> str:
    """The type as Spark writes it.

    Raises:
        NotTranslated: Spark has none that holds the same values.
    """
    if kind.name in _NAMES and not kind.arguments:
        return _NAMES[kind.name]
    match kind.name:
        case "DECIMAL":
            width, scale = kind.arguments or ("18", "3")
            return f"decimal({width.strip()},{scale.strip()})"
        case "LIST":
            return f"array<{spark_type(kind.fields[0].type)}>"
        case "MAP":
            return f"map<{spark_type(kind.fields[0].type)},{spark_type(kind.fields[1].type)}>"
        case "STRUCT" if all(part.name for part in kind.fields):
            return f"struct<{', '.join(f'{name(part.name)}: {spark_type(part.type)}' for part in kind.fields)}>"
    form = "cast it to a type that Spark has, such as VARCHAR"
    if kind.name == "INTERVAL":
        form = "whole units, written out, beside the time: `t + interval 90 minutes`; computed days: `d + n` of a DATE"
    raise NotTranslated(f"the type {kind.text}", form)


def name(text: str) -> str:
    """An identifier as Spark quotes it."""
    return "`" + text.replace("`", "``") + "`"


def digits(kind: DuckType) -> tuple[int, int]:
    """Width and scale of a DECIMAL."""
    width, scale = kind.arguments or ("18", "3")
    return int(width), int(scale)


def decimal(width: int, scale: int) -> DuckType:
    """A DECIMAL."""
    return DuckType("DECIMAL", (str(width), str(scale)))


def planned_type(kind: Node) -> DuckType:
    """The type that a plan writes as a tree.

    Raises:
        NotTranslated: it is none that is known here.
    """
    identifier, info = str(kind["id"]), kind.get("type_info") or {}
    if info.get("alias"):
        return DuckType(str(info["alias"]).upper())  # JSON, and types of others that look like plain ones
    match identifier:
        case "DECIMAL":
            return decimal(int(info["width"]), int(info.get("scale", 0)))
        case "LIST":
            return DuckType("LIST", (), (Field(ELEMENT, planned_type(info["child_type"])),))
        case "STRUCT":
            parts = [(str(part.get("first", "")), planned_type(part["second"])) for part in info["child_types"]]
            return DuckType("STRUCT", (), tuple(Field(called, of, quote(called)) for called, of in parts))
        case "MAP":
            key, value = (planned_type(part["second"]) for part in info["child_type"]["type_info"]["child_types"])
            return DuckType("MAP", (), (Field(KEY, key), Field(VALUE, value)))
        case "INTEGER_LITERAL":
            return INTEGER
    return DuckType(identifier)
