"""Sheets of Excel workbooks: where the table stands, what its columns are, and the strict read of them.

A cell says what it is, so nothing is guessed from texts: a column has one kind of cells, or its author says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from andon.base.names import literal, quote
from andon.base.record import Record, replace
from andon.errors import DatasetError
from andon.sources.failures import each, shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.dialect import Dialect
from andon.sources.files.infer import stated_casts
from andon.sources.files.patterns import type_name
from andon.sources.files.raw_text import Source
from andon.sources.files.scratch import rows, scratch
from andon.sources.files.sheet_tables import TableInSheet, check_merged, check_names, check_options, table_in
from andon.sources.files.table import Table

#: Cells are texts by now, without marks.
_PLAIN = Dialect(delim=",", header=True)
#: The type of a column by the kinds of its cells.
_TYPES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"text"}), "VARCHAR"),
    (frozenset({"whole"}), "BIGINT"),
    (frozenset({"whole", "number"}), "DOUBLE"),
    (frozenset({"bool"}), "BOOLEAN"),
    (frozenset({"date"}), "DATE"),
    (frozenset({"date", "moment"}), "TIMESTAMP"),
    (frozenset({"time"}), "TIME"),
    (frozenset({"time", "duration"}), "VARCHAR"),
)
_WORDS = {
    "text": "the text",
    "whole": "the number",
    "number": "the number",
    "long": "the number",
    "zeros": "the number",
    "bool": "the truth value",
    "date": "the date",
    "moment": "the time",
    "odd": "the date",
    "time": "the time of day",
    "duration": "the duration",
    "error": "the error",
}
_NUMBERS = frozenset({"whole", "number", "long", "zeros"})
_LIKE_NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+)?")


class _Kind(Record):
    """Cells of one kind in a column: how many, and the first of them."""

    count: int
    source: Source
    place: str
    row: int
    text: str


def first_load(call: Call, sources: Sequence[Source]) -> Table:
    """The table of a read, found in all its files.

    Raises:
        DatasetError: `source.*`, with the cell and what to write.
    """
    check_options(call)
    bodies = each(sources, lambda source: table_in(call, source))
    names = list(bodies[0].names)
    for body in bodies[1:]:
        check_names(call, names, body, bodies[0].source.path)
        names += [name for name in body.names if name not in names]
    each(bodies, lambda body: check_merged(call, body))
    casts = _casts(call, names, bodies, {})
    return Table(replace(_PLAIN, header=bodies[0].header is not None), casts, tuple(names))


def held(call: Call, table: Table, sources: Sequence[Source]) -> None:
    """Refuse workbooks whose table has other columns, or other kinds of cells, than the recorded ones.

    Raises:
        DatasetError: `source.*`.
    """
    names = [cast.column for cast in table.casts]

    def check(source: Source) -> None:
        body = table_in(call, source, names)
        check_names(call, names, body, None)
        check_merged(call, body)
        for cast in table.casts:
            if cast.column in body.names and not cast.stated and not cast.empty:
                _check_kinds(call, cast, _kinds(call, [body], cast.column))

    each(sources, check)


def typed(call: Call, table: Table, sources: Sequence[Source]) -> Table:
    """The table with types for the columns that had no values so far and have some in `sources`, which are all files.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    names = [cast.column for cast in table.casts]
    bodies = [table_in(call, source, names) for source in sources]
    return replace(table, casts=_casts(call, names, bodies, {c.column: c for c in table.casts if not c.empty}))


def relation(call: Call, table: Table, sources: Sequence[Source]) -> str:
    """SQL: the rows of `sources`, every column as text."""
    names = [cast.column for cast in table.casts]
    parts = []
    for source in sources:
        body = table_in(call, source, names)
        listed = [
            f"{_text(call, body, name)} as {quote(name)}" if name in body.names else f"null::varchar as {quote(name)}"
            for name in names
        ]
        listed.append(f"{literal(source.spelled or str(source.stored))} as filename")
        parts.append(f"select {', '.join(listed)} from {body.rows}")
    return f"({' union all '.join(parts)})"


def locate(call: Call, sources: Sequence[Source], column: str, value: str) -> tuple[str, int] | None:
    """File and row of the first cell of `column` with the text `value`."""
    for source in sources:
        try:
            body = table_in(call, source)
        except DatasetError:
            continue
        name = next((name for name in body.names if name.lower() == column.lower()), None)
        if name is None:
            continue
        with scratch() as connection:
            sql = f"select min(r) from {body.rows} and {_text(call, body, name)} = {literal(value)}"
            row = rows(connection, sql)[0][0]
        if row is not None:
            return source.path, int(row)
    return None


