"""Profiles in words: shares, values, and how far a number moved. Pure."""

from __future__ import annotations

from collections.abc import Callable

from andon.model.profile import ColumnProfile, Value
from andon.model.profile_diff import ColumnMoves, Move
from andon.render.pairs import told_apart
from andon.render.visible import visible


def percent(share: float) -> str:
    """A share as a percentage: one digit, but nothing that is more than nothing becomes 0%, and only all is 100%."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{100 * share:.1f}%" if share not in (0.0, 1.0) else f"{100 * share:.0f}%"


def number(value: Value) -> str:
    """A value as text: whole numbers with their thousands separated, floats to 6 digits."""
    if isinstance(value, bool) or value is None:
        return shown(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return f"{int(value):,}"
        return (
            f"{value:,.6g}"
            if 1e-4 <= abs(value) < 1e6
            else f"{value:,.2f}"
            if 1 <= abs(value) < 1e15
            else f"{value:.6g}"
        )
    return shown(value)


def shown(value: Value) -> str:
    """A value as it may stand on a terminal: no control characters, and blanks that can be seen."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return number(value)
    text = visible(value)
    return f"'{text}'" if text != text.strip() or not text else text


_SHARES = frozenset({"nulls", "empty", "nan", "infinite"})
#: From so large a population stability index on it is said in stronger words.
_ANOTHER = 0.25


def column_text(column: ColumnProfile) -> str:
    """What a column is, beside its name: type, different values, NULLs."""
    return f"{column.type}, {column.distinct or 0:,} distinct, {percent(column.null_share)} nulls"


def move_word(move: Move) -> str:
    """What moved."""
    return {"nan": "NaN", "length": "longest", "deviation": "deviation"}.get(move.what, move.what)


def move_text(column: ColumnMoves, move: Move) -> str:
    """From what to what it moved."""
    if move.what == "shift":
        index = float(move.after) if isinstance(move.after, int | float) else 0.0
        words = "the values are of another population" if index >= _ANOTHER else "the values moved"
        return f"{words} (index {index:.2f})"
    if move.what == "new values":
        return shown(move.after)
    if move.what == "gone values":
        return shown(move.before)
    if move.what in _SHARES:
        return _apart(move.before, move.after, _share)
    about = _estimate(column.before), _estimate(column.after)
    if move.what == "distinct":
        unique = (
            column.before is not None
            and column.after is not None
            and column.before.is_unique
            and not column.after.is_unique
        )
        return f"{about[0]}{number(move.before)} → {about[1]}{number(move.after)}" + (
            ", no longer unique" if unique else ""
        )
    return f"{_apart(move.before, move.after, number)}{_factor(move.before, move.after)}"


def _apart(before: Value, after: Value, text: Callable[[Value], str]) -> str:
    """Two values with so many digits, or so spelled, that they read differently."""
    one, other = text(before), text(after)
    if one == other and before != after and isinstance(before, int | float) and isinstance(after, int | float):
        one, other = repr(before), repr(after)
    elif isinstance(before, str) and isinstance(after, str):
        one, other = told_apart(before, after)
        one, other = shown(one), shown(other)
    return f"{one} → {other}"


def _share(value: Value) -> str:
    return percent(float(value)) if isinstance(value, int | float) else shown(value)


def _estimate(column: ColumnProfile | None) -> str:
    return "" if column is None or column.distinct_exact else "≈"


def _factor(before: Value, after: Value) -> str:
    """` (×100)` where a number is many times what it was: a unit may have changed."""
    try:
        a, b = float(before or 0), float(after or 0)
    except ValueError:
        return ""
    if a <= 0 or b <= 0 or not (b / a >= 1.5 or a / b >= 1.5):
        return ""
    factor = b / a
    return f"  ×{factor:,.0f}" if factor >= 100 else f"  ×{factor:.3g}"
