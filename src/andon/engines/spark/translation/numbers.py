"""Functions of numbers.

DuckDB divides by zero to infinity, NaN or NULL where Spark fails, and rounds doubles as they lie where Spark rounds what they look like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

from andon.engines.spark.translation.calls import FunctionCall
from andon.engines.spark.translation.casts import loud
from andon.engines.spark.translation.spark_sql import SparkServer
from andon.engines.spark.translation.types import FLOATING, MACHINE, WHOLE, digits
from andon.engines.spark.translation.values import SparkValue, sortable

#: What is told of a query that takes powers and logarithms.
DIGITS_NOTE = "powers and logarithms are computed by another library: the last digit may differ"

_NUMBERS = WHOLE | FLOATING | {"DECIMAL"}
_NAN = "cast('NaN' as double)"
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*"}
_INFINITY = "cast('Infinity' as double)"


def arithmetic(call: FunctionCall) -> str:
    """`+`, `-` and `*` of numbers of any one type.

    Raises:
        NotTranslated: of other values.
    """
    if not set(call.kinds) <= _NUMBERS or not call.kinds:
        raise call.refused("`epoch(a) - epoch(b)` for seconds, `date_diff('day', b, a)`, or `interval 3 days`")
    texts, sign = call.texts, _SIGNS.get(call.name, call.name)
    # Sail lets whole numbers run over: what is counted in a wider type and cast back fails loudly.
    if call.server is SparkServer.SAIL and call.type.name in MACHINE:
        texts = tuple(f"cast({text} as decimal(38,0))" for text in texts)
    if len(texts) == 1:
        return f"cast((- {texts[0]}) as {call.of})" if sign == "-" else texts[0]
    return f"cast(({texts[0]} {sign} {texts[1]}) as {call.of})"


def _divided(call: FunctionCall) -> str:
    if not set(call.kinds) <= FLOATING:
        raise call.refused("cast both sides to DOUBLE")
    over, under = call.texts
    whole = f"{over} / case when {under} = 0 then cast('1.0' as {call.of}) else {under} end"
    # 1 / -0.0 is minus infinity
    infinite = f"case when {_is_negative(under)} then -{_INFINITY} else {_INFINITY} end"
    return f"cast((case when {under} = 0 then {over} * {infinite} else {whole} end) as {call.of})"


def _is_negative(text: str) -> str:
    """Whether a double has a minus: its text knows the sign of a zero, which no comparison sees."""
    return f"({text} < 0 or cast({text} as string) = '-0.0')"


def _whole_part(call: FunctionCall) -> str:
    over, under = call.texts
    if call.kinds == ("HUGEINT", "HUGEINT"):
        return f"cast(({over} div nullif({under}, cast('0' as {call.of}))) as {call.of})"
    if not set(call.kinds) <= MACHINE:
        raise call.refused("`floor(a / b)` of numbers that are no whole ones")
    quotient = f"({over} div nullif({under}, cast('0' as {call.of})))"
    if call.server is SparkServer.SAIL:  # see `arithmetic`
        wide = f"cast({over} as decimal(38,0))"
        quotient = f"case when {under} = -1 then (- {wide}) else cast({quotient} as decimal(38,0)) end"
    return f"cast({quotient} as {call.of})"


def _remainder(call: FunctionCall) -> str:
    over, under = call.texts
    if set(call.kinds) <= MACHINE:
        # by -1 nothing is left; the machine runs over at the least number
        safe = f"nullif(nullif({under}, cast('0' as {call.of})), cast('-1' as {call.of}))"
        rest = f"coalesce({over} % {safe}, case when {under} = -1 and {over} is not null then 0 end)"
        return f"cast({rest} as {call.of})"
    if call.kinds == ("HUGEINT", "HUGEINT"):
        return f"cast(({over} % nullif({under}, cast('0' as {call.of}))) as {call.of})"
    if call.kinds == ("DOUBLE", "DOUBLE"):
        return f"(case when {under} = 0 then {over} * {_NAN} else {over} % case when {under} = 0 then 1D else {under} end end)"
    raise call.refused("cast both sides to BIGINT or DOUBLE")


def _absolute(call: FunctionCall) -> str:
    (text,) = call.texts
    if call.kinds[0] in MACHINE:
        return f"cast(abs(cast({text} as decimal(38,0))) as {call.of})"
    if call.kinds[0] in _NUMBERS:
        return f"abs({text})"
    raise call.refused("cast it to a number")


def _sign(call: FunctionCall) -> str:
    (text,) = call.texts
    if call.kinds[0] not in _NUMBERS:
        raise call.refused("cast it to a number")
    nan = f"when isnan({text}) then 0 " if call.kinds[0] in FLOATING else ""
    said = f"case {nan}when {text} > 0 then 1 when {text} < 0 then -1 when {text} = 0 then 0 end"
    return f"cast(({said}) as tinyint)"


def _ceiling(call: FunctionCall) -> str:
    (text,) = call.texts
    signed = f"case when {text} < 0 and {text} > -1 then cast('-0.0' as double) else rint({text}) + 1D end"
    return _to_whole(call, "ceil", f"case when rint({text}) < {text} then {signed} else rint({text}) end")


def _floor(call: FunctionCall) -> str:
    (text,) = call.texts
    return _to_whole(call, "floor", f"case when rint({text}) > {text} then rint({text}) - 1D else rint({text}) end")


def _to_whole(call: FunctionCall, name: str, of_double: str) -> str:
    """A number to a whole one: `name` says which way of decimals, `of_double` of doubles, which Spark would give as BIGINT."""
    (text,) = call.texts
    if call.kinds[0] in WHOLE:
        return text
    if call.kinds[0] == "DECIMAL":
        return f"cast({name}({text}) as {call.of})"
    if call.kinds[0] != "DOUBLE":
        raise call.refused("cast it to DOUBLE or DECIMAL")
    return f"({of_double})"


def _round(call: FunctionCall) -> str:
    places = call.written(1, least=0) if len(call.arguments) == 2 else 0
    text, kind = call.texts[0], call.kinds[0]
    if kind in WHOLE:
        return text
    if kind == "DECIMAL":
        _, scale = digits(call.arguments[0].type)
        return f"cast(round({text}, {min(places, scale)}) as {call.of})"
    if kind != "DOUBLE":
        raise call.refused("cast it to DOUBLE or DECIMAL")
    power = f"cast('1e{places}' as double)"
    scaled = f"({text} * {power})"
    # half away from zero, of the double as it lies; beyond 2**52 there is nothing to round
    up = f"case when abs({scaled}) - floor(abs({scaled})) >= 0.5D then 1D else 0D end"
    rounded = f"(cast(floor(abs({scaled})) as double) + {up}) / {power}"
    signed = f"case when {_is_negative(text)} then -({rounded}) else {rounded} end"
    big = f"isnan({text}) or abs({scaled}) >= 4503599627370496D"
    kept = text if places == 0 else f"case when abs({scaled}) <= 1e300D then rint({scaled}) / {power} else {text} end"
    return f"(case when {text} is null then null when {big} then {kept} else {signed} end)"


def _root(call: FunctionCall) -> str:
    if call.kinds != ("DOUBLE",):
        raise call.refused("cast it to DOUBLE")
    (text,) = call.texts
    return f"(case when {text} < 0 then cast({loud('the square root of a negative number')} as double) else sqrt({text}) end)"


def _logarithm(word: str) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        if call.kinds != ("DOUBLE",):
            raise call.refused("cast it to DOUBLE; a logarithm of another base is `ln(x) / ln(b)`")
        (text,) = call.texts
        error = f"cast({loud('the logarithm of zero or less')} as double)"
        call.notes.add(DIGITS_NOTE)
        return f"(case when {text} <= 0 then {error} else {word}({text}) end)"

    return rule


def _plain(word: str) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        if set(call.kinds) != {"DOUBLE"}:
            raise call.refused("cast it to DOUBLE")
        call.notes.add(DIGITS_NOTE)
        return f"{word}({', '.join(call.texts)})"

    return rule


def _tested(said: str) -> Callable[[FunctionCall], str]:
    def rule(call: FunctionCall) -> str:
        if call.kinds[0] not in FLOATING:
            raise call.refused("cast it to DOUBLE")
        (text,) = call.texts
        return f"(case when {text} is not null then {said.format(text=text)} end)"

    return rule


def _chosen(call: FunctionCall) -> str:
    if len({argument.type.text for argument in call.arguments}) != 1 or call.arguments[0].type != call.type:
        raise call.refused("cast all arguments to one type")
    if call.kinds[0] not in _NUMBERS | {"VARCHAR", "DATE", "TIMESTAMP"}:
        raise call.refused("take numbers, texts, dates or timestamps")
    if call.kinds[0] in FLOATING:  # of two zeros DuckDB takes the first, whatever its sign
        word = ">" if call.name == "greatest" else "<"
        return reduce(lambda one, other: _of_two(one, word, other, call.server), call.arguments).text
    return f"{call.name}({', '.join(call.texts)})" if len(call.texts) > 1 else call.texts[0]


def _of_two(one: SparkValue, word: str, other: SparkValue, server: SparkServer) -> SparkValue:
    """Of two doubles that which is greater, or less; NULL only where both are."""
    a, b = one.text, other.text
    further = f"{sortable(other, server).text} {word} {sortable(one, server).text}"
    return SparkValue(
        f"(case when {a} is null then {b} when {b} is null then {a} when {further} then {b} else {a} end)", one.type
    )


_INFINITE = "(abs({text}) = cast('Infinity' as double))"

NUMBERS: Mapping[str, Callable[[FunctionCall], str]] = {
    "%": _remainder,
    "mod": _remainder,
    "*": arithmetic,
    "add": arithmetic,
    "multiply": arithmetic,
    "subtract": arithmetic,
    "/": _divided,
    "//": _whole_part,
    "divide": _whole_part,
    "abs": _absolute,
    "ceil": _ceiling,
    "ceiling": _ceiling,
    "exp": _plain("exp"),
    "floor": _floor,
    "greatest": _chosen,
    "isfinite": _tested("(not isnan({text}) and not " + _INFINITE + ")"),
    "isinf": _tested(_INFINITE),
    "isnan": _tested("isnan({text})"),
    "least": _chosen,
    "ln": _logarithm("ln"),
    "log10": _logarithm("log10"),
    "log2": _logarithm("log2"),
    "pow": _plain("power"),
    "power": _plain("power"),
    "round": _round,
    "sign": _sign,
    "sqrt": _root,
}
