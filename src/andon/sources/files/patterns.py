"""How values are written in text: the patterns and pieces of SQL that classes of values and strict casts have in common."""

from __future__ import annotations

import re

from andon.base.names import literal
from andon.sources.files.dialect import Dialect

#: Years that a date has unless a person says that the column is one; the first and the last year stand for none at all.
YEAR = r"(1[5-9][0-9]{2}|2[0-2][0-9]{2}|0001|9999)"
_MONTH_DAY = r"[-/](0[1-9]|1[0-2])[-/](0[1-9]|[12][0-9]|3[01])"
ISO_DATE = YEAR + _MONTH_DAY
#: As a person may state it: any year, and no zeros before a month or day.
STATED_DATE = r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
_FAR_DATE = r"[0-9]{4}" + _MONTH_DAY
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def clock(kept: int = 6) -> str:
    """The pattern of a time of which `kept` digits after the seconds are kept; zeros behind them are nothing."""
    return _CLOCK + rf"(:[0-5][0-9](\.[0-9]{{0,{kept}}}0*)?)?"


ISO_TIME = clock()
OFFSET = r" ?(Z|UTC|[+-][01][0-9](:?[0-5][0-9])?)"
ISO_STAMP = ISO_DATE + "[ T]" + ISO_TIME
FAR = f"{_FAR_DATE}([ T]{ISO_TIME}({OFFSET})?)?"
NANO = f"{_FAR_DATE}[ T]{_CLOCK}" + r":[0-5][0-9]\.[0-9]{7,}" + f"({OFFSET})?"
_DAY_PARTS = r"([0-9]{1,2})([./-])([0-9]{1,2})[./-]"
DAY = _DAY_PARTS + f"({YEAR}|[0-9]{{2}})"
FAR_DAY = _DAY_PARTS + "[0-9]{4}"
DAY_TIME = r"([ T]+|, )[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[AaPp][Mm])?"

INTEGER = r"-?(0|[1-9][0-9]*)"
FLOAT = r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


def short_float(point: str, digits: int, zeros: bool) -> str:
    """The pattern of a number as most are written: at most so many digits, no exponent, no zeros in front, `point` between digits.

    Args:
        zeros: whether there may be zeros at the end of several decimals.
    """
    whole, part = (digits + 1) // 2, digits // 2
    behind = f"[0-9]{{1,{part}}}" if zeros else f"([0-9]{{0,{part - 1}}}[1-9]|0)"
    return rf"-?(0|[1-9][0-9]{{0,{whole - 1}}})({re.escape(point)}{behind})?"


#: As a person may state it: a sign that says nothing, and zeros in front.
STATED_FLOAT = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
NAN = r"(?i)-?(nan|inf|infinity)"
#: An address of a network, whose points stand where those between thousands may: a number of that size hardly has points.
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
ADDRESS = rf"{_BYTE}(\.{_BYTE}){{3}}"
#: As many digits a double gives back whatever they are.
SAFE_DIGITS = 15

_SYNONYMS = {
    "INT": "INTEGER",
    "INT8": "BIGINT",
    "LONG": "BIGINT",
    "INT4": "INTEGER",
    "INT2": "SMALLINT",
    "INT1": "TINYINT",
    "SHORT": "SMALLINT",
    "STRING": "VARCHAR",
    "TEXT": "VARCHAR",
    "CHAR": "VARCHAR",
    "BPCHAR": "VARCHAR",
    "NVARCHAR": "VARCHAR",
    "FLOAT8": "DOUBLE",
    "REAL": "FLOAT",
    "FLOAT4": "FLOAT",
    "BOOL": "BOOLEAN",
    "LOGICAL": "BOOLEAN",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP_US": "TIMESTAMP",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMETZ": "TIME WITH TIME ZONE",
    "NUMERIC": "DECIMAL",
}


def type_name(text: str) -> str:
    """A type as DuckDB's own upper-case name, as far as this package cares; the length of a text is none of it."""
    upper = re.sub(r"\s+", " ", text.strip().upper())
    plain = re.sub(r" ?\( ?[0-9]+ ?\)$", "", upper)
    if _SYNONYMS.get(plain, plain) == "VARCHAR":
        return "VARCHAR"
    head, bracket, rest = upper.partition("(")
    return _SYNONYMS.get(head.strip(), head.strip()) + bracket + rest


def matches(value: str, pattern: str) -> str:
    """SQL: whether the text `value` (SQL) is `pattern` from its first to its last character."""
    return f"regexp_full_match({value}, {literal(pattern)})"


def all_of(*conditions: str) -> str:
    """SQL: whether all conditions hold, each asked where those before hold; for thousands of columns.

    The engine looks for equal expressions by a hash that makes every `a and b` of the same shape the same one, whatever column it is about:
    with so many of them that takes time with the square of their number.
    """
    *before, last = conditions
    return "".join(f"case when {c} then " for c in before) + last + " else false end" * len(before)


def plain_number(v: str, dialect: Dialect) -> str:
    """SQL: the number in `v` with the stated marks turned into those of SQL."""
    plain = v
    if dialect.thousands:
        plain = f"replace({plain}, {literal(dialect.thousands)}, '')"
    if dialect.decimal != ".":
        plain = f"replace({plain}, {literal(dialect.decimal)}, '.')"
    return plain


def grouped(v: str, dialect: Dialect) -> str:
    """SQL: whether thousands marks stand where they may."""
    mark, point = re.escape(dialect.thousands), re.escape(dialect.decimal)
    groups = f"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})*({point}[0-9]*)?" if mark else ""
    pattern = "|".join(p for p in (groups, f"[+-]?[0-9]*({point}[0-9]*)?") if p)
    return matches(v, pattern)


def digits(v: str) -> str:
    """SQL: the digits that count in the number `v` (SQL, text), without the zeros at both ends."""
    return f"trim(replace(replace(split_part(lower({v}), 'e', 1), '.', ''), '-', ''), '0')"


def keeps_digits(v: str) -> str:
    """SQL: whether a double says all digits of the number `v` (SQL, text) again: fifteen always, more only sometimes."""
    return f"{digits(v)} = {digits(f'try_cast({v} as double)::varchar')}"


#: What the parts of a strptime format stand for. A year of four digits is never filled by two.
_PARTS = {
    "%d": "[0-9]{1,2}",
    "%-d": "[0-9]{1,2}",
    "%m": "[0-9]{1,2}",
    "%-m": "[0-9]{1,2}",
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%H": "[0-9]{1,2}",
    "%-H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}",
    "%-I": "[0-9]{1,2}",
    "%M": "[0-9]{1,2}",
    "%-M": "[0-9]{1,2}",
    "%S": "[0-9]{1,2}",
    "%-S": "[0-9]{1,2}",
    "%f": "[0-9]{1,6}",
    "%g": "[0-9]{1,3}",
    "%p": "[AaPp][Mm]",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]+",
    "%a": "[A-Za-z]{3}",
    "%A": "[A-Za-z]+",
    "%j": "[0-9]{1,3}",
    "%z": "([+-][0-9]{2}(:?[0-9]{2})?|Z)",
    "%%": "%",
}


def format_pattern(form: str) -> str | None:
    """The pattern of texts that are written as `form` (of strptime) says; None where `form` has parts that are not known here."""
    out = ""
    for part in re.findall(r"%-?.|[^%]", form, re.DOTALL):
        if part.startswith("%"):
            if part not in _PARTS:
                return None
            out += _PARTS[part]
        else:
            out += r"\s+" if part == " " else re.escape(part)
    return out
