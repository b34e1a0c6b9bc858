"""The types of a table's columns: those that keep what each value says, or a stop that tells what to write."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.record import Record, replace
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.classes import classify
from andon.sources.files.dialect import Dialect, records
from andon.sources.files.patterns import matches, plain_number, type_name
from andon.sources.files.raw_text import Source, open_text
from andon.sources.files.scratch import rows
from andon.sources.files.table import Table, is_lenient, relation, run
from andon.sources.files.values import Stop, ValueFacts, decide

if TYPE_CHECKING:
    import duckdb

#: Rows whose types are looked at first; all rows are held to what they say.
SAMPLE_ROWS = 20_000
_SAMPLE = "andon_sample"


class Look(Record):
    """A look at a table whose columns are all text.

    Attributes:
        origin: SQL of its rows.
    """

    connection: duckdb.DuckDBPyConnection
    call: Call
    table: Table
    sources: Sequence[Source]
    origin: str

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of `sql`; what the engine refuses is an error with its place."""
        return run(self.connection, sql, self.call, self.sources)


def stated_types(value: Any, names: Sequence[str]) -> dict[str, str]:
    """The types that `types` or `columns` states, by the names as the table has them."""
    if isinstance(value, Mapping):
        known = {n.lower(): n for n in names}
        return {known[k.lower()]: str(v) for k, v in value.items() if k.lower() in known}
    return dict(zip(names, (str(v) for v in value or ()), strict=False))


def stated_casts(call: Call, names: Sequence[str]) -> tuple[Cast, ...]:
    """Casts of the columns whose types are stated."""
    stated = {**stated_types(call.get("types"), names), **stated_types(call.get("columns"), names)}
    formats = {"DATE": call.get("dateformat"), "TIMESTAMP": call.get("timestampformat")}
    return tuple(Cast(n, stated[n], formats.get(type_name(stated[n])), True) for n in names if n in stated)


def sample(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]
) -> tuple[Look, bool]:
    """The first rows as text, in a temporary table, and whether these are all."""
    sql = (
        f"create or replace temp table {_SAMPLE} as select * from {relation(call, table, sources)} limit {SAMPLE_ROWS}"
    )
    run(connection, sql, call, sources)
    whole = int(rows(connection, f"select count(*) from {_SAMPLE}")[0][0]) < SAMPLE_ROWS
    return Look(connection, call, table, sources, _SAMPLE), whole


def casts_of(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]
) -> tuple[Cast, ...]:
    """A cast for every column that keeps what each of its values says; every row is looked at.

    Raises:
        DatasetError: `source.ambiguous` for a column that no type holds unchanged.
    """
    names = [c.column for c in table.casts]
    _check_known(call, names, sources[0])
    if call.get("all_varchar"):
        return tuple(Cast(n, "VARCHAR") for n in names)
    known = {c.column: c for c in stated_casts(call, names)}
    unknown = [n for n in names if n not in known]
    first, whole = sample(connection, call, table, sources)
    every = first if whole else replace(first, origin=relation(call, table, sources))
    for name in unknown:
        decision = _decide(first, name)
        known[name] = decision if isinstance(decision, Cast) else decided_cast(every, name)
    if is_lenient(call):
        return tuple(known[n] for n in names)
    for name in _not_held(every, [known[n] for n in unknown], whole):
        again = decided_cast(every, name) if not whole else known[name]
        if again == known[name] and type_name(again.type) != "VARCHAR":
            raise _unfit(every, again)
        known[name] = again
    return tuple(known[n] for n in names)


