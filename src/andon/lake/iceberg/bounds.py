"""Bounds of a file's columns: from the text that the engine's write reports to Iceberg's single-value binary form.

A reader skips a file when a filter can't match between its bounds, so a wrong bound loses rows without a word. Whatever is not
understood for certain has no bound. What that rules out:

- text is turned into numbers by integer arithmetic (`decimal` contexts and `datetime` round or end at year 9999);
- anything that bounds `float` and `double` from above: NaN sorts above all numbers in the engine and never counts as a maximum, and
  whether a file holds one is not told reliably when it has several row groups. A lower bound can't lose a NaN;
- infinite dates and timestamps: each reader has its own idea of them;
- `binary`: not worth a risk; and everything inside lists and maps, where values don't belong to rows.
"""

from __future__ import annotations

import math
import re
import struct
import uuid
from decimal import Decimal

#: Characters of a string that a bound keeps, as Iceberg's own writers do.
STRING_LENGTH = 16

_DATE = re.compile(r"([0-9]{4,})-([0-9]{2})-([0-9]{2})( \(BC\))?")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?")
_DECIMAL = re.compile(r"(-?)([0-9]*)(?:\.([0-9]*))?")
_DECIMAL_TYPE = re.compile(r"decimal\(([0-9]+), ([0-9]+)\)")
_INTEGER = re.compile(r"-?[0-9]+")

_DAY = 86_400_000_000
_LAST_CODE_POINT = 0x10FFFF
_BEFORE_SURROGATES, _AFTER_SURROGATES = 0xD7FF, 0xE000


def lower_bound(kind: str, text: str) -> bytes | None:
    """The bound that no value lies below, or None when there is none that is certain.

    Args:
        kind: Iceberg's name of a primitive type.
        text: the smallest value as `RETURN_STATS` says it.
    """
    if kind == "string":
        return text[:STRING_LENGTH].encode()
    if kind in ("float", "double"):
        return _floating(kind, text)
    return _exact(kind, text)


def upper_bound(kind: str, text: str) -> bytes | None:
    """The bound that no value lies above, or None; see `lower_bound`."""
    if kind == "string":
        return _above(text)
    if kind in ("float", "double"):
        return None
    return _exact(kind, text)


def _exact(kind: str, text: str) -> bytes | None:
    match kind:
        case "boolean":
            return {"0": b"\x00", "false": b"\x00", "1": b"\x01", "true": b"\x01"}.get(text)
        case "int" | "long":
            return _packed(int(text), kind) if _INTEGER.fullmatch(text) else None
        case "date":
            days = _days(text)
            return None if days is None else _packed(days, "int")
        case "time":
            time = _time_of_day(text)
            return None if time is None else _packed(time, "long")
        case "timestamp":
            return _timestamp(text)
        case "timestamptz":
            return _timestamp(text[:-3]) if text.endswith("+00") else None
        case "uuid":
            return _uuid(text)
    decimal = _DECIMAL_TYPE.fullmatch(kind)
    return None if decimal is None else _unscaled(text, int(decimal.group(2)))


def _packed(number: int, kind: str) -> bytes | None:
    try:
        return struct.pack("<i" if kind == "int" else "<q", number)
    except struct.error:
        return None


def _floating(kind: str, text: str) -> bytes | None:
    try:
        value = float(text)
    except ValueError:
        return None
    if math.isnan(value):
        return None
    # The engine holds -0.0 and 0.0 for equal and reports either; in Iceberg's order -0.0 comes first.
    value = -0.0 if value == 0 else value
    if kind == "double":
        return struct.pack("<d", value)
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        return None
    # The text stands for a float; by way of a double it might have been rounded up past it.
    if math.isfinite(value) and Decimal(struct.unpack("<f", packed)[0]) > Decimal(text):
        return _next_below(packed)
    return packed


def _next_below(packed: bytes) -> bytes:
    """The float just below the finite one that is `packed`."""
    bits = int.from_bytes(packed, "little")
    if bits >> 31:
        return (bits + 1).to_bytes(4, "little")
    return b"\x01\x00\x00\x80" if bits == 0 else (bits - 1).to_bytes(4, "little")


def _above(text: str) -> bytes | None:
    """The shortest text of at most STRING_LENGTH characters that lies above all that start as `text` does."""
    if len(text) <= STRING_LENGTH:
        return text.encode()
    for end in range(STRING_LENGTH, 0, -1):
        last = ord(text[end - 1])
        if last < _LAST_CODE_POINT:
            following = _AFTER_SURROGATES if last == _BEFORE_SURROGATES else last + 1
            return (text[: end - 1] + chr(following)).encode()
    return None


def _days(text: str) -> int | None:
    """Days since 1970-01-01 in the proleptic Gregorian calendar."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    if match.group(4):
        year = 1 - year
    # The year is taken to begin in March, so that the leap day is its last; 400 years have 146,097 days.
    if month <= 2:
        year -= 1
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _time_of_day(text: str) -> int | None:
    """Microseconds since midnight; None for 24:00:00, which only some readers know."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(part) for part in match.group(1, 2, 3))
    fraction = int((match.group(4) or "").ljust(6, "0"))
    total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
    return total if total < _DAY else None


def _timestamp(text: str) -> bytes | None:
    date, _, time = text.rpartition(" ")
    days, of_day = _days(date), _time_of_day(time)
    return None if days is None or of_day is None else _packed(days * _DAY + of_day, "long")


def _uuid(text: str) -> bytes | None:
    try:
        return uuid.UUID(text).bytes
    except ValueError:
        return None


def _unscaled(text: str, scale: int) -> bytes | None:
    """A decimal's digits without the point, as the shortest big-endian two's complement."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    if len(fraction) > scale or not (whole or fraction):
        return None
    number = int(whole + fraction.ljust(scale, "0"))
    number = -number if sign else number
    return number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)
