"""Functions of dates and timestamps. Sessions are in UTC, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.casts import finite, loud
from andon.engines.spark.translation.interval import Interval
from andon.engines.spark.translation.patterns import java_format
from andon.engines.spark.translation.types import TIMES
from andon.engines.spark.translation.values import text_literal

_PARTS = {
    "year": "year({0})",
    "quarter": "quarter({0})",
    "month": "month({0})",
    "week": "weekofyear({0})",
    "weekofyear": "weekofyear({0})",
    "day": "day({0})",
    "dayofmonth": "day({0})",
    "dayofyear": "dayofyear({0})",
    "doy": "dayofyear({0})",
    "dayofweek": "(dayofweek({0}) - 1)",
    "dow": "(dayofweek({0}) - 1)",
    "weekday": "(dayofweek({0}) - 1)",
    "isodow": "((dayofweek({0}) + 5) % 7 + 1)",
    "hour": "hour({0})",
    "minute": "minute({0})",
    "second": "second({0})",
}
_OF_TIME = frozenset({"hour", "minute", "second"})
_CUT = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_ALIASES = {f"{unit}s": unit for unit in _CUT} | {"mon": "month", "yr": "year", "y": "year", "d": "day", "h": "hour"}


def _unit(call: FunctionCall) -> str:
    word = call.words(0).lower()
    return _ALIASES.get(word, word)


def _instant(text: str) -> str:
    """The moment that a date or timestamp is in UTC."""
    return f"cast({text} as timestamp)"


def _part(unit: str, call: FunctionCall, place: int) -> str:
    kind, text = call.kinds[place], finite(call.arguments[place])
    if kind not in TIMES or unit not in _PARTS:
        raise call.refused(f"one of {', '.join(sorted(_PARTS))} of a date or timestamp")
    text = _instant(text) if unit in _OF_TIME else _day(text)
    return f"cast({_PARTS[unit].format(text)} as bigint)"


def _date_part(call: FunctionCall) -> str:
    if _unit(call) == "epoch":
        return _seconds(_finite(call)[1], call)
    return _part(_unit(call), call, 1)


def _named_part(call: FunctionCall) -> str:
    return _part(call.name, call, 0)


def _seconds(text: str, call: FunctionCall) -> str:
    if not set(call.kinds) & TIMES:
        raise call.refused("take the seconds of a date or timestamp")
    return f"(cast(unix_micros({_instant(text)}) as double) / 1000000D)"


def _epoch(call: FunctionCall) -> str:
    return _seconds(_finite(call)[0], call)


def _cut(call: FunctionCall) -> str:
    unit = _unit(call)
    if unit not in _CUT or call.kinds[1] not in TIMES:
        raise call.refused(f"one of {', '.join(_CUT)} of a date or timestamp")
    return f"cast(date_trunc({text_literal(unit.upper())}, {_instant(_finite(call)[1])}) as {call.of})"


def _difference(call: FunctionCall) -> str:
    unit = _unit(call)
    if unit == "week":  # DuckDB counts in weeks that begin on no day of the week
        raise call.refused("`date_diff('day', date_trunc('week', a), date_trunc('week', b)) // 7`")
    if unit not in _CUT or not set(call.kinds[1:]) <= TIMES:
        raise call.refused(f"one of {', '.join(_CUT)} between dates or timestamps")
    first, last = _finite(call)[1:]
    if unit in ("year", "quarter", "month"):
        count = {
            "year": "year({0})",
            "quarter": "(year({0}) * 4 + quarter({0}))",
            "month": "(year({0}) * 12 + month({0}))",
        }[unit]
        return f"cast(({count.format(_day(last))} - {count.format(_day(first))}) as bigint)"
    if unit == "day":
        return f"cast(datediff({_day(last)}, {_day(first)}) as bigint)"
    cut = [f"unix_seconds(date_trunc({text_literal(unit.upper())}, {_instant(text)}))" for text in (last, first)]
    return f"cast((({cut[0]} - {cut[1]}) div {_SECONDS[unit]}) as bigint)"


def _finite(call: FunctionCall) -> tuple[str, ...]:
    return tuple(finite(argument) for argument in call.arguments)


def _day(text: str) -> str:
    return f"cast({text} as date)"


def moved(call: FunctionCall) -> str:
    """A date or timestamp, moved by an interval that is written out.

    Raises:
        NotTranslated: something else is moved.
    """
    if len(call.arguments) != 1 or call.kinds[0] not in TIMES or call.interval is None:
        raise call.refused("add intervals to dates and timestamps")
    sign = -1 if call.name == "-" else 1
    months, days, micros = (part * sign for part in (call.interval.months, call.interval.days, call.interval.micros))
    whole = Interval(months, days, micros)
    text = _instant(_finite(call)[0])
    if whole.months:
        text = f"({text} + interval '{whole.months}' month)"
    if whole.days:
        text = f"({text} + interval '{whole.days}' day)"
    if whole.micros:
        text = f"timestamp_micros(unix_micros({text}) + {whole.micros})"
    return f"cast({text} as {call.of})"


def moved_days(call: FunctionCall) -> str:
    """A date and a number of days, or the days between two dates.

    Raises:
        NotTranslated: of other values.
    """
    if call.kinds == ("DATE", "DATE") and call.name == "-":
        return f"cast(datediff({call.texts[0]}, {call.texts[1]}) as bigint)"
    first, last = _finite(call) if len(call.arguments) == 2 else ("", "")
    if call.kinds == ("DATE", "INTEGER"):
        return f"{'date_add' if call.name == '+' else 'date_sub'}({first}, {last})"
    if call.kinds == ("INTEGER", "DATE") and call.name == "+":
        return f"date_add({last}, {first})"
    raise call.refused("add whole days or written intervals to a date")


def _formatted(call: FunctionCall) -> str:
    if call.kinds[0] not in TIMES:
        raise call.refused("`strftime(timestamp, format)`")
    said, text = java_format(call, call.words(1)), finite(call.arguments[0])
    late = f"when {text} is not null then {loud('a year beyond 1 to 9999 as text')}"
    return f"(case when year({text}) between 1 and 9999 then date_format({_instant(text)}, {text_literal(said)}) {late} end)"


def _last_day(call: FunctionCall) -> str:
    return f"last_day({_day(_finite(call)[0])})"


def _made(call: FunctionCall) -> str:
    if len(call.arguments) != 3:
        raise call.refused("`make_date(year, month, day)`")
    return f"make_date({', '.join(f'cast({text} as int)' for text in call.texts)})"


def _now(call: FunctionCall) -> str:
    if call.moment is None:
        raise call.refused("take the time from a column")
    return f"cast(timestamp '{call.moment:%Y-%m-%d %H:%M:%S.%f}+00:00' as {call.of})"


def _milliseconds(call: FunctionCall) -> str:
    if call.kinds[0] not in TIMES:
        raise call.refused("take the milliseconds of a timestamp")
    return f"(unix_micros({_instant(_finite(call)[0])}) div 1000)"  # towards 1970, as DuckDB cuts


def _microseconds(call: FunctionCall) -> str:
    if call.kinds[0] not in TIMES:
        raise call.refused("take the microseconds of a timestamp")
    return f"unix_micros({_instant(_finite(call)[0])})"


TIME_FUNCTIONS: Mapping[str, Callable[[FunctionCall], str]] = {
    **{unit: _named_part for unit in _PARTS if unit not in ("doy", "dow")},
    "current_date": _now,
    "date_diff": _difference,
    "date_part": _date_part,
    "date_trunc": _cut,
    "datediff": _difference,
    "datepart": _date_part,
    "datetrunc": _cut,
    "epoch": _epoch,
    "epoch_ms": _milliseconds,
    "epoch_us": _microseconds,
    "get_current_timestamp": _now,
    "last_day": _last_day,
    "make_date": _made,
    "now": _now,
    "strftime": _formatted,
    "today": _now,
    "transaction_timestamp": _now,
}
