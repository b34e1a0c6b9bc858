"""Conditions that every reader can be asked for, in its own words."""

from __future__ import annotations

from typing import Any, NamedTuple

from andon.base.names import literal, quote

#: What a column is compared by; the last two need no value.
OPERATORS = ("=", "<>", "<", "<=", ">", ">=", "is null", "is not null")


class Comparison(NamedTuple):
    """A column compared with a value, which is a text and a type of the lake."""

    column: str
    operator: str
    text: str = ""
    kind: str = ""

    def duckdb(self) -> str:
        """As SQL of DuckDB."""
        value = f" {literal(self.text)}::{self.kind}" if self.kind else ""
        return f"{quote(self.column)} {self.operator}{value}"

    def spark(self, *, uuid_is_text: bool) -> str:
        """As SQL of Spark."""
        name = "`" + self.column.replace("`", "``") + "`"
        return f"{name} {self.operator} {self._spark_value(uuid_is_text)}" if self.kind else f"{name} {self.operator}"

    def _spark_value(self, uuid_is_text: bool) -> str:
        text = f"decode(unhex('{self.text.encode().hex()}'), 'UTF-8')"
        if self.kind == "VARCHAR":
            return text if {"'", "\\"} & set(self.text) or not self.text.isascii() else literal(self.text)
        if self.kind == "UUID":
            return literal(self.text) if uuid_is_text else f"X'{self.text.replace('-', '')}'"
        if self.kind == "BLOB":
            return f"X'{bytes_of(self.text).hex()}'"
        kind = {"TIMESTAMP": "TIMESTAMP_NTZ", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}.get(self.kind, self.kind)
        return f"CAST({literal(self.text)} AS {kind})"

    def pyiceberg(self, value: Any) -> Any:
        """As an expression of pyiceberg; `value` is the text in Python."""
        from pyiceberg import expressions

        match self.operator:
            case "is null":
                return expressions.IsNull(self.column)
            case "is not null":
                return expressions.NotNull(self.column)
        names = {"=": "EqualTo", "<>": "NotEqualTo", "<": "LessThan", "<=": "LessThanOrEqual", ">": "GreaterThan"}
        return getattr(expressions, names.get(self.operator, "GreaterThanOrEqual"))(self.column, value)

    def polars(self, value: Any) -> Any:
        """As an expression of Polars."""
        import polars

        column = polars.col(self.column)
        match self.operator:
            case "is null":
                return column.is_null()
            case "is not null":
                return column.is_not_null()
            case "=":
                return column == value
            case "<>":
                return column != value
            case "<":
                return column < value
            case "<=":
                return column <= value
            case ">":
                return column > value
        return column >= value


def bytes_of(text: str) -> bytes:
    """The bytes that DuckDB's text of a BLOB stands for."""
    found, rest = bytearray(), text
    while rest:
        if rest.startswith("\\x"):
            found += bytes.fromhex(rest[2:4])
            rest = rest[4:]
        else:
            found += rest[0].encode()
            rest = rest[1:]
    return bytes(found)
