"""The types of a table's columns: those that keep what each value says, or a stop that tells what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.sources.failures import stop
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.classes import classify
from andon.sources.files.look import Look
from andon.sources.files.patterns import type_name
from andon.sources.files.raw_text import Source
from andon.sources.files.scratch import rows
from andon.sources.files.table import Table, is_lenient, run
from andon.sources.files.unions import texts
from andon.sources.files.values import Stop, ValueFacts, decide
from andon.sources.files.ways import clothes, stopped, unfit

if TYPE_CHECKING:
    import duckdb

#: Rows whose types are looked at first; all rows are held to what they say.
SAMPLE_ROWS = 20_000
_SAMPLE = "andon_sample"
#: With more columns than that, their values are looked at one below the other.
_WIDE = 32
#: The classes of a column's values, in order: `(class, how many values, the least of them)`.
Classes = Sequence[tuple[str, int, str]]


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
    sql = f"create or replace temp table {_SAMPLE} as select * from {texts(call, table, sources)} limit {SAMPLE_ROWS}"
    run(connection, sql, call, sources)
    return _sampled(connection, call, table, sources)


def _sampled(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]
) -> tuple[Look, bool]:
    """As `sample`, of what was read already, by whatever names."""
    whole = int(rows(connection, f"select count(*) from {_SAMPLE}")[0][0]) < SAMPLE_ROWS
    names = ", ".join(quote(c.column) for c in table.casts)
    return Look(connection, call, table, sources, f"{_SAMPLE} as t({names})"), whole


def casts_of(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    table: Table,
    sources: Sequence[Source],
    kept: Mapping[str, Cast] | None = None,
) -> tuple[Cast, ...]:
    """A cast for every column that keeps what each of its values says; every row is looked at.

    Args:
        kept: casts that are known already.

    Raises:
        DatasetError: `source.ambiguous` for a column that no type holds unchanged.
    """
    return casts_and_rows(connection, call, table, sources, kept)[0]


def casts_and_rows(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    table: Table,
    sources: Sequence[Source],
    kept: Mapping[str, Cast] | None = None,
    seen: Mapping[str, Classes] | None = None,
) -> tuple[tuple[Cast, ...], int | None]:
    """As `casts_of`, with the number of rows where it was counted on the way.

    Args:
        seen: the classes of the columns' first values, where `sample` was asked for them by names of the same order.

    Raises:
        DatasetError: `source.ambiguous` for a column that no type holds unchanged.
    """
    names = [c.column for c in table.casts]
    _check_known(call, names, sources[0])
    if call.get("all_varchar"):
        return tuple(Cast(n, "VARCHAR") for n in names), None
    known = {**(kept or {}), **{c.column: c for c in stated_casts(call, names)}}
    unknown = [n for n in names if n not in known]
    first, whole = (sample if seen is None else _sampled)(connection, call, table, sources)
    every = first if whole else replace(first, origin=texts(call, table, sources))
    for name, decision in _decide(first, unknown, seen).items():
        known[name] = decision if isinstance(decision, Cast) else decided_cast(every, name)
    if is_lenient(call):
        return tuple(known[n] for n in names), None
    doubtful, counted = _not_held(every, [known[n] for n in unknown], whole)
    for name in doubtful:
        again = decided_cast(every, name) if not whole else known[name]
        if again == known[name] and type_name(again.type) != "VARCHAR":
            raise unfit(every, again)
        known[name] = again
    for name in _without_values(first, every, [n for n in unknown if known[n].type == "VARCHAR"]):
        known[name] = replace(known[name], empty=True)
    for name, value in _some_value(first, [n for n in unknown if known[n].type == "VARCHAR"]):
        known[name] = replace(known[name], amounts=clothes(every, name, value))
    return tuple(known[n] for n in names), counted


def _without_values(first: Look, every: Look, names: Sequence[str]) -> list[str]:
    """Columns that are empty in every row."""
    for look in (first, every):
        if names:
            counts = look.run(f"select {', '.join(f'count({quote(n)})' for n in names)} from {look.origin}")[0]
            names = [n for n, count in zip(names, counts, strict=True) if not count]
    return list(names)


def _some_value(look: Look, names: Sequence[str]) -> list[tuple[str, str]]:
    """A value of each column that has one."""
    if not names:
        return []
    values = look.run(f"select {', '.join(f'any_value({quote(n)})' for n in names)} from {look.origin}")[0]
    return [(name, value) for name, value in zip(names, values, strict=True) if value is not None]


def decided_cast(look: Look, name: str) -> Cast:
    """The cast of one column.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    decision = _decide(look, [name])[name]
    if isinstance(decision, Stop):
        raise stopped(look, name, decision)
    return decision


def _check_known(call: Call, names: Sequence[str], source: Source) -> None:
    types = call.get("types")
    lowered = {n.lower() for n in names}
    strange = next((t for t in types if t.lower() not in lowered), None) if isinstance(types, Mapping) else None
    if strange is not None:
        hint = f"its columns: {', '.join(names)}"
        raise stop("source.contract", f"`types` names `{strange}`, which the file has not", source.path, 1, hint)


