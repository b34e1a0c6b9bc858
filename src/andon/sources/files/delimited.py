"""The contract of a CSV read: found at first load by looking at every row, held afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.errors import DatasetError
from andon.sources.failures import each, shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.dialect import MAX_COLUMNS, Dialect, find_dialect, first_record, stated_dialect
from andon.sources.files.heads import check_alike, check_head
from andon.sources.files.infer import Classes, casts_and_rows, casts_of, classes_in, sample, stated_casts
from andon.sources.files.kinds import check_kind
from andon.sources.files.look import Look
from andon.sources.files.raw_text import Source, TextFacts, check_text, joined
from andon.sources.files.recount import exact_rows
from andon.sources.files.rows import check_rows, check_swallowed, plain_rows
from andon.sources.files.scratch import columns_of, scratch
from andon.sources.files.table import Table
from andon.sources.files.unions import heads_of, tables_of

if TYPE_CHECKING:
    import duckdb


#: Files up to this size are read by other code as well before the engine is asked: its messages say more.
_SMALL = 1 << 18
#: What begins like a number or a date is no name that could be trusted.
_LIKE_VALUE = re.compile(r"\s*[+-]?[.,]?[0-9]")


def first_load(call: Call, sources: Sequence[Source]) -> Table:
    """The contract that the files of a call make, all of them together.

    Raises:
        DatasetError: wherever the engine would have to guess, with what to write.
    """
    each(sources, lambda source: check_kind(source, call))
    facts = each(sources, lambda source: check_text(source, call))
    trusted = call.get("auto_detect") is False and "columns" in call.stated
    dialect = stated_dialect(call) if trusted else find_dialect(sources[0], call)
    if trusted:
        dialect = replace(dialect, header=bool(call.get("header", False)))
    first = first_record(sources[0], dialect)
    if first is None:
        raise stop("source.empty", "the file has no rows", sources[0].path, hint="fetch the file again")
    if len(first.fields) > MAX_COLUMNS:
        raise stop(
            "source.ambiguous",
            f"the first row has {len(first.fields):,} fields",
            sources[0].path,
            1,
            "state the delimiter",
        )
    dialect = replace(dialect, skip=max(dialect.skip, first.line - 1) if not dialect.comment else dialect.skip)
    width = _width(first.fields, call, sources[0])
    heads = heads_of(call, dialect, sources)
    if not heads and "columns" not in call.stated:
        each(sources[1:], lambda source: check_alike(call, dialect, sources[0], first.fields[:width], source))
    widths = [len(h) for h in heads] if heads else [width] * len(sources)
    counted = each(
        zip(sources, widths, strict=True),
        lambda one: exact_rows(one[0], call, dialect, one[1]) if one[0].stored.stat().st_size <= _SMALL else None,
    )
    _check_rows(call, sources, dialect, first.fields, counted)
    seen: Sequence[Classes] = ()
    with scratch() as connection:
        if dialect.header is None:
            seen = _classes_below(connection, call, dialect, sources[0], first.fields[:width])
            dialect = replace(dialect, header=True)
        head = tuple(first.fields[:width]) if dialect.header else None
        if head is not None and heads:
            head = tuple(dict.fromkeys(name for names in heads for name in names))
            width = len(head)
        names = _names(connection, call, head, width, sources[0], dialect)
        table = Table(dialect, tuple(Cast(n, "VARCHAR") for n in names), head)
        each(sources, lambda source: check_head(call, table, source))
        # of one file the header was told from the same rows
        known = dict(zip(names, seen, strict=True)) if seen and len(sources) == 1 else None
        if trusted:
            lines_inside = _check_content(connection, call, table, sources, facts)
            casts = stated_casts(call, names)
        else:
            casts, lines_inside = _typed_content(connection, call, table, sources, facts, known)
        table = replace(table, casts=casts)
        for here, group in lines_inside:
            by_name = {c.column: c for c in table.casts}
            typed_here = replace(here, casts=tuple(by_name[c.column] for c in here.casts))
            check_swallowed(connection, call, typed_here, group)
    return table


def _typed_content(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    table: Table,
    sources: Sequence[Source],
    facts: Sequence[TextFacts],
    seen: Mapping[str, Classes] | None,
) -> tuple[tuple[Cast, ...], list[tuple[Table, list[Source]]]]:
    """The columns' casts, and what `_check_content` gives; what that refuses comes first.

    The rows are counted while the values are looked at; only where that is not what the bytes say they are looked at by themselves.
    """
    expected = plain_rows(call, table, facts) if len(tables_of(call, table, sources)) == 1 else None
    try:
        casts, counted = casts_and_rows(connection, call, table, sources, seen=seen)
    except DatasetError:
        _check_content(connection, call, table, sources, facts)
        raise
    if counted is not None and counted == expected:
        return casts, []
    return casts, _check_content(connection, call, table, sources, facts)


def _check_content(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    table: Table,
    sources: Sequence[Source],
    facts: Sequence[TextFacts],
) -> list[tuple[Table, list[Source]]]:
    """Hold all rows to the files' bytes. Gives the files, with their columns, whose values have line ends in them."""
    by_path = {source.path: fact for source, fact in zip(sources, facts, strict=True)}
    return [
        (here, group)
        for here, group in tables_of(call, table, sources)
        if check_rows(connection, call, here, group, [by_path[s.path] for s in group])
    ]


