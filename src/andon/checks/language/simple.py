"""Expressions so simple that the engine need not be asked: a column, a number, a text, an aggregate of a column, or two of them
compared. Their trees are those that DuckDB's parser gives, place by place; a test holds them against it. All else is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from andon.base.record import Record
from andon.sql.names import CLOCK_KEYWORDS, STATE_KEYWORDS, words

#: Words that the engine's parser takes for no column when they stand alone. A test holds them against the engine's own list.
NO_COLUMNS = words(
    """all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate
    collation column concurrently constraint create cross default deferrable desc describe distinct do else end except false
    fetch for foreign freeze from full glob group having ilike in initially inner intersect into is isnull join lambda lateral
    leading left like limit natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider
    placing positional primary qualify references returning right select semi show similar some summarize symmetric table
    tablesample then to trailing true union unique unpack unpivot using variadic verbose when where window with"""
)
_SLOW = NO_COLUMNS | CLOCK_KEYWORDS | STATE_KEYWORDS

_NAME = r'[A-Za-z_][A-Za-z0-9_]*|"[^"\x00-\x1f]+"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14}|[1-9][0-9]{0,2}(?:_[0-9]{3}){1,4})(?:\.[0-9]{1,9})?"


def _side(n: int) -> str:
    return (
        rf"(?:(?P<call{n}>sum|avg|min|max|count|median|stddev)\ *\(\ *"
        rf"(?:(?P<star{n}>\*)|(?P<distinct{n}>distinct\ +)?(?P<of{n}>{_NAME}))\ *\)"
        rf"|(?P<name{n}>{_NAME})|(?P<number{n}>{_NUMBER})|(?P<text{n}>'(?:[^'\x00-\x1f]|'')*'))"
    )


_SHAPE = re.compile(rf"{_side(1)}(?:\ *(?P<op>==?|<>|!=|<=?|>=?)(?:\ +|(?!-)){_side(2)})?\Z", re.IGNORECASE)
_COMPARISONS = {
    "=": "COMPARE_EQUAL",
    "==": "COMPARE_EQUAL",
    "<>": "COMPARE_NOTEQUAL",
    "!=": "COMPARE_NOTEQUAL",
    "<": "COMPARE_LESSTHAN",
    "<=": "COMPARE_LESSTHANOREQUALTO",
    ">": "COMPARE_GREATERTHAN",
    ">=": "COMPARE_GREATERTHANOREQUALTO",
}
_BIGGEST_INTEGER = 2**31 - 1


class Simple(Record):
    """A simple expression: DuckDB's tree of it, the columns that it names in order, those outside of aggregates, and whether it
    has aggregates."""

    tree: Mapping[str, Any]
    columns: tuple[str, ...]
    outside: tuple[str, ...]
    is_total: bool


def simple(text: str, offset: int) -> Simple | None:
    """The expression that `text`, which begins at character `offset` of the engine's text, is; None if it isn't a simple one."""
    match = _SHAPE.match(text)
    if match is None or not text.isascii():
        return None
    columns: dict[str, None] = {}
    outside: dict[str, None] = {}
    left = _operand(match, 1, offset, columns, outside)
    if left is None:
        return None
    tree, total = left, match["call1"] is not None
    operator = match["op"]
    if operator is not None:
        right = _operand(match, 2, offset, columns, outside)
        if right is None:
            return None
        tree = {
            "class": "COMPARISON",
            "type": _COMPARISONS[operator],
            "query_location": offset + match.start("op"),
            "left": left,
            "right": right,
        }
        total = total or match["call2"] is not None
    return Simple(tree, tuple(columns), tuple(outside), total)


def _operand(
    match: re.Match[str], side: int, offset: int, columns: dict[str, None], outside: dict[str, None]
) -> dict[str, Any] | None:
    name, call = match[f"name{side}"], match[f"call{side}"]
    if name is not None:
        return _column(name, offset + match.start(f"name{side}"), columns, outside)
    if call is not None:
        return _call(match, side, offset, columns)
    number, kind = match[f"number{side}"], f"number{side}"
    if number is not None:
        value = _number(number)
    else:
        kind = f"text{side}"
        value = {"type": {"id": "VARCHAR"}, "is_null": False, "value": match[kind][1:-1].replace("''", "'")}
    return {
        "class": "CONSTANT",
        "type": "VALUE_CONSTANT",
        "query_location": offset + match.start(kind),
        "value": value,
    }


def _column(written: str, at: int, columns: dict[str, None], outside: dict[str, None] | None) -> dict[str, Any] | None:
    name = written[1:-1] if written[0] == '"' else written
    if name.lower() in _SLOW:
        return None
    columns.setdefault(name)
    if outside is not None:
        outside.setdefault(name)
    return {"class": "COLUMN_REF", "type": "COLUMN_REF", "query_location": at, "column_names": [name]}


def _call(match: re.Match[str], side: int, offset: int, columns: dict[str, None]) -> dict[str, Any] | None:
    function = match[f"call{side}"].lower()
    made = {
        "class": "FUNCTION",
        "type": "FUNCTION",
        "query_location": offset + match.start(f"call{side}"),
        "function_name": function,
    }
    if match[f"star{side}"] is not None:
        return {**made, "function_name": "count_star"} if function == "count" else None
    argument = _column(match[f"of{side}"], offset + match.start(f"of{side}"), columns, None)
    if argument is None:
        return None
    made["children"] = [argument]
    if match[f"distinct{side}"] is not None:
        made["distinct"] = True
    return made


def _number(written: str) -> dict[str, Any]:
    """The engine's constant: INTEGER, BIGINT, or a DECIMAL as wide as it is written."""
    plain = written.replace("_", "")
    whole, point, fraction = plain.partition(".")
    kind: dict[str, Any]
    if point:
        width = len(whole.lstrip("-")) + len(fraction)
        kind = {
            "id": "DECIMAL",
            "type_info": {"type": "DECIMAL_TYPE_INFO", "width": width, "scale": len(fraction)},
        }
    else:
        kind = {"id": "INTEGER" if abs(int(whole)) <= _BIGGEST_INTEGER else "BIGINT"}
    return {"type": kind, "is_null": False, "value": int(whole + fraction)}
