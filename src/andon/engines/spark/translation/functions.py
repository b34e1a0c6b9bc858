"""The allow-list of scalar functions: for each, by the types of its arguments, what says the same on Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.lists import LISTS
from andon.engines.spark.translation.numbers import NUMBERS, arithmetic
from andon.engines.spark.translation.texts import TEXTS
from andon.engines.spark.translation.times import TIME_FUNCTIONS, moved, moved_days

Rule = Callable[[FunctionCall], str]


def _plus(call: FunctionCall) -> str:
    if call.interval is not None:
        return moved(call)
    if "DATE" in call.kinds:
        return moved_days(call)
    return arithmetic(call)


def _length(call: FunctionCall) -> str:
    if call.kinds == ("VARCHAR",):
        return f"cast(char_length({call.texts[0]}) as bigint)"
    if call.kinds == ("LIST",):
        return f"cast(array_size({call.texts[0]}) as bigint)"
    raise call.refused("take the length of a text or a list")


def _contains(call: FunctionCall) -> str:
    rules = TEXTS if call.kinds[0] == "VARCHAR" else LISTS
    return rules["contains"](call)


FUNCTIONS: Mapping[str, Rule] = {
    **NUMBERS,
    **TEXTS,
    **TIME_FUNCTIONS,
    **LISTS,
    "+": _plus,
    "-": _plus,
    "contains": _contains,
    "len": _length,
    "length": _length,
}