def _text(call: Call, body: TableInSheet, name: str) -> str:
    """SQL: the text of a column, NULL where it is one that means nothing."""
    column = f"t{body.first + body.names.index(name)}"
    stated = call.get("nullstr")
    nothing = [stated] if isinstance(stated, str) else list(stated or ())
    if not nothing:
        return column
    return f"case when {column} not in ({', '.join(map(literal, nothing))}) then {column} end"


def _kinds(call: Call, bodies: Sequence[TableInSheet], name: str) -> dict[str, _Kind]:
    """The kinds of the cells of a column."""
    found: dict[str, _Kind] = {}
    for body in bodies:
        if name not in body.names:
            continue
        at = body.first + body.names.index(name)
        text = _text(call, body, name)
        sql = f"select k{at}, count(*), min(r), min_by({text}, r) from {body.rows} and {text} is not null group by 1"
        with scratch() as connection:
            for kind, count, row, first in rows(connection, sql):
                known = found.get(kind)
                new = _Kind(count, body.source, body.sheet.place(row, at), row, first)
                found[kind] = new if known is None else replace(known, count=known.count + count)
    return found


def _casts(
    call: Call, names: Sequence[str], bodies: Sequence[TableInSheet], kept: Mapping[str, Cast]
) -> tuple[Cast, ...]:
    types = call.get("types")
    lowered = {name.lower() for name in names}
    strange = next((t for t in types if t.lower() not in lowered), None) if isinstance(types, Mapping) else None
    if strange is not None:
        hint = f"its columns: {', '.join(names)}"
        raise stop(
            "source.contract", f"`types` names `{strange}`, which the file has not", bodies[0].source.path, hint=hint
        )
    known = {**kept, **{cast.column: cast for cast in stated_casts(call, names)}}
    undecided = [name for name in names if name not in known]
    decided = each(undecided, lambda name: _cast(call, bodies, name))
    known.update({cast.column: cast for cast in decided})
    for cast in known.values():
        if cast.stated:
            _check_errors(call, _kinds(call, bodies, cast.column))
    return tuple(known[name] for name in names)


def _cast(call: Call, bodies: Sequence[TableInSheet], name: str) -> Cast:
    """The type of a column that has one kind of cells."""
    kinds = _kinds(call, bodies, name)
    _check_errors(call, kinds)
    if call.get("all_varchar"):
        return Cast(name, "VARCHAR", None, True)
    if not kinds:
        return Cast(name, "VARCHAR", empty=True)
    for allowed, kind in _TYPES:
        if kinds.keys() <= allowed:
            return Cast(name, kind, amounts=_numbers(call, bodies, name) if kinds.keys() == {"text"} else "")
    raise _mixed(call, bodies, name, kinds)


def _check_errors(call: Call, kinds: Mapping[str, _Kind]) -> None:
    found = kinds.get("error")
    if found is None:
        return
    stated = call.get("nullstr")
    nothing = [*([stated] if isinstance(stated, str) else stated or ()), found.text]
    way = call.suggest(nullstr="[" + ", ".join(map(literal, nothing)) + "]")
    more = f" (and {found.count - 1} more cells of the column hold errors)" if found.count > 1 else ""
    raise stop(
        "source.contract",
        f"`{found.place}` holds the error `{found.text}`{more}",
        found.source.path,
        found.row,
        f"fix the formula and save the workbook; or `{way}` reads it as NULL",
    )


