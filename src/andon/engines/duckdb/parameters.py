"""Values of a query's parameters (`?`, `$1`, `$name`), written as SQL values of their very type.

The engine would take Python's values too; the first one that it is given makes it load pandas, which costs more than most questions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from andon.base.names import did_you_mean, literal, quote
from andon.errors import UsageError

#: What a caller gives: values in order, or by name.
Parameters = Sequence[Any] | Mapping[str, Any]

_HINT = "`--param NAME=VALUE`, in Python a list for `?` or a mapping for `$name`"
_LARGEST = 2**127
_SMALL = 2**63
_DIGITS = 38
#: Lists and mappings in one another: each more is a call more, here and in the engine's parser.
_DEEPEST = 64


def arguments(wanted: Collection[str], given: Parameters | None) -> str:
    """What stands between the brackets of `execute q(…)`.

    Args:
        wanted: the parameters of the query: names, or numbers from 1.
        given: their values; None for none.

    Raises:
        UsageError: `usage.bad_argument` if values are missing or too many, or of a type that SQL has no value for.
    """
    values = _by_name(given)
    names = sorted(wanted, key=lambda name: (0, int(name), "") if name.isdigit() else (1, 0, name))
    missing = [name for name in names if name not in values]
    if missing:
        marks = ", ".join(f"`{_mark(name)}`" for name in missing)
        raise UsageError("usage.bad_argument", f"the query has no value for {marks}", where="query", hint=_HINT)
    over = [name for name in values if name not in wanted]
    if over:
        there = f"it has {', '.join(f'`{_mark(name)}`' for name in names)}" if names else "it has none"
        marks = ", ".join(f"`{_mark(name)}`" for name in over)
        hint = did_you_mean(over[0], names) or f"{there}; parameters are written `?` or `$name`"
        raise UsageError("usage.bad_argument", f"the query has no parameter {marks}", where="query", hint=hint)
    parts = [(name, sql_value(values[name], _mark(name))) for name in names]
    return ", ".join(text if name.isdigit() else f"{quote(name)} := {text}" for name, text in parts)


def sql_value(value: Any, name: str, depth: int = 0) -> str:
    """A value as SQL; `name` is for errors, `depth` says in how many others it lies.

    Raises:
        UsageError: `usage.bad_argument` for a value that SQL has no like of.
    """
    if depth > _DEEPEST:
        raise _unfit(
            name, f"more than {_DEEPEST} lists and mappings in one another", "give it flatter, or as JSON in a text"
        )
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return _whole(value, name)
        case float():
            return f"'{value!r}'::double"
        case Decimal():
            return _decimal(value, name)
        case str():
            return _text(value, name)
        case date() | time():  # a moment is a day too
            return _moment(value, name)
        case timedelta():
            return f"to_microseconds({value // timedelta(microseconds=1)})"
        case UUID():
            return f"'{value}'::uuid"
        case bytes() | bytearray() | memoryview():
            return f"unhex('{bytes(value).hex()}')"
        case Mapping() if value and all(isinstance(key, str) for key in value):
            return "{" + ", ".join(f"{_text(k, name)}: {sql_value(v, name, depth + 1)}" for k, v in value.items()) + "}"
        case list() | tuple():
            if len({isinstance(each, str) for each in value if each is not None}) > 1:
                raise _unfit(name, "a list of texts and other values", "give one type of values")
            return "[" + ", ".join(sql_value(each, name, depth + 1) for each in value) + "]"
    if (
        type(value).__module__.partition(".")[0] == "numpy"
        and hasattr(value, "item")
        and not getattr(value, "shape", ())
    ):
        return sql_value(value.item(), name)
    raise _unfit(name, f"a `{type(value).__name__}`", "give text, a number, a date, a list or a mapping of these")


def _by_name(given: Parameters | None) -> Mapping[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name).removeprefix("$"): value for name, value in given.items()}
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        hint = "write `[value]` for `?`, `{'name': value}` for `$name`; a commit is named by `at=`"
        found = f"found a `{type(given).__name__}`"
        raise UsageError("usage.bad_argument", f"parameters are a list or a mapping, {found}", where="query", hint=hint)
    return {str(number): value for number, value in enumerate(given, 1)}


def _mark(name: str) -> str:
    return f"${name}"


def _whole(value: int, name: str) -> str:
    if not -_LARGEST <= value < _LARGEST:
        raise _unfit(name, "a whole number of more than 128 bits", "give it as text")
    return f"{int(value)}" if -_SMALL < value < _SMALL else f"'{int(value)}'::hugeint"


def _decimal(value: Decimal, name: str) -> str:
    if not value.is_finite():
        raise _unfit(name, f"the decimal {value}", "give a float, or None")
    text = format(value, "f")
    scale = len(text.partition(".")[2])
    digits = max(len(text.lstrip("-").replace(".", "").lstrip("0")), scale, 1)
    if digits > _DIGITS:
        raise _unfit(name, f"a decimal of {digits} digits, and {_DIGITS} is the most", "round it, or give it as text")
    return f"'{text}'::decimal({digits}, {scale})"


def _text(value: str, name: str) -> str:
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise _unfit(name, "text that holds what is no character", "take it out")
    return literal(str(value))


def _moment(value: date | time, name: str) -> str:
    if value != value:  # pandas' NaT
        return "null"
    if getattr(value, "nanosecond", 0):
        raise _unfit(name, "finer than a microsecond, the finest that the lake keeps", "round it")
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'::{'timestamp' if value.tzinfo is None else 'timestamptz'}"
    if isinstance(value, time):
        return f"'{value.isoformat()}'::{'time' if value.tzinfo is None else 'timetz'}"
    return f"'{value.isoformat()}'::date"


def _unfit(name: str, what: str, hint: str) -> UsageError:
    return UsageError("usage.bad_argument", f"the value of `{name}` is {what}", where="query", hint=hint)
