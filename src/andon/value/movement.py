"""Which numbers of an answer moved: rows paired by what is no number, number by number. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from andon.base.document import Document
from andon.base.record import Record
from andon.value.answers import PinnedAnswer, is_number, is_whole

#: Floating-point numbers that differ by less than that share are one: sums of them hang on the order in which they are made.
_SHARE, _NOTHING = 1e-9, 1e-12


class AnswerChangeKind(StrEnum):
    """`changed`: a value is another one. `came`, `went`: a row. `columns`: the answer has other columns."""

    CHANGED = "changed"
    CAME = "came"
    WENT = "went"
    COLUMNS = "columns"


class AnswerChange(Document):
    """One thing that differs between two answers.

    Attributes:
        key: which row: the values of its columns that are no numbers; empty where there is but one.
        column: whose value; null for a whole row.
        before, after: the value, or the row.
    """

    kind: AnswerChangeKind
    key: dict[str, Any]
    column: str | None
    before: Any
    after: Any


class AnswerMoved(Record):
    """How two answers differ.

    Attributes:
        movements: the first of them.
        changed, came, went: how many rows.
        total: how many movements there are.
    """

    movements: tuple[AnswerChange, ...] = ()
    changed: int = 0
    came: int = 0
    went: int = 0
    total: int = 0
    has_other_columns: bool = False


def moved(before: PinnedAnswer, after: PinnedAnswer, most: int = 20) -> AnswerMoved:
    """How `after` differs from `before`; the order of rows is no difference, since what orders them is among their values.

    Args:
        most: so many movements are told one by one.
    """
    is_plain = sorted(before.columns) == sorted(after.columns) and len(set(before.columns)) == len(before.columns)
    if before.columns != after.columns and not is_plain:
        other = AnswerChange(AnswerChangeKind.COLUMNS, {}, None, list(before.columns), list(after.columns))
        return AnswerMoved((other,), total=1, has_other_columns=True)
    order = [after.columns.index(name) for name in before.columns] if before.columns != after.columns else None
    now = [tuple(row[place] for place in order) for row in after.rows] if order is not None else list(after.rows)
    names = before.columns
    keys = _keys(before, before.rows, now)
    old, new = _by_key(before.rows, keys), _by_key(now, keys)
    values = [place for place in range(len(names)) if place not in keys]
    found: list[AnswerChange] = []
    changed = came = went = 0
    for key in dict.fromkeys((*old, *new)):
        told = {names[place]: value for place, value in zip(keys, key[1], strict=True)}
        if key not in new:
            went += 1
            found.append(AnswerChange(AnswerChangeKind.WENT, told, None, {names[p]: old[key][p] for p in values}, None))
        elif key not in old:
            came += 1
            found.append(AnswerChange(AnswerChangeKind.CAME, told, None, None, {names[p]: new[key][p] for p in values}))
        else:
            was, now_is = old[key], new[key]
            differ = [p for p in values if not _is_same(was[p], now_is[p], before.types[p])]
            changed += bool(differ)
            found += [AnswerChange(AnswerChangeKind.CHANGED, told, names[p], was[p], now_is[p]) for p in differ]
    return AnswerMoved(tuple(found[:most]), changed, came, went, len(found))


_Key = tuple[int, tuple[Any, ...]]


def _keys(answer: PinnedAnswer, *both: Sequence[Sequence[Any]]) -> list[int]:
    """The columns that say which row it is: those that hold no numbers, and as many whole numbers from the left as make rows one each.
    Where nothing does, those alone."""
    if all(len(rows) <= 1 for rows in both):
        return [place for place, kind in enumerate(answer.types) if not is_number(kind)] if _alike(answer, both) else []
    named = [place for place, kind in enumerate(answer.types) if not is_number(kind)]
    whole = [place for place, kind in enumerate(answer.types) if is_whole(kind)]
    for count in range(len(whole) + 1):
        tried = sorted([*named, *whole[:count]])
        if tried and all(len({_text(row, tried) for row in rows}) == len(rows) for rows in both):
            return tried
    return named


def _alike(answer: PinnedAnswer, both: Sequence[Sequence[Sequence[Any]]]) -> bool:
    """Whether single rows are of one thing, by what is no number."""
    named = [place for place, kind in enumerate(answer.types) if not is_number(kind)]
    return len({_text(rows[0], named) for rows in both if rows}) <= 1


def _text(row: Sequence[Any], places: Sequence[int]) -> str:
    return repr([row[place] for place in places])


class _Hashed(tuple[Any, ...]):
    """Values of a key, which may be lists."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(repr(self))


def _by_key(rows: Sequence[Sequence[Any]], keys: Sequence[int]) -> dict[_Key, Sequence[Any]]:
    """Rows by their key; of several with one key, by how many come before."""
    found: dict[_Key, Sequence[Any]] = {}
    seen: dict[str, int] = {}
    for row in rows:
        text = _text(row, keys)
        number = seen[text] = seen.get(text, -1) + 1
        found[(number, _Hashed(row[place] for place in keys))] = row
    return found


def _is_same(one: Any, other: Any, kind: str) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_is_same(a, b, "") for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key], "") for key in one)
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        try:
            return math.isclose(float(one), float(other), rel_tol=_SHARE, abs_tol=_NOTHING)
        except (ValueError, OverflowError):
            return bool(one == other)
    if is_number(kind) and type(one) is not type(other):
        try:
            return Decimal(str(one)) == Decimal(str(other))
        except InvalidOperation:
            return False
    if is_number(kind) and isinstance(one, str) and isinstance(other, str):
        try:
            return one == other or Decimal(one) == Decimal(other)
        except InvalidOperation:
            return False
    return bool(one == other)