def _check_rows(
    call: Call, sources: Sequence[Source], dialect: Dialect, fields: Sequence[str], counted: Sequence[int | None]
) -> None:
    """Types can't be told from a header alone."""
    if dialect.header is False or "columns" in call.stated or call.get("all_varchar"):
        return
    if all(count is not None and count <= 1 for count in counted):
        columns = "{" + ", ".join(f"{literal(f.strip())}: {literal('VARCHAR')}" for f in fields) + "}"
        message = "the file has a single row: if that is the header, its columns' types can't be known"
        hint = f"state them: `{call.suggest(header='true', columns=columns)}`, or `{call.suggest(header='false')}` if the row is data"
        raise stop("source.empty", message, sources[0].path, 1, hint)


def _width(fields: Sequence[str], call: Call, source: Source) -> int:
    """The number of columns: that of the first row; of the stated columns, which it must equal."""
    stated = call.get("columns")
    if isinstance(stated, Mapping) and len(stated) != len(fields):
        if len(fields) == len(stated) + 1 and not fields[-1]:
            return len(stated)
        message = f"`columns` names {len(stated)} columns, the file's first row has {len(fields)}: `{shown(', '.join(fields))}`"
        raise stop("source.contract", message, source.path, 1, "name all columns of the file, in its order")
    return len(fields)


def _classes_below(
    connection: duckdb.DuckDBPyConnection, call: Call, dialect: Dialect, source: Source, fields: list[str]
) -> Sequence[Classes]:
    """See `_below_header`."""
    try:
        return _below_header(connection, call, dialect, source, fields)
    except DatasetError as error:
        if error.code == "source.ragged":  # the engine counts lines in its own way
            exact_rows(source, call, dialect, len(fields))
        raise


