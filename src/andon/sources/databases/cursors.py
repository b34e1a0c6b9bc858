"""The column that tells what is new in a database: which types it may have, and where a load begins that goes on from another one. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from andon.base.duration import read_fixed
from andon.base.names import did_you_mean
from andon.errors import DatasetError
from andon.model.dataset import Definition
from andon.model.load import LoadPolicy
from andon.sources.databases.database import RemoteColumn


class CursorKind(StrEnum):
    """What the values of a cursor are."""

    MOMENT = "moment"
    DAY = "day"
    NUMBER = "number"
    TEXT = "text"


_NUMBERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
#: A moment in a text, as SQLite's own functions write it.
_WRITTEN = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?:(?P<mark>[ T])(?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?\Z"
)


def kind_of(column: RemoteColumn) -> CursorKind | None:
    """What a column is as a cursor; None where its values can't be one."""
    stored = column.stored
    if stored.startswith("TIMESTAMP"):
        return CursorKind.MOMENT
    if stored == "DATE":
        return CursorKind.DAY
    if stored in _NUMBERS or stored.startswith("DECIMAL"):
        return CursorKind.NUMBER
    return CursorKind.TEXT if stored == "VARCHAR" else None


def cursor_of(definition: Definition, columns: Sequence[RemoteColumn]) -> RemoteColumn:
    """The cursor among what the query returns.

    Raises:
        DatasetError: `project.bad_value` if it is not there, is of a type that can't tell what is new, or its lookback is of another kind.
    """
    policy = definition.load
    assert policy is not None  # asked only of sources that name one
    assert policy.column is not None
    wanted = policy.column

    def wrong(message: str, hint: str) -> DatasetError:
        return DatasetError("project.bad_value", message, where=definition.entry, hint=hint)

    found = next((column for column in columns if column.name.lower() == wanted.lower()), None)
    if found is None:
        names = [column.name for column in columns]
        hint = did_you_mean(wanted, names) or f"it returns {', '.join(f'`{name}`' for name in names)}"
        raise wrong(f"the query of `{definition.dataset}` returns no column `{wanted}`, which `load` names", hint)
    missing = next((key for key in definition.key if key.lower() not in {c.name.lower() for c in columns}), None)
    if missing is not None:
        raise wrong(
            f"the query of `{definition.dataset}` returns no column `{missing}` of its key", "add it to the query"
        )
    kind = kind_of(found)
    if kind is None:
        message = f"`{found.name}` is {found.kind}, which can't tell what is new"
        raise wrong(message, "name a column of moments, days, whole numbers or texts")
    if policy.lookback is not None:
        is_number = policy.lookback.isdigit()
        if is_number != (kind is CursorKind.NUMBER):
            message = f"`{found.name}` is {found.kind}, and `lookback: {policy.lookback}` is {'a number' if is_number else 'a time'}"
            raise wrong(message, "such as `lookback: 1000`" if kind is CursorKind.NUMBER else "such as `lookback: 1h`")
    return found


def begin(kind: CursorKind, greatest: str | None, policy: LoadPolicy) -> str | None:
    """From where on a load asks, with all that is equal to it: `greatest`, less the lookback; None asks for all.

    Args:
        greatest: the greatest value that was loaded, as the engine writes it in a text.
    """
    if greatest is None:
        return None
    back = policy.lookback
    try:
        match kind:
            case CursorKind.NUMBER:
                return f"{Decimal(greatest) - int(back or 0):f}"
            case CursorKind.DAY:
                days = math.ceil(_length(back) / timedelta(days=1))
                return (date.fromisoformat(greatest) - timedelta(days=days)).isoformat()
            case CursorKind.MOMENT:
                return _written(_moment(greatest) - _length(back))
            case CursorKind.TEXT:
                return greatest if back is None else _text(greatest, _length(back))
    except (ValueError, OverflowError, InvalidOperation):
        return None  # farther than a calendar reaches: what can't be bounded is asked whole


def until(kind: CursorKind, greatest: str | None, moment: datetime) -> str | None:
    """The greatest value that a next load goes on from: none that is later than `moment`, lest one wrong clock hide all that comes."""
    if greatest is None:
        return None
    try:
        if kind is CursorKind.MOMENT:
            return _written(min(_moment(greatest), moment.astimezone(UTC).replace(tzinfo=None)))
        if kind is CursorKind.DAY:
            return min(date.fromisoformat(greatest), moment.astimezone(UTC).date()).isoformat()
    except (ValueError, OverflowError):
        if "(BC)" in greatest:
            return None
        return _written(moment.astimezone(UTC).replace(tzinfo=None))[: 10 if kind is CursorKind.DAY else None]
    return greatest


def greater(kind: CursorKind, one: str | None, other: str | None) -> str | None:
    """The greater of two cursors, as far as one knows; of texts, which the database orders, the later found."""
    if one is None or other is None or kind is CursorKind.TEXT:
        return one if other is None else other
    return one if is_back(kind, one, other) else other


def is_back(kind: CursorKind, before: str | None, now: str | None) -> bool:
    """Whether a cursor that had come to `before` is now below it. Texts are ordered by the database alone, so nothing is known of them."""
    if before is None or kind is CursorKind.TEXT:
        return False
    if now is None:
        return True
    if kind is CursorKind.NUMBER:
        return Decimal(now) < Decimal(before)
    return now < before


def _length(back: str | None) -> timedelta:
    return (read_fixed(back) or timedelta()) if back is not None else timedelta()


def _moment(text: str) -> datetime:
    """A moment that the engine wrote, in UTC."""
    return datetime.fromisoformat(text.removesuffix("+00"))


def _written(moment: datetime) -> str:
    return moment.isoformat(" ", "microseconds")


def _text(greatest: str, back: timedelta) -> str | None:
    """A moment in a text, earlier by `back`, so that no text of that moment or a later one, written alike, sorts before it."""
    found = _WRITTEN.match(greatest)
    if found is None:
        return None
    if found["time"] is None:
        return (date.fromisoformat(found["day"]) - timedelta(days=math.ceil(back / timedelta(days=1)))).isoformat()
    earlier = datetime.fromisoformat(f"{found['day']} {found['time']}") - back
    return earlier.isoformat(found["mark"], "seconds")