def _check_kinds(call: Call, cast: Cast, kinds: Mapping[str, _Kind]) -> None:
    """Hold cells to a recorded type: a text that looks like a number is none."""
    _check_errors(call, kinds)
    wanted = type_name(cast.type)
    allowed = {
        "VARCHAR": {"text", "time", "duration"},
        "TIMESTAMP": {"date", "moment"},
        "DATE": {"date", "moment"},
    }.get(wanted)
    if allowed is None:
        allowed = next((set(k) for k, kind in reversed(_TYPES) if kind == wanted), set(_NUMBERS))
        if wanted == "BIGINT":
            allowed = {"whole", "number"}  # the cast says which
    odd = next((kind for kind in kinds if kind not in allowed), None)
    if odd is None:
        return
    found = kinds[odd]
    way = call.suggest_type(cast.column, "VARCHAR")
    hint = f"write it as {_a_cell(cast.type)}; or read all of them as text: `{way}`"
    if odd == "text" and _LIKE_NUMBER.fullmatch(found.text):
        hint = f"make it a number in the workbook; or read such texts as numbers: `{call.suggest_type(cast.column, cast.type)}`"
    message = (
        f"`{found.place}` holds {_WORDS[odd]} `{shown(found.text)}`, and `{cast.column}` was recorded as {cast.type}"
    )
    raise stop("source.contract", message, found.source.path, found.row, hint, column=cast.column, value=found.text)


def _a_cell(kind: str) -> str:
    return {"VARCHAR": "text", "BIGINT": "a whole number", "DOUBLE": "a number", "BOOLEAN": "a truth value"}.get(
        kind, f"a {kind}"
    )


def _mixed(call: Call, bodies: Sequence[TableInSheet], name: str, kinds: Mapping[str, _Kind]) -> DatasetError:
    """The error for a column of which nobody can say what it is."""
    text, double = call.suggest_type(name, "VARCHAR"), call.suggest_type(name, "DOUBLE")
    one = next(iter(kinds.values()))
    if kinds.keys() <= {"zeros", "whole"} and "zeros" in kinds:
        found = kinds["zeros"]
        message = f"`{found.place}` is a number that is shown as `{found.text}`"
        hint = f"text as it is shown: `{text}`; a number: `{call.suggest_type(name, 'BIGINT')}`"
    elif "long" in kinds and kinds.keys() <= _NUMBERS:
        found = kinds["long"]
        message = f"`{found.place}` holds the number `{found.text}`, and Excel keeps 15 digits of one"
        hint = f"keep such a number as text in the workbook; or take it as it is: `{double}`"
    elif "odd" in kinds and kinds.keys() <= {"odd", "date", "moment"}:
        found = kinds["odd"]
        message = f"`{found.place}` is a day before March 1900, where Excel counts a day that never was: `{found.text}`"
        hint = f"correct it; or read the column as text: `{text}`"
    else:
        rare = sorted(kinds.items(), key=lambda pair: (pair[1].count, -pair[1].row))
        (odd, found), (usual, other) = rare[0], rare[-1]
        message = f"`{found.place}` holds {_WORDS[odd]} `{shown(found.text)}`, `{other.place}` {_WORDS[usual]} `{shown(other.text)}`"
        hint = f"write one kind of cells into column `{name}`; or read all of them as text: `{text}`"
        if kinds.keys() <= {*_NUMBERS, "text"}:
            texts = _distinct(call, bodies, name)
            if texts and all(map(_LIKE_NUMBER.fullmatch, texts)):
                hint = f"numbers, those that are text too: `{double}`; or all of them as text: `{text}`"
            elif texts and len(texts) < 4:
                nothing = call.suggest(nullstr="[" + ", ".join(map(literal, texts)) + "]")
                hint = f"if that text means that there is no value: `{nothing}`; or read all of them as text: `{text}`"
        one = found
    where = found if found is not None else one
    return stop("source.ambiguous", message, where.source.path, where.row, hint, column=name, value=where.text)


def _distinct(call: Call, bodies: Sequence[TableInSheet], name: str) -> list[str]:
    """The first different texts of a column, all if they are few."""
    found: dict[str, None] = {}
    for body in bodies:
        if name in body.names:
            at = body.first + body.names.index(name)
            text = _text(call, body, name)
            sql = f"select distinct {text} from {body.rows} and k{at} = 'text' and {text} is not null order by 1 limit 1000"
            with scratch() as connection:
                found.update(dict.fromkeys(str(value) for (value,) in rows(connection, sql)))
    return list(found)


def _numbers(call: Call, bodies: Sequence[TableInSheet], name: str) -> str:
    """The call that reads a column of texts as the numbers that all of them say; empty if they don't."""
    texts = _distinct(call, bodies, name)
    if not texts or not all(_LIKE_NUMBER.fullmatch(text) and not re.match(r"[+-]?0[0-9]|\+", text) for text in texts):
        return ""
    kind = "DOUBLE" if any("." in text for text in texts) else "BIGINT"
    return call.suggest_type(name, kind) if all(len(text) < 16 for text in texts) else ""
