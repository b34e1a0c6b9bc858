"""Values in Spark SQL: a text with the type that DuckDB's binder gave it."""

from __future__ import annotations

from typing import Any

from andon.base.record import Record
from andon.engines.spark.translation.spark_sql import NotTranslated, SparkServer
from andon.engines.spark.translation.types import FLOATING, ORDERED, WHOLE, digits, spark_type
from andon.model.types import DuckType
from andon.sql.bound_plan import Node


class SparkValue(Record):
    """A value.

    Attributes:
        text: an expression that can stand anywhere.
        type: as DuckDB has it; what the text gives has `spark_type(type)`.
        is_constant: whether it is written out; then `constant` is what it is: text, whole number, bool or None.
    """

    text: str
    type: DuckType
    is_constant: bool = False
    constant: Any = None


def text_literal(value: str) -> str:
    """A text as Spark writes it, whatever its letters are."""
    written = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    written = written.replace("${", "\\u0024{")  # of which Spark makes what a variable says, wherever it stands
    return "'" + written.replace("\t", "\\t").replace("\0", "\\0").replace("\x1a", "\\Z") + "'"


def sortable(value: SparkValue, server: SparkServer) -> SparkValue:
    """The value as rows are sorted, grouped and matched by it.

    Raises:
        NotTranslated: the engines don't sort its type alike.
    """
    if value.type.name not in ORDERED:
        raise NotTranslated(f"sorting or grouping by {value.type.text}", "take its parts: `list[1]`, `struct.part`")
    if server is SparkServer.SAIL and value.type.name in FLOATING:  # it tells zeros by their sign, and NaN by its bits
        of = spark_type(value.type)
        even = f"when isnan({value.text}) then cast('NaN' as {of}) when {value.text} = 0 then cast('0.0' as {of})"
        return SparkValue(f"(case {even} else {value.text} end)", value.type)
    return value


def null(kind: DuckType) -> SparkValue:
    """NULL of a type."""
    return SparkValue(f"cast(null as {spark_type(kind)})", kind, True)


def planned_constant(value: Node, kind: DuckType) -> SparkValue:
    """A constant as a plan writes it.

    Raises:
        NotTranslated: it is of a type whose constants are not known here.
    """
    if value.get("is_null"):
        return null(kind)
    given = value.get("value", "")
    if kind.name in ("HUGEINT", "DECIMAL") and isinstance(given, dict):  # of more than 18 digits
        given = (int(given["upper"]) << 64) + int(given["lower"])
    of = spark_type(kind)
    if kind.name == "VARCHAR" and isinstance(given, str):
        return SparkValue(text_literal(given), kind, True, given)
    if kind.name == "BOOLEAN" and isinstance(given, bool):
        return SparkValue("true" if given else "false", kind, True, given)
    if kind.name in WHOLE and isinstance(given, int):
        return SparkValue(f"cast('{given}' as {of})", kind, True, given)
    if kind.name == "DECIMAL" and isinstance(given, int):
        return SparkValue(f"cast('{_pointed(given, digits(kind)[1])}' as {of})", kind)
    if kind.name in FLOATING and isinstance(given, int | float):
        return SparkValue(f"cast('{given!r}' as {of})", kind)
    raise NotTranslated(f"a constant of type {kind.text}", "a text that is cast: `date '2026-01-31'`")


def _pointed(unscaled: int, scale: int) -> str:
    shown = str(abs(unscaled)).rjust(scale + 1, "0")
    sign = "-" if unscaled < 0 else ""
    return f"{sign}{shown[:-scale]}.{shown[-scale:]}" if scale else sign + shown