def _not_held(look: Look, casts: Sequence[Cast], whole: bool) -> tuple[list[str], int | None]:
    """Columns with values that their cast would change; of texts, those that may be something else when all rows are seen. With the
    number of rows, where they were gone through one by one."""
    dialect = look.table.dialect
    wanted = [c for c in casts if type_name(c.type) != "VARCHAR" or not whole]
    if not wanted:
        return [], None
    if len(wanted) > _WIDE:
        return _not_held_of_many(look, wanted), None
    counts = [
        f"count({c.sql(quote(c.column), dialect, 'null')}) < count({quote(c.column)})"
        if type_name(c.type) != "VARCHAR"
        else f"2 * count(*) filter ({_like_value(quote(c.column))}) > count({quote(c.column)})"
        for c in wanted
    ]
    counted, *found = look.run(f"select count(*), {', '.join(counts)} from {look.origin}")[0]
    return [c.column for c, doubtful in zip(wanted, found, strict=True) if doubtful], int(counted)


def _not_held_of_many(look: Look, casts: Sequence[Cast]) -> list[str]:
    """As `_not_held`, with each kind of cast written once: what a pattern costs to compile would come once for every column."""
    alike: dict[Cast, list[str]] = {}
    for cast in casts:
        alike.setdefault(replace(cast, column=""), []).append(cast.column)
    held = [
        f"when n in ({', '.join(map(literal, names))}) then "
        + (
            f"({cast.sql('v', look.table.dialect, 'null')}) is not null"
            if type_name(cast.type) != "VARCHAR"
            else f"not ({_like_value('v')})"
        )
        for cast, names in alike.items()
    ]
    texts = {cast.column for cast in casts if type_name(cast.type) == "VARCHAR"}
    found = look.run(
        f"select n, count(*) filter (not held), count(*) from (select n, case {' '.join(held)} end held "
        f"from {_values_of(look, [c.column for c in casts])}) group by n"
    )
    doubtful = {name for name, others, all_ in found if (2 * others > all_ if name in texts else others)}
    return [cast.column for cast in casts if cast.column in doubtful]


def _values_of(look: Look, names: Sequence[str]) -> str:
    """What stands after FROM: every value of the columns as `v`, with the column's name as `n`; without NULLs."""
    columns = ", ".join(quote(name) for name in names)
    return f"(unpivot (select {columns} from {look.origin}) on {columns} into name n value v)"


def _like_value(column: str) -> str:
    """SQL: whether a text begins as numbers and dates do, or is true or false; of those that are one, all do."""
    begins = f"({column} >= '+' and {column} < ':') or ({column} >= ' ' and {column} < '!')"
    word = f"(length({column}) in (3, 4, 5) and lower({column}) in ('true', 'false', 'nan', 'inf'))"
    return f"{begins} or {word}"


def classes_in(look: Look, names: Sequence[str], cells: Mapping[str, str] | None = None) -> Mapping[str, Classes]:
    """The classes of each column's values.

    Args:
        cells: single values by names that no column has, whose classes are told as well.
    """
    found: dict[str, list[tuple[str, int, str]]] = {name: [] for name in (*names, *(cells or ()))}
    if names:
        kinds = classify("v", look.table.dialect)
        values = _values_of(look, names)
        if cells:
            listed = ", ".join(f"({literal(name)}, {literal(cell)})" for name, cell in cells.items())
            values = f"(select n, v from {values} union all select * from (values {listed}))"
        values = f"select n, v, {kinds} k from {values}"
        for name, *told in look.run(f"select n, k, count(*), min(v) from ({values}) group by n, k order by n, k"):
            found[name].append((told[0], told[1], told[2]))
    return found


def _decide(look: Look, names: Sequence[str], seen: Mapping[str, Classes] | None = None) -> dict[str, Cast | Stop]:
    """What each column's values say that it is."""
    classes = classes_in(look, names) if seen is None else {name: seen[name] for name in names}
    counted = {name: {k: n for k, n, _ in told if k != "null"} for name, told in classes.items()}
    dates = [name for name, counts in counted.items() if counts and not set(counts) - {"day", "daytime"}]
    facts = _day_facts(look, {name: counted[name] for name in dates})
    decisions: dict[str, Cast | Stop] = {}
    for name, counts in counted.items():
        if name not in facts:
            facts[name] = ValueFacts(counts, words={k: str(v) for k, _, v in classes[name] if k != "null"})
        decision = decide(name, facts[name], look.table.dialect)
        if name in dates:
            timed = bool(counts.get("daytime"))
            stated = look.call.get("timestampformat" if timed else "dateformat")
            if stated and (isinstance(decision, Stop) or _shape(decision.format) == _shape(stated)):
                decision = Cast(name, "TIMESTAMP" if timed else "DATE", stated)
        decisions[name] = decision
    return decisions


def _shape(form: str | None) -> str:
    """A format of dates without what tells day from month."""
    return re.sub("%-?[dm]", "%_", form or "")


def _day_facts(look: Look, counted: Mapping[str, Mapping[str, int]]) -> dict[str, ValueFacts]:
    """Which parts of dates such as 31/01/2024 can be days, and how their times are written; of each column."""
    if not counted:
        return {}
    part = r"'^\s*([0-9]+)([./-])([0-9]+)[./-]([0-9]+)'"
    one, mark, two, year = (f"regexp_extract(v, {part}, {group})" for group in (1, 2, 3, 4))
    shape = f"regexp_replace(trim(regexp_replace(v, {part}, '')), '[0-9]+', '0', 'g')"
    found = look.run(
        f"select n, max({one}::int), max({two}::int), min({mark}), count(distinct {mark}), min(length({year})), max(v), "
        f"count(distinct {shape}) from {_values_of(look, list(counted))} group by n"
    )
    return {name: _of_days(counted[name], *told) for name, *told in found}


def _of_days(
    counts: Mapping[str, int], first: int, second: int, sign: str, signs: int, digits: int, example: str, shapes: int
) -> ValueFacts:
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