def _below_header(
    connection: duckdb.DuckDBPyConnection, call: Call, dialect: Dialect, source: Source, fields: list[str]
) -> Sequence[Classes]:
    """Make sure that the first row names the columns: only if a value below it is of a kind that its cell above is not.

    Returns:
        The classes of each column's values below it; nothing if nobody had to look.

    Raises:
        DatasetError: `source.ambiguous` if it may be a row of values.
    """
    names = [f"c{i}" for i in range(len(fields))]
    table = Table(replace(dialect, header=True), tuple(Cast(n, "VARCHAR") for n in names), tuple(fields))
    stated = call.get("columns")
    if isinstance(stated, Mapping) and [n.lower() for n in stated] == [f.strip().lower() for f in fields]:
        return ()
    look, _ = sample(connection, call, table, [source])
    # asked together: the engine takes longer to make the patterns of the classes than to go through a small file
    cells = {f"header {place}": cell for place, cell in enumerate(fields)}
    found = classes_in(look, names, cells)
    classes = {kind for cell in cells for kind, _, _ in found[cell]}
    # A number or date in the first row is a value, or the name of a column: nobody can tell.
    # (With an unnamed first column, an index, the error about blank names says more.)
    named = all(f.strip() for f in fields) or not fields[0].strip()
    named = named and not any(_LIKE_VALUE.match(f) for f in fields)
    if named and classes == {"text"}:
        below = tuple(found[name] for name in names)
        if any(map(_are_values, below)) or _names_nothing_below(look, names, fields):
            return below
    if not all(f.strip() for f in fields) and _is_title(look, names):
        above = call.suggest(skip=str(dialect.skip + 1))
        message = f"the first row may be a title above the table: `{shown(', '.join(fields))}`"
        raise stop("source.ambiguous", message, source.path, 1, f"write `{above}` if the next row names the columns")
    yes, no = call.suggest(header="true"), call.suggest(header="false")
    message = f"does the first row name the columns? `{shown(', '.join(fields))}`"
    raise stop("source.ambiguous", message, source.path, 1, f"write `{yes}` if it does, `{no}` if it is data")


def _is_title(look: Look, names: Sequence[str]) -> bool:
    """Whether the row below the first one has a name for every column."""
    following = look.run(f"select {', '.join(map(quote, names))} from {look.origin} limit 1")
    return bool(following) and all(cell is not None and _NAME.fullmatch(str(cell).strip()) for cell in following[0])


#: What columns are often called; a row of nothing else is a header whatever stands below.
_OFTEN = frozenset({
    "address", "category", "city", "code", "comment", "country", "currency", "customer", "date", "description", "email", "file",
    "first_name", "id", "key", "kind", "label", "last_name", "level", "location", "month", "name", "note", "notes", "number", "phone",
    "place", "product", "region", "role", "source", "state", "status", "street", "surname", "tag", "text", "time", "title", "type",
    "url", "user", "value", "year", "zip",
})  # fmt: skip
_NAME = re.compile(r"[^\W\d][\w .\-/()#%]{0,60}")


def _names_nothing_below(look: Look, names: Sequence[str], fields: Sequence[str]) -> bool:
    """Whether a row of words is the header all the same: different names that stand nowhere below in their columns, and that are
    common ones, or are written as no value of their column is."""
    cells = [f.strip() for f in fields]
    if len({c.lower() for c in cells}) < len(cells) or not all(_NAME.fullmatch(c) for c in cells):
        return False
    pairs = list(zip(names, cells, strict=True))
    below = ", ".join(f"bool_or(trim({quote(n)}) = {literal(c)})" for n, c in pairs)
    shape = "regexp_replace(regexp_replace(trim({}), '[a-zß-ÿ0-9]+', 'a', 'g'), '[A-ZÀ-Þ]+', 'A', 'g')"
    same = ", ".join(f"bool_or({shape.format(quote(n))} = {shape.format(literal(c))})" for n, c in pairs)
    count, *found = look.run(f"select count(*), {below}, {same} from {look.origin}")[0]
    if count < 2 or any(found[: len(cells)]):
        return False
    often = all(re.sub(r"\W+", "_", c.lower()) in _OFTEN for c in cells)
    return often or not any(found[len(cells) :])


def _are_values(classes: Sequence[tuple[str, int, str]]) -> bool:
    """Whether the values of a column are mostly no words."""
    counts = {kind: count for kind, count, _ in classes}
    return bool(counts) and counts.get("text", 0) <= sum(counts.values()) / 2


