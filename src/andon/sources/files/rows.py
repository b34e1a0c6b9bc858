"""The guard of rows: what the engine gives of a file must be all that stands in it, and no row may hide in another one's value.

Every line end of a file ends a row, stands inside of a value, or ends a blank line, a remark or the header. The engine's rows are counted
against the file's bytes; only where they don't agree at once are values looked at, and only where that doesn't help is the file read again
by other code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.dialect import first_record
from andon.sources.files.look import locate
from andon.sources.files.patterns import type_name
from andon.sources.files.raw_text import Source, TextFacts, open_bytes, open_text
from andon.sources.files.recount import exact_rows
from andon.sources.files.table import Table, is_lenient, relation, run

if TYPE_CHECKING:
    import duckdb

_LINE = "chr(10)"
#: How a piece of a swallowed row begins, by the type of the column that it would stand in.
_LIKE = {
    "DATE": "[0-9]{1,4}[-/.][0-9]",
    "TIMESTAMP": "[0-9]{1,4}[-/.][0-9]",
    "TIME": "[0-9]+:",
    "BOOLEAN": "(?i)(true|false)",
    "AMOUNT": "[^0-9]{0,6}[0-9.,]+[^0-9]{0,6}",
    "PERCENT": "[-+0-9.,]+ ?%",
}
_LIKE_NUMBER = "[-+]?[0-9.,]+"
_BLANK = r'[\s"]*'
#: Typed columns that are asked whether a line looks like a row.
_ASKED = 4


def check_rows(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    table: Table,
    sources: Sequence[Source],
    facts: Sequence[TextFacts],
) -> bool:
    """Refuse files of which the engine would lose or make rows. Gives whether values of `sources` have line ends in them.

    Args:
        table: with the dialect; types don't matter.
        facts: of each of `sources`.

    Raises:
        DatasetError: `source.ragged`, `source.ambiguous`.
    """
    if is_lenient(call):
        return any(f.feeds for f in facts)
    if _count(connection, call, table, sources) == plain_rows(call, table, facts):
        return False
    for source, fact in zip(sources, facts, strict=True):
        _check_one(connection, call, table, source, fact)
    return True


def plain_rows(call: Call, table: Table, facts: Sequence[TextFacts]) -> int | None:
    """How many rows there are where each line is one; None where that many rows would prove nothing."""
    if table.dialect.comment or any(f.returns for f in facts) or is_lenient(call) or call.get("strict_mode") is False:
        return None
    above = table.dialect.skip + bool(table.dialect.header)
    return sum(max(f.lines - above, 0) for f in facts)


def _count(connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]) -> int:
    """The engine's rows. What it refuses is told by the reader that knows the line and what to write, if that refuses it as well."""
    try:
        return int(run(connection, f"select count(*) from {relation(call, table, sources)}", call, sources)[0][0])
    except DatasetError:
        for source in sources:
            exact_rows(source, call, table.dialect, len(table.casts))
        raise


def _check_one(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, source: Source, fact: TextFacts
) -> None:
    """One file, by all of its values; a file that pads or drops fields of rows by all that is between them."""
    blank, remarks = _other_lines(source, table)
    read = relation(call, table, [source])
    values = ", ".join(quote(c.column) for c in table.casts)
    mark = table.dialect.comment
    inner = f"list_filter(string_split(v, {_LINE})[2:], lambda l: starts_with(l, {literal(mark)}))" if mark else "[]"
    blanks = f"list_filter(string_split(v, {_LINE})[2:-2], lambda l: l = '' or l = chr(13))"
    ends = f"len(string_split(v, {_LINE})) - 1 - len({blanks}) - len({inner})"
    sql = f"select count(*), coalesce(sum({ends}) filter (contains(v, {_LINE})), 0) from (select concat({values}) v from {read})"
    found, inside = (int(n) for n in run(connection, sql, call, [source])[0])
    above = _lines_above(source, table)
    loose = call.get("strict_mode") is False
    if found + inside == fact.lines - above - blank - remarks and (
        not loose or _keeps_all(connection, call, table, source)
    ):
        return
    counted = exact_rows(source, call, table.dialect, len(table.casts))
    if counted is None:
        return
    expected = counted - bool(table.dialect.header)
    hint = "write the file anew with `\\n` as line end and no blank lines"
    if found != expected and (len(table.casts) > 1 or found < expected):
        message = f"the engine sees {found:,} rows where {expected:,} are: line ends, comments or blank lines are mixed"
        raise stop("source.ambiguous", message, source.path, hint=hint)


def _lines_above(source: Source, table: Table) -> int:
    """Lines before the first row of data; a header's names may have line ends in them."""
    if not table.dialect.header:
        return table.dialect.skip
    first = first_record(source, table.dialect)
    inside = sum(f.count("\n") for f in first.fields) if first else 0
    return table.dialect.skip + 1 + inside


def _other_lines(source: Source, table: Table) -> tuple[int, int]:
    """Blank lines and remarks below the header, those inside of values included."""
    blank = remarks = 0
    skip, mark = table.dialect.skip, table.dialect.comment
    if "16" in source.codec:
        with open_text(source) as text:
            lines = [line.encode() for line in text]
    else:
        lines = []
    with open_bytes(source) as stream:
        started = False
        for number, line in enumerate(lines or stream):
            if number < skip and not mark:
                continue
            if line in (b"\n", b"\r\n"):
                blank += 1
            elif mark and line.startswith(mark.encode()):
                remarks += 1
            started = started or bool(line.strip())
    return blank, remarks


