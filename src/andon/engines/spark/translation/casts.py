"""Casts between types, so that both engines round, read and refuse alike.

Spark cuts fractions off where DuckDB rounds, and both read numbers and dates out of texts by rules of their own: a text is read only in
the form that means one thing to both, and any other that one of them may read fails loudly.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from andon.engines.spark.translation.spark_sql import NotTranslated
from andon.engines.spark.translation.types import FLOATING, MACHINE, TIMES, WHOLE, digits, spark_type
from andon.engines.spark.translation.values import SparkValue, null, text_literal
from andon.model.types import DuckType

_ROUND_FIRST = "round it to a DECIMAL first: `cast(x as decimal(18, 2))`"
_IN_PYTHON = "do it in a dataset of its own that DuckDB builds"
_ELSEWHERE = "leave the dataset to DuckDB, or write Spark SQL beside it"

# Which texts are read, and which are refused because one of the two engines may read them as something else.
_NUMBERISH = r"^\s*[-+]?[.]?[0-9][0-9a-zA-Z_.+-]*\s*$"
_ODD = {"nan": "NaN", "inf": "Infinity", "infinity": "Infinity", "-inf": "-Infinity", "-infinity": "-Infinity"}
_LOGICAL = {"t": "true", "true": "true", "f": "false", "false": "false"}
_READ = {
    "whole": (r"^[-+]?[0-9]+$", _NUMBERISH),
    "DECIMAL": (r"^[-+]?[0-9]+([.][0-9]+)?$", _NUMBERISH),
    "DOUBLE": (
        r"^[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$",
        r"^\s*[-+]?([.]?[0-9][0-9a-zA-Z_.+-]*|[iInN][a-zA-Z]+)\s*$",
    ),
    "DATE": (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", r"^\s*([-+0-9]|[eEiI])"),
    "TIMESTAMP": (
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?)?$",
        r"^\s*([-+0-9]|[eEiI])",
    ),
}


def cast(value: SparkValue, to: DuckType, tried: bool = False) -> SparkValue:
    """A value of another type; `tried`: NULL where it can't be.

    Raises:
        NotTranslated: where the two engines would give different values.
    """
    source = value.type
    if source.name == "NULL":
        return null(to)
    if source == to:
        return value
    if value.is_constant and value.constant is None:
        return null(to)
    text = _cast(value, to, tried)
    if value.is_constant and (to.name in WHOLE or to.name == "VARCHAR") and not isinstance(value.constant, bool):
        whole = isinstance(value.constant, int) and to.name in WHOLE
        if whole:
            return SparkValue(text, to, True, value.constant)
    return SparkValue(text, to)


def _cast(value: SparkValue, to: DuckType, tried: bool) -> str:
    source, text = value.type, value.text
    word, of = ("try_cast" if tried else "cast"), spark_type(to)
    plain = f"{word}({text} as {of})"
    match source.name, to.name:
        case (one, other) if one in WHOLE and (other in WHOLE or other == "DECIMAL" or other in FLOATING):
            return plain
        case (one, "BOOLEAN") if one in WHOLE:
            return f"({text} <> 0)"
        case (one, "VARCHAR") if one in WHOLE or one == "BOOLEAN":
            return plain
        case ("BOOLEAN", other) if other in WHOLE:
            return plain
        case ("DECIMAL", other) if other in WHOLE:
            return f"{word}(round({text}, 0) as {of})"
        case ("DECIMAL", "DECIMAL" | "DOUBLE" | "FLOAT"):
            return plain
        case ("DECIMAL", "VARCHAR"):
            return plain
        case ("FLOAT", "DOUBLE"):
            return plain
        case ("DOUBLE", "FLOAT"):  # DuckDB makes no infinity of a number
            far = f"abs({text}) > 3.4028234663852886E38D and abs({text}) < cast('Infinity' as double)"
            beyond = "cast(null as float)" if tried else f"cast({_loud('a DOUBLE beyond FLOAT')} as float)"
            return f"(case when {far} then {beyond} else {plain} end)"
        case (one, other) if one in FLOATING and other in MACHINE:
            return _rounded(value, to, word)
        case (one, "DECIMAL") if one in FLOATING and not tried:
            return _exact(value, to)
        case ("VARCHAR", "BOOLEAN") if value.is_constant and str(value.constant).lower() in _LOGICAL:
            return _LOGICAL[str(value.constant).lower()]
        case ("VARCHAR", "TIMESTAMP WITH TIME ZONE") if value.is_constant:
            return f"cast({text_literal(_moment(value))} as {of})"
        case ("VARCHAR", _):
            return _read(value, to, tried)
        case (one, "DATE") if one in TIMES:
            return f"{word}({finite(value)} as {of})"
        case (one, other) if one in TIMES and other in TIMES:
            return plain
        case ("DATE" | "TIMESTAMP", "VARCHAR"):
            late = f"when {text} is not null then {_loud('a year beyond 1 to 9999 as text')}"
            return f"(case when year({text}) between 1 and 9999 then cast({text} as string) {late} end)"
        case (one, "VARCHAR") if one in FLOATING:
            raise NotTranslated(f"a cast from {source.text} to VARCHAR", _ROUND_FIRST)
        case ("LIST", "LIST") | ("STRUCT", "STRUCT") if spark_type(source) == of:
            return text
    raise NotTranslated(f"a cast from {source.text} to {to.text}", _IN_PYTHON)


def _moment(value: SparkValue) -> str:
    """A moment that is written out, in UTC."""
    try:
        found = datetime.fromisoformat(str(value.constant).strip())
    except ValueError:
        raise NotTranslated(f"the moment '{value.constant}'", "`timestamptz '2026-01-31 10:00:00+00:00'`") from None
    return f"{found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00"


def _rounded(value: SparkValue, to: DuckType, word: str) -> str:
    """DuckDB rounds to the nearest, and halves to even; 2**63 is the one double that Spark takes for the greatest BIGINT."""
    text = f"cast({value.text} as double)" if value.type.name == "FLOAT" else value.text
    if to.name == "BIGINT":
        text = f"(case when {text} >= 9.2233720368547758E18D then {text} * 2D else {text} end)"
    # servers differ in where `rint` takes halves
    even = f"case when abs({text} % 1D) = 0.5D then 2D * rint({text} / 2D) else rint({text}) end"
    return f"{word}(({even}) as {spark_type(to)})"


def _exact(value: SparkValue, to: DuckType) -> str:
    """DuckDB counts in the last digit, as a double: so do we, up to where doubles hold whole numbers."""
    _, scale = digits(to)
    double = f"cast({value.text} as double)" if value.type.name == "FLOAT" else value.text
    scaled = f"round({double} * cast('1e{scale}' as double), 0)"
    whole = f"cast(cast({scaled} as bigint) as decimal(38,{scale}))"
    unit = f"cast('{('0.' + '0' * (scale - 1) + '1') if scale else '1'}' as decimal(38,{scale}))"
    number = f"cast({whole} * {unit} as {spark_type(to)})" if scale else f"cast({scaled} as {spark_type(to)})"
    loud = f"cast({_loud('a double of more than 15 digits as a decimal')} as {spark_type(to)})"
    return (
        f"(case when {double} is null then null when abs({double} * cast('1e{scale}' as double)) < 9007199254740992D "
        f"then {number} else {loud} end)"
    )


def _read(value: SparkValue, to: DuckType, tried: bool) -> str:
    kind = "whole" if to.name in WHOLE else "DOUBLE" if to.name == "FLOAT" else to.name
    if kind not in _READ:
        raise NotTranslated(f"a cast from VARCHAR to {to.text}", _IN_PYTHON)
    if to.name == "FLOAT":
        raise NotTranslated("a cast from VARCHAR to FLOAT", "cast it to DOUBLE")
    if value.is_constant and isinstance(value.constant, str) and re.match(_READ[kind][0], value.constant):
        return f"{'try_cast' if tried else 'cast'}({value.text} as {spark_type(to)})"
    if value.is_constant and isinstance(value.constant, str):
        written = value.constant.strip().lower().removeprefix("+")
        if kind == "DOUBLE" and written in _ODD:
            return f"cast('{_ODD[written]}' as double)"
        if re.match(_READ[kind][1], value.constant):
            form = "write it in the plain form: `12`, `1.5`, `date '2026-01-31'`, `timestamp '2026-01-31 10:00:00'`"
            raise NotTranslated(f"the text '{value.constant}' as {to.text}", form)
    safe, doubtful = (text_literal(pattern) for pattern in _READ[kind])
    word, of, text = ("try_cast" if tried else "cast"), spark_type(to), value.text
    loud = f"cast({_loud(f'a text in a form that is read as {to.text} by one engine only')} as {of})"
    refused = loud if not tried else f"case when {text} rlike {doubtful} then {loud} end"
    said = f"when {text} rlike {safe} then {word}({text} as {of}) else {refused}"
    return f"(case when {text} is null then null {said} end)"


def finite(value: SparkValue) -> str:
    """A date or timestamp that is counted with: of `infinity`, which Spark takes for a late day, it fails loudly."""
    if value.is_constant or value.type.name not in TIMES:
        return value.text
    of, text = spark_type(value.type), value.text
    if value.type.name == "DATE":
        is_infinite = f"abs(unix_date({text})) = 2147483647"
    else:
        is_infinite = f"abs(unix_micros(cast({text} as timestamp))) = 9223372036854775807"
    return f"(case when {is_infinite} then cast({_loud('a date of infinity that is counted with')} as {of}) else {text} end)"


def loud(message: str) -> str:
    """An expression that fails, with a message, as soon as a row comes to it."""
    return _loud(message)


def _loud(message: str) -> str:
    return f"raise_error({text_literal(f'{message}; {_ELSEWHERE}')})"
