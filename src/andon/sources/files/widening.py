"""Which types of columns hold the values of others unchanged: files of one read may differ so far."""

from __future__ import annotations

import re
from collections.abc import Iterable

from andon.base.names import quote

#: Integers by the digits that all of them have room for, and those that a decimal needs for all of theirs.
_SIGNED = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
_UNSIGNED = {"UTINYINT": 8, "USMALLINT": 16, "UINTEGER": 32, "UBIGINT": 64}
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}
#: Bits of whole numbers that a float holds.
_FLOATS = {"FLOAT": 24, "DOUBLE": 53}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_MOST_DIGITS = 38


def common(kinds: Iterable[str]) -> str | None:
    """The narrowest of the types that hold the values of all of `kinds`; None if there is none.

    Whole numbers of 64 bits beside floats make floats, which hold them up to 53 bits: `loss` tells the others.
    """
    widest: str | None = None
    for kind in dict.fromkeys(kinds):
        widest = kind if widest is None else _both(widest, kind)
        if widest is None:
            return None
    return widest


def _both(a: str, b: str) -> str | None:
    if a == b:
        return a
    if a in _FLOATS or b in _FLOATS:
        return _float(a, b)
    one, other = _decimal(a), _decimal(b)
    if one is None or other is None:
        return None
    whole = _integer(a, b) if a in _bits() and b in _bits() else None
    if whole is not None:
        return whole
    scale = max(one[1], other[1])
    width = max(one[0] - one[1], other[0] - other[1]) + scale
    return f"DECIMAL({width},{scale})" if width <= _MOST_DIGITS else None


def _bits() -> dict[str, int]:
    return _SIGNED | _UNSIGNED


def _float(a: str, b: str) -> str | None:
    if a in _FLOATS and b in _FLOATS:
        return "DOUBLE"
    whole, real = (b, a) if a in _FLOATS else (a, b)
    if whole not in _bits():
        return None
    return real if _bits()[whole] <= _FLOATS[real] else "DOUBLE"


def _integer(a: str, b: str) -> str | None:
    both = sorted((a, b), key=lambda k: _bits()[k])
    if (a in _SIGNED) == (b in _SIGNED):
        return both[1]
    signed, unsigned = (a, b) if a in _SIGNED else (b, a)
    needed = max(_SIGNED[signed], 2 * _UNSIGNED[unsigned])
    return next((k for k, bits in _SIGNED.items() if bits >= needed and bits <= 64), None)


def _decimal(kind: str) -> tuple[int, int] | None:
    """Digits and scale of the decimal that a type is, or needs."""
    found = _DECIMAL.fullmatch(kind)
    if found is not None:
        return int(found.group(1)), int(found.group(2))
    bits = _bits().get(kind)
    return (_DIGITS.get(bits, 39), 0) if bits is not None else None


def widens(old: str, new: str) -> bool:
    """Whether a column of the type `old` may become one of `new`: another type of numbers, which holds each value of the old one."""
    return old != new and common([old, new]) == new and loss("value", new, old) is None


def may_hold(wanted: str, found: str) -> bool:
    """Whether values of the type `found` can be values of the type `wanted`, if nothing of them is lost."""
    numbers = {k for k in (wanted, found) if k in _FLOATS or _decimal(k) is not None}
    floats = {k for k in (wanted, found) if k in _FLOATS}
    decimals = {k for k in (wanted, found) if _DECIMAL.fullmatch(k)}
    return numbers == {wanted, found} and not (floats and decimals)


def loss(column: str, wanted: str, found: str) -> str | None:
    """SQL: whether `column`, of the type `found`, has a value that `wanted` does not hold; None where there can't be one."""
    if common([wanted, found]) == wanted and not (wanted in _FLOATS and _bits().get(found, 0) > _FLOATS[wanted]):
        return None
    name = quote(column)
    again = f"try_cast(try_cast({name} as {wanted}) as {found})"
    lost = f"({name} is not null and {again} is distinct from {name})"
    return lost if wanted in _FLOATS or found not in _FLOATS else f"({lost} or ({name} = 0 and signbit({name})))"