def decided_cast(look: Look, name: str) -> Cast:
    """The cast of one column.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    decision = _decide(look, name)
    if isinstance(decision, Stop):
        raise _stopped(look, name, decision)
    return decision


def _check_known(call: Call, names: Sequence[str], source: Source) -> None:
    types = call.get("types")
    lowered = {n.lower() for n in names}
    strange = next((t for t in types if t.lower() not in lowered), None) if isinstance(types, Mapping) else None
    if strange is not None:
        hint = f"its columns: {', '.join(names)}"
        raise stop("source.contract", f"`types` names `{strange}`, which the file has not", source.path, 1, hint)


def _not_held(look: Look, casts: Sequence[Cast], whole: bool) -> list[str]:
    """Columns with values that their cast would change; of texts, those that may be something else when all rows are seen."""
    dialect = look.table.dialect
    wanted = [c for c in casts if type_name(c.type) != "VARCHAR" or not whole]
    if not wanted:
        return []
    counts = [
        f"count({c.sql(quote(c.column), dialect, 'null')}) < count({quote(c.column)})"
        if type_name(c.type) != "VARCHAR"
        else f"2 * {_like_values(quote(c.column))} > count({quote(c.column)})"
        for c in wanted
    ]
    found = look.run(f"select {', '.join(counts)} from {look.origin}")[0]
    return [c.column for c, doubtful in zip(wanted, found, strict=True) if doubtful]


def _like_values(column: str) -> str:
    """SQL: how many values begin as numbers and dates do, or are true or false; no fewer than are."""
    begins = f"({column} >= '+' and {column} < ':') or ({column} >= ' ' and {column} < '!')"
    word = f"(length({column}) in (3, 4, 5) and lower({column}) in ('true', 'false', 'nan', 'inf'))"
    return f"count(*) filter ({begins} or {word})"


def _decide(look: Look, name: str) -> Cast | Stop:
    facts = _facts(look, name)
    decision = decide(name, facts, look.table.dialect)
    if facts.counts and set(facts.counts) <= {"day", "daytime"}:
        timed = bool(facts.counts.get("daytime"))
        stated = look.call.get("timestampformat" if timed else "dateformat")
        if stated and (isinstance(decision, Stop) or _shape(decision.format) == _shape(stated)):
            return Cast(name, "TIMESTAMP" if timed else "DATE", stated)
    return decision


def _shape(form: str | None) -> str:
    """A format of dates without what tells day from month."""
    return re.sub("%-?[dm]", "%_", form or "")


def _facts(look: Look, name: str) -> ValueFacts:
    """How many values of each class a column has; more about those that need it."""
    column, kinds = quote(name), classify(quote(name), look.table.dialect)
    values = f"select {column} v, {kinds} k from {look.origin} where {column} is not null"
    found = look.run(f"select k, count(*), min(v) from ({values}) group by k order by k")
    counts = {k: n for k, n, _ in found if k != "null"}
    if counts and not set(counts) - {"day", "daytime"}:
        return _day_facts(look, column, counts)
    most = max(counts, key=lambda k: counts[k], default="")
    return ValueFacts(counts, words=tuple(str(v) for k, _, v in found if k != most))


def _day_facts(look: Look, column: str, counts: Mapping[str, int]) -> ValueFacts:
    """Which parts of dates such as 31/01/2024 can be days, and how their times are written."""
    part = r"'^\s*([0-9]+)([./-])([0-9]+)[./-]([0-9]+)'"
    one, mark, two, year = (f"regexp_extract({column}, {part}, {group})" for group in (1, 2, 3, 4))
    shape = f"regexp_replace(trim(regexp_replace({column}, {part}, '')), '[0-9]+', '0', 'g')"
    sql = (
        f"select max({one}::int), max({two}::int), min({mark}), count(distinct {mark}), min(length({year})), max({column}), "
        f"count(distinct {shape}) from {look.origin} where {column} is not null"
    )
    first, second, sign, signs, digits, example, shapes = look.run(sql)[0]
    rest = re.sub(r"^\s*\d+[./-]\d+[./-]\d+", "", example)
    seconds = ""
    if counts.get("daytime"):
        half = re.search(r"( ?)[AaPp][Mm]\s*$", rest)
        clock = ("%I:%M" if half else "%H:%M") + (":%S" if rest.count(":") == 2 else "")
        lead = re.match(r"[ T,]+", rest)
        seconds = (lead.group(0) if lead else " ") + clock + (half.group(1) + "%p" if half else "")
    # Morning and afternoon are two shapes of one way to write a time.
    one_way = signs == 1 and (shapes == 1 or (shapes == 2 and "%p" in seconds))
    return ValueFacts(counts, first, second, sign, 1 if one_way else 2, digits == 2, seconds)


def _unfit(look: Look, cast: Cast) -> DatasetError:
    """The error for values that look like a type and are none of it, such as the 31st of February."""
    column = quote(cast.column)
    strict = cast.sql(column, look.table.dialect, "null")
    values = _values(look, cast.column, f"{column} is not null and {strict} is null")
    message = f"column `{cast.column}` looks like {cast.type}, but not all of its values are"
    return _at_values(look, cast.column, message, values, ("type:VARCHAR",))


def _stopped(look: Look, name: str, decision: Stop) -> DatasetError:
    """The error for a column that no type holds, at the first value that is in the way."""
    wanted = ", ".join(literal(c) for c in decision.classes)
    values = _values(look, name, f"{classify(quote(name), look.table.dialect)} in ({wanted})")
    ways = [_exact(look, name) if way == "decimal" else way for way in decision.ways]
    return _at_values(look, name, decision.message, values, [w for w in ways if w])


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


def _values(look: Look, name: str, condition: str) -> list[str]:
    column = quote(name)
    sql = f"select {column} from {look.origin} where {column} is not null and {condition} group by 1 order by count(*), 1 limit 3"
    return [str(value) for (value,) in look.run(sql)]


def _at_values(look: Look, name: str, message: str, values: Sequence[str], ways: Sequence[str]) -> DatasetError:
    if look.call.format == "csv":
        index = [c.column for c in look.table.casts].index(name)
        path, line = locate(look.sources, look.table.dialect, index, set(values))
    else:
        path, line = look.sources[0].path, None
    if not any(f"`{shown(v)}`" in message for v in values):
        message += ": " + ", ".join(f"`{shown(v)}`" for v in values)
    written = [_way(look.call, name, way, values) for way in ways]
    hint = "write " + ", or ".join(f"`{w}`" for w in written if w)
    if "nanos" in ways:
        hint += f"; as a number of nanoseconds: `epoch_ns(cast({quote(name)} as timestamp_ns))` of that text"
    return stop("source.ambiguous", message, path, line, hint, column=name)


def _way(call: Call, name: str, way: str, values: Sequence[str]) -> str:
    kind, _, value = way.partition(":")
    if kind == "type":
        return call.suggest_type(name, value)
    if kind == "nanos":
        return ""
    if call.format == "json":
        return ""
    if kind == "nullstr":
        return call.suggest(nullstr="[" + ", ".join(literal(w) for w in ("", *values)) + "]")
    if kind == "marks":
        return call.suggest(thousands=literal(value[0]), decimal_separator=literal(value[1]))
    return call.suggest(**{kind: literal(value)})


def locate(sources: Sequence[Source], dialect: Dialect, index: int, values: set[str]) -> tuple[str, int | None]:
    """File and line of the first row whose field `index` is one of `values`; only the file when it is not found."""
    for source in sources:
        try:
            with open_text(source) as stream:
                for record in records(stream, dialect):
                    field = record.fields[index] if index < len(record.fields) else ""
                    if field in values or field.strip() in values:
                        return source.path, record.line
        except (csv.Error, OSError, EOFError):
            continue
    return sources[0].path, None