def _names(
    connection: duckdb.DuckDBPyConnection,
    call: Call,
    head: tuple[str, ...] | None,
    width: int,
    source: Source,
    dialect: Dialect,
) -> list[str]:
    """The columns' names: as stated, else from the header, which must name each column once."""
    columns, stated = call.get("columns"), call.get("names") or []
    if isinstance(columns, Mapping):
        names = list(columns)
        if head is not None:
            _check_stated_names(names, head, source, dialect)
        return names
    if head is None:
        return [*stated, *(f"column{i}" for i in range(len(stated), width))]
    names = [*stated, *(cell.strip() for cell in head[len(stated) :])]
    line = dialect.skip + 1
    fixed = call.suggest(names="[" + ", ".join(literal(n or f"column{i}") for i, n in enumerate(names)) + "]")
    if "" in names:
        message = f"column {names.index('') + 1} has no name in the header: `{shown(', '.join(head))}`"
        raise stop("source.ambiguous", message, source.path, line, f"name the columns: `{fixed}`")
    lowered = [n.lower() for n in names]
    twice = next((n for n in names if lowered.count(n.lower()) > 1), None)
    if twice is not None:
        raise stop(
            "source.ambiguous",
            f"two columns are named `{twice}` in the header",
            source.path,
            line,
            f"name the columns: `{_unique(call, names)}`",
        )
    if call.get("normalize_names"):
        names = _normalized(connection, source, dialect)
    return names


def _unique(call: Call, names: Sequence[str]) -> str:
    seen: dict[str, int] = {}
    out = []
    for name in names:
        count = seen[name.lower()] = seen.get(name.lower(), 0) + 1
        out.append(name if count == 1 else f"{name}_{count}")
    return call.suggest(names="[" + ", ".join(literal(n) for n in out) + "]")


def _check_stated_names(names: list[str], head: Sequence[str], source: Source, dialect: Dialect) -> None:
    """Stated columns may rename, but not silently swap what the header says."""
    wanted, found = [n.lower() for n in names], [h.strip().lower() for h in head]
    if (
        wanted != found
        and set(wanted) & set(found)
        and any(w != f and w in found for w, f in zip(wanted, found, strict=True))
    ):
        message = f"`columns` names {', '.join(names)}; the header says {', '.join(h.strip() for h in head)}"
        raise stop("source.contract", message, source.path, dialect.skip + 1, "list the columns in the file's order")


def _normalized(connection: duckdb.DuckDBPyConnection, source: Source, dialect: Dialect) -> list[str]:
    options = (
        f"header = true, all_varchar = true, normalize_names = true, delim = {literal(dialect.delim)}, "
        f"quote = {literal(dialect.quote)}, escape = {literal(dialect.escape)}, skip = {dialect.skip}"
    )
    call = joined([source], lambda run, packed: f"read_csv([{run[0].pattern}], compression = {packed}, {options})")
    return [name for name, _ in columns_of(connection, call)]


# --- every load


def held(call: Call, table: Table, sources: Sequence[Source]) -> None:
    """Refuse files whose header is not the recorded one, and files that are empty, end early, or of which rows would be lost.

    The values are held by the strict SQL.

    Raises:
        DatasetError: `source.contract`, `source.empty`, `source.truncated`, `source.encoding`, `source.ragged`, `source.ambiguous`.
    """
    each(sources, lambda source: check_kind(source, call))
    facts = each(sources, lambda source: check_text(source, call))
    each(sources, lambda source: check_head(call, table, source))
    with scratch() as connection:
        for here, group in _check_content(connection, call, table, sources, facts):
            check_swallowed(connection, call, here, group)


def typed(call: Call, table: Table, sources: Sequence[Source]) -> Table:
    """The table with types for the columns that had no values so far and have some in `sources`, which are all files.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    kept = {c.column: c for c in table.casts if not c.empty}
    texts = replace(table, casts=tuple(Cast(c.column, "VARCHAR") for c in table.casts))
    with scratch() as connection:
        return replace(table, casts=casts_of(connection, call, texts, sources, kept))