def _keeps_all(connection: duckdb.DuckDBPyConnection, call: Call, table: Table, source: Source) -> bool:
    """Whether the engine's values have all characters of the file but those that part rows and fields: nothing was dropped."""
    dialect = table.dialect
    if dialect.comment or call.get("null_padding"):
        return False
    texts = replace(call, texts={n: t for n, t in call.texts.items() if n != "nullstr"})
    values = ", ".join(quote(c.column) for c in table.casts)
    marks = f"{dialect.quote}{dialect.escape}\n\r"
    sql = (
        f"select count(*), coalesce(sum(length(translate(concat({values}), {literal(marks)}, ''))), 0) "
        f"from {relation(texts, table, [source])}"
    )
    found, length = (int(n) for n in run(connection, sql, call, [source])[0])
    total = 0
    with open_text(source) as text:
        gone, above = dict.fromkeys(map(ord, marks)), _lines_above(source, table)
        for number, line in enumerate(text):
            if number >= above:
                total += len(line.translate(gone))
    return total == length + found * (len(table.casts) - 1) * len(dialect.delim)


def check_swallowed(connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]) -> None:
    """Refuse a quoted value over lines that look like rows: two stray quotes probably made them one value.

    Who states the quote says that it is right.

    Raises:
        DatasetError: `source.ambiguous`, with the first such value and its line.
    """
    width = len(table.casts)
    texts = [i for i, c in enumerate(table.casts) if type_name(c.type) == "VARCHAR"]
    if (
        ("quote" in call.stated and call.get("auto_detect") is not False)
        or width < 2
        or not texts
        or not table.dialect.quote
    ):
        return
    values = f"select unnest({texts}) i, unnest([{', '.join(quote(table.casts[i].column) for i in texts)}]) v"
    delim = literal(table.dialect.delim)
    size = len(table.dialect.delim)
    count = f"((len(l) - len(replace(l, {delim}, ''))) // {size})"
    lines = f"select i, v, string_split(v, {_LINE}) ls from ({values} from {relation(call, table, sources)}) where contains(v, {_LINE})"
    counted = f"select i, v, ls, list_transform(ls, lambda l: {count}) ns from ({lines})"
    whole = f"len(list_filter(ls[2:], lambda l: {count} = {width - 1}{_like_a_row(table, 'l', range(width))})) > 0"
    ends = f"ns[1] = {width - 1} - i and ns[-1] = i and {_ends_like_rows(table, texts)}"
    sql = f"select i, v from ({counted}) where {whole} or ({ends}) limit 1"
    for index, value in run(connection, sql, call, sources):
        raise _swallowed(call, table, sources, int(index), str(value))


def _like_a_row(table: Table, line: str, indexes: Sequence[int], first: int = 0) -> str:
    """SQL: `and …` that at least one piece of a line is what its column holds; empty where all columns are text."""
    tests: list[str] = []
    for index in indexes:
        kind = type_name(table.casts[index].type)
        if kind != "VARCHAR" and len(tests) < _ASKED:
            piece = f"string_split({line}, {literal(table.dialect.delim)})[{index - first + 1}]"
            pattern = next((p for t, p in _LIKE.items() if kind.startswith(t)), _LIKE_NUMBER)
            end = "" if kind.startswith(("DATE", "TIME")) else _BLANK + "$"
            tests.append(f"regexp_matches({piece}, {literal('^' + _BLANK + pattern + end)})")
    return f" and ({' or '.join(tests)})" if tests else ""


def _ends_like_rows(table: Table, texts: Sequence[int]) -> str:
    """SQL: whether the first line of a value ends as a row does, and its last one begins so, by the types of columns."""
    width = len(table.casts)
    cases = []
    for i in texts[:50]:
        after = _like_a_row(table, "ls[1]", range(i + 1, width), i)
        before = _like_a_row(table, "ls[-1]", range(i))
        both = [part.removeprefix(" and ") for part in (after, before) if part]
        cases.append(f"when {i} then {' or '.join(both) or 'true'}")
    return f"case i {' '.join(cases)} else true end"


def _is_plain(call: Call, table: Table, sources: Sequence[Source]) -> bool:
    """Whether the files are tables as well where quotes are nothing."""
    bare = replace(table.dialect, quote="", escape="")
    try:
        return all(exact_rows(source, call, bare, len(table.casts)) is not None for source in sources)
    except DatasetError:
        return False


def _swallowed(call: Call, table: Table, sources: Sequence[Source], index: int, value: str) -> DatasetError:
    path, line = locate(sources, table.dialect, index, {value, value.replace("\n", "\r\n")})
    many = value.count("\n") + 1
    message = f"a quoted value goes over {many} lines that look like rows: `{shown(value)}`"
    hint = f"fix the stray quote, or if the value is right: `{call.suggest(quote=literal(table.dialect.quote))}`"
    if _is_plain(call, table, sources):
        hint += f"; if quotes have no meaning here: `{call.suggest(quote=literal(''))}`"
    return stop("source.ambiguous", message, path, line, hint)
