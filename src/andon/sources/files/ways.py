"""What to write where no type holds a column's values: each way keeps every value, or says which become NULL."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.names import literal, quote
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.amounts import proposals
from andon.sources.files.calls import Call, written
from andon.sources.files.casts import Cast
from andon.sources.files.classes import classify
from andon.sources.files.look import Look, locate
from andon.sources.files.patterns import matches, plain_number
from andon.sources.files.values import Stop


def unfit(look: Look, cast: Cast) -> DatasetError:
    """The error for values that look like a type and are none of it, such as the 31st of February."""
    column = quote(cast.column)
    strict = cast.sql(column, look.table.dialect, "null")
    values = _values(look, cast.column, f"{column} is not null and {strict} is null")
    message = f"column `{cast.column}` looks like {cast.type}, but not all of its values are"
    return _at_values(look, cast.column, message, values, ("type:VARCHAR",))


def stopped(look: Look, name: str, decision: Stop) -> DatasetError:
    """The error for a column that no type holds, at the first value that is in the way."""
    wanted = ", ".join(literal(c) for c in decision.classes)
    odd = f"{classify(quote(name), look.table.dialect)} in ({wanted})"
    ways: list[str] = []
    for way in decision.ways:
        if way == "decimal":
            ways.append(_exact(look, name))
        elif way == "amount":
            ways += _amounts(look, name)
        elif way == "nullstr":
            ways += _ways_of_odd(look, name, _values(look, name, odd, _MANY), decision)
        else:
            ways.append(way)
    ways = list(dict.fromkeys(w for w in ways if w))
    return _at_values(look, name, decision.message, _values(look, name, odd), ways, decision.likely)


#: So many different values are looked at to say what they have in common.
_MANY = 50
#: How people and programs write that there is nothing.
_NOTHING = frozenset({
    "-", "--", "---", ".", "..", "…", "?", "na", "n/a", "n / a", "n.a.", "#n/a", "#na", "#null!", "null", "(null)", "<null>", "\\n", "nil",
    "none", "nan", "<na>", "missing", "(blank)", "not available", "0000-00-00", "0000-00-00 00:00:00", "0000-00-00t00:00:00",
})  # fmt: skip


def _ways_of_odd(look: Look, name: str, values: Sequence[str], decision: Stop) -> list[str]:
    """What to write where some values of a column are not like the others; what says nothing may become NULL, no other."""
    kind = decision.likely
    if len(values) < _MANY and all(v.strip().lower() in _NOTHING for v in values):
        words = ", ".join(literal(v) for v in values)
        if _only_here(look, name, words):
            return [f"write:{look.call.suggest(nullstr=_with_nulls(look.call, words))}"]
        column = quote(name)
        return [f"replace:case when {column} not in ({words}) then cast({column} as {kind}) end"]
    return ["type:VARCHAR"]


def _only_here(look: Look, name: str, words: str) -> bool:
    """Whether `nullstr` may name the words: no other column has them."""
    others = [c.column for c in look.table.casts if c.column != name]
    there = " or ".join(f"bool_or({quote(c)} in ({words}))" for c in others)
    return look.call.format == "csv" and not (others and look.run(f"select {there} from {look.origin}")[0][0])


def _with_nulls(call: Call, words: str) -> str:
    stated = call.get("nullstr", "")
    known = ", ".join(literal(str(w)) for w in (stated if isinstance(stated, list) else [stated]))
    return f"[{known}, {words}]"


def clothes(look: Look, name: str, value: str) -> str:
    """The call that reads a column of texts as amounts, if `value`, one of them, and all others are; empty if not."""
    if not any(amount is not None for amount, _ in proposals([value], look.table.dialect)):
        return ""
    return next((way.removeprefix("write:") for way in _amounts(look, name)), "")


def _amounts(look: Look, name: str) -> list[str]:
    """The ways in which all values of a column are amounts: as accountants write them, with a currency, with marks between thousands."""
    if look.call.format != "csv":
        return []
    column, now = quote(name), look.table.dialect
    values = _values(look, name, f"not {matches(f'trim({column})', '-?[0-9]+')}", _MANY)
    nothing = [v for v in values if v.strip().lower() in _NOTHING]
    words = ", ".join(literal(v) for v in nothing)
    if nothing and not _only_here(look, name, words):
        return []
    known = f"{column} is not null" + (f" and {column} not in ({words})" if words else "")
    ways = []
    for amount, marks in proposals([v for v in values if v not in nothing], now):
        strict = Cast(name, amount.written if amount else "DECIMAL(38,18)", None, True).sql(column, marks, "null")
        if look.run(f"select count(*) from {look.origin} where {known} and {strict} is null")[0][0]:
            continue
        stated = {"thousands": (marks.thousands, now.thousands), "decimal_separator": (marks.decimal, now.decimal)}
        options = {option: written(new) for option, (new, old) in stated.items() if new != old}
        if words:
            options["nullstr"] = _with_nulls(look.call, words)
        call = look.call
        ways.append(
            "write:" + (call.suggest_type(name, amount.written, **options) if amount else call.suggest(**options))
        )
    return ways


def _exact(look: Look, name: str) -> str:
    """The decimal that holds every number of a column; empty when there is none."""
    v = plain_number(f"trim({quote(name)})", look.table.dialect)
    sql = (
        f"select max(length(ltrim(split_part(v, '.', 1), '-+0'))), max(length(rtrim(split_part(v, '.', 2), '0'))), "
        f"bool_or(not {matches('v', '[-+]?[0-9]*[.]?[0-9]*')}) from (select {v} v from {look.origin}) where v is not null"
    )
    whole, fraction, other = look.run(sql)[0]
    scale = 18 if whole <= 20 and fraction <= 18 else fraction
    return "" if other or whole + scale > 38 else f"type:DECIMAL(38,{scale})"


def _values(look: Look, name: str, condition: str, limit: int = 3) -> list[str]:
    column = quote(name)
    sql = f"select {column} from {look.origin} where {column} is not null and {condition} group by 1 order by count(*), 1 limit {limit}"
    return [str(value) for (value,) in look.run(sql)]


def _at_values(
    look: Look, name: str, message: str, values: Sequence[str], ways: Sequence[str], likely: str = ""
) -> DatasetError:
    if look.call.format == "csv":
        index = [c.column for c in look.table.casts].index(name)
        path, line = locate(look.sources, look.table.dialect, index, set(values))
    else:
        path, line = look.sources[0].path, None
    if not any(f"`{shown(v)}`" in message for v in values):
        message += ": " + ", ".join(f"`{shown(v)}`" for v in values)
    written = [_way(look.call, name, way) for way in ways]
    hint = "write " + ", or ".join(f"`{w}`" for w in written if w)
    if "nanos" in ways:
        hint += f"; as a number of nanoseconds: `epoch_ns(cast({quote(name)} as timestamp_ns))` of that text"
    row: dict[str, object] = (
        {"likely": likely, "value": values[0]}
        if likely not in ("", "VARCHAR") and len(values) == 1 and ways[:1] == ["type:VARCHAR"]
        else {}
    )
    if ways and ways[0].startswith("replace:"):
        row["replace"] = ways[0].partition(":")[2]
    return stop("source.ambiguous", message, path, line, hint, column=name, **row)


def _way(call: Call, name: str, way: str) -> str:
    kind, _, value = way.partition(":")
    if kind == "type":
        return call.suggest_type(name, value)
    if kind == "nanos":
        return ""
    if call.format == "json":
        return ""
    if kind == "write":
        return value
    if kind == "replace":
        return f"select * replace ({value} as {quote(name)}) from {call.suggest_type(name, 'VARCHAR')}"
    if kind == "marks":
        return call.suggest(thousands=written(value[0]), decimal_separator=written(value[1]))
    return call.suggest(**{kind: written(value)})
