"""Type texts as DuckDB's DESCRIBE prints them, read into a frozen tree, and the paths of nested parts.

Pure; it knows no engine and no rules about what can be stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from andon.base.names import quote
from andon.base.record import Record

#: Types of whole numbers, and of those that a machine rounds.
INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
FLOATS = frozenset({"FLOAT", "DOUBLE"})

_TOKEN = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[(),\[\]]|[^\s"'(),\[\]]+)""")
_T = TypeVar("_T")
_WITH_ZONE = ("WITH", "TIME", "ZONE")

#: Path of a list's element, a map's key and a map's value, as Iceberg and Parquet call them.
ELEMENT = "element"
KEY = "key"
VALUE = "value"


class Field(Record):
    """A named part of a nested type. `written` is the name as it stands in the text, quoted where the engine quoted it."""

    name: str
    type: DuckType
    written: str = ""


class DuckType(Record):
    """A type.

    Attributes:
        name: in upper case: `INTEGER`, `DECIMAL`, `TIMESTAMP WITH TIME ZONE`, `ENUM`, or one of the nested ones `STRUCT`, `UNION`,
            `LIST`, `ARRAY` (of fixed length), `MAP`.
        arguments: what stands in brackets, as written: precision and scale, an enum's quoted values, an array's length.
        fields: the parts of a nested type: a struct's or union's members (without names for an unnamed struct), `element` of a
            list or array, `key` and `value` of a map.
    """

    name: str
    arguments: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def text(self) -> str:
        """The type as DuckDB writes it."""
        match self.name:
            case "LIST":
                return f"{self.fields[0].type.text}[]"
            case "ARRAY":
                return f"{self.fields[0].type.text}[{self.arguments[0]}]"
            case "MAP":
                return f"MAP({self.fields[0].type.text}, {self.fields[1].type.text})"
            case "STRUCT" | "UNION":
                parts = (f"{f.written or quote(f.name)} {f.type.text}" if f.name else f.type.text for f in self.fields)
                return f"{self.name}({', '.join(parts)})"
        separator = "," if self.name == "DECIMAL" else ", "
        return f"{self.name}({separator.join(self.arguments)})" if self.arguments else self.name


@lru_cache(maxsize=4096)
def parse_type(text: str) -> DuckType:
    """The tree of a type text such as `STRUCT(a INTEGER, "b c" DECIMAL(18,2)[])`.

    Raises:
        ValueError: if `text` is not a type as DuckDB prints it.
    """
    return _Parser(text).whole()


def field_paths(text: str) -> list[tuple[str, ...]]:
    """Paths of all nested parts of the type `text`, each parent before its children, in the type's own order.

    A list's part is `element`, a map's parts are `key` and `value`: `STRUCT(a INTEGER[])` has `('a',)` and `('a', 'element')`.

    Raises:
        ValueError: see `parse_type`.
    """
    return list(_paths(text)) if text.endswith((")", "]")) else []


@lru_cache(maxsize=4096)
def _paths(text: str) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []

    def visit(node: DuckType, prefix: tuple[str, ...]) -> None:
        for part in node.fields:
            path = (*prefix, part.name)
            found.append(path)
            visit(part.type, path)

    visit(parse_type(text), ())
    return tuple(found)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._next = 0

    def whole(self) -> DuckType:
        result = self._type()
        if self._next != len(self._tokens):
            raise self._wrong()
        return result

    def _split(self, text: str) -> list[str]:
        tokens, position = [], 0
        end = len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._wrong()
            tokens.append(match.group(1))
            position = match.end()
        return tokens

    def _wrong(self) -> ValueError:
        return ValueError(f"{self._text!r} is not a type that is understood")

    def _peek(self, ahead: int = 0) -> str:
        index = self._next + ahead
        return self._tokens[index] if index < len(self._tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if not token or (expected is not None and token != expected):
            raise self._wrong()
        self._next += 1
        return token

    def _type(self) -> DuckType:
        result = self._plain()
        while self._peek() == "[":
            self._take()
            length = () if self._peek() == "]" else (self._take(),)
            self._take("]")
            result = DuckType("ARRAY" if length else "LIST", length, (Field(ELEMENT, result),))
        return result

    def _plain(self) -> DuckType:
        word = self._take()
        if word in "(),[]" or word[0] == "'":
            raise self._wrong()
        name = _unquoted(word).upper()
        if name in ("TIMESTAMP", "TIME") and self._zone_follows(0):
            self._next += len(_WITH_ZONE)
            return DuckType(f"{name} WITH TIME ZONE")
        if self._peek() != "(":
            return DuckType(name)
        self._take()
        match name:
            case "STRUCT" | "UNION":
                return DuckType(name, (), self._listed(self._member))
            case "MAP":
                parts = self._listed(self._unnamed)
                if len(parts) != 2:
                    raise self._wrong()
                return DuckType(name, (), (Field(KEY, parts[0].type), Field(VALUE, parts[1].type)))
        return DuckType(name, self._listed(self._take))

    def _zone_follows(self, ahead: int) -> bool:
        return tuple(self._peek(ahead + i).upper() for i in range(3)) == _WITH_ZONE

    def _listed(self, item: Callable[[], _T]) -> tuple[_T, ...]:
        items = [item()]
        while self._peek() == ",":
            self._take()
            items.append(item())
        self._take(")")
        return tuple(items)

    def _unnamed(self) -> Field:
        return Field("", self._type())

    def _member(self) -> Field:
        """A struct's member; `row(1, 2)` makes members without names."""
        if self._peek(1) in ("", ",", "(", ")", "[") or (
            self._peek().upper() in ("TIMESTAMP", "TIME") and self._zone_follows(1)
        ):
            return self._unnamed()
        written = self._take()
        if written in "(),[]" or written[0] == "'":
            raise self._wrong()
        return Field(_unquoted(written), self._type(), written)


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if word[0] == '"' else word
