"""The contract of a JSON read: columns and types from every value at first load; later files may not add keys or other types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.errors import DatasetError
from andon.sources.failures import each, shown, stop
from andon.sources.files.amounts import amount_of
from andon.sources.files.calls import Call
from andon.sources.files.casts import Cast
from andon.sources.files.conversions import filtered, to_utf8
from andon.sources.files.dialect import Dialect
from andon.sources.files.faithful import check_digits, check_kinds, check_mixed, check_names
from andon.sources.files.infer import decided_cast, stated_types
from andon.sources.files.kinds import check_kind
from andon.sources.files.look import Look
from andon.sources.files.patterns import type_name
from andon.sources.files.raw_text import Source, check_utf8, check_whole, chunks, joined
from andon.sources.files.scratch import scratch
from andon.sources.files.table import Table, run

if TYPE_CHECKING:
    import duckdb

#: An option that no call of the engine has: types of some columns, stated where there is no call to state them all.
STATED = "andon_types"
_ANSWERED = frozenset(
    {
        STATED,
        "columns",
        "auto_detect",
        "sample_size",
        "compression",
        "filename",
        "union_by_name",
        "hive_partitioning",
        "hive_types",
        "hive_types_autocast",
        "maximum_sample_files",
        "convert_strings_to_integers",
    }
)
#: Types that the engine reads from JSON by changing values (1.5 as 2, 10:00+02 as 10:00): read as text, then cast strictly.
_GUARDED = (
    "BIGINT",
    "UBIGINT",
    "HUGEINT",
    "DOUBLE",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "TIME",
    "BOOLEAN",
    "DECIMAL",
)
_PLAIN = Dialect(delim="\x01")


def is_guarded(cast: Cast) -> bool:
    """Whether a column is read as text and cast by Andon."""
    kind = type_name(cast.type)
    return kind in _GUARDED or amount_of(cast.type) is not None or re.fullmatch(r"DECIMAL(\(.*\))?", kind) is not None


def relation(call: Call, table: Table, sources: Sequence[Source], whole: bool = False) -> str:
    """SQL: the read of `sources` with the contract's columns; `whole`: with the engine's own detection over all values."""
    options = {name: text for name, text in call.texts.items() if name not in _ANSWERED}
    if whole:
        options |= {"sample_size": "-1", "maximum_sample_files": str(max(len(sources), 1)), "union_by_name": "true"}
    else:
        columns = ", ".join(
            f"{literal(c.column)}: {literal('VARCHAR' if is_guarded(c) else c.type)}" for c in table.casts
        )
        options["columns"] = "{" + columns + "}"
    options["hive_partitioning"] = "false"  # what folders say is not in the files, and copies lie in others
    function = "read_ndjson" if "ndjson" in call.read.function else "read_json"
    stated = "".join(f", {name} = {text}" for name, text in options.items())
    return joined(
        sources,
        lambda run, packed: f"{function}([{', '.join(s.pattern for s in run)}], compression = {packed}{stated})",
    )


def first_load(call: Call, sources: Sequence[Source]) -> Table:
    """The contract that the JSON files of a call make, all of them together.

    Raises:
        DatasetError: where a type would change a value, or the files hold no records.
    """
    each(sources, lambda source: _check_start(source, call))
    blank = Table(_PLAIN, (), None)
    with scratch() as connection:
        stated = call.get("columns")
        if isinstance(stated, Mapping):
            names = list(stated)
            types = stated_types(stated, names)
            check_digits(connection, call, sources, types, "source.ambiguous")
            return replace(blank, casts=tuple(Cast(n, types[n], None, True) for n in names))
        found = _detected(connection, call, blank, sources)
        if [n for n, _ in found] == ["json"]:
            raise _no_records(connection, call, blank, sources)
        own = call.get(STATED) or {}
        table = replace(blank, casts=tuple(Cast(n, own.get(n, _kept(kind)), None, n in own) for n, kind in found))
        call = replace(call, known={c.column: c.type for c in table.casts})
        _check_faithful(connection, call, table, sources)
        reread = replace(table, casts=tuple(replace(c, type="VARCHAR") if is_guarded(c) else c for c in table.casts))
        casts = []
        for cast in table.casts:
            if is_guarded(cast) and type_name(cast.type) != "BOOLEAN" and not cast.stated:
                look = Look(connection, call, reread, sources, relation(call, reread, sources))
                decided = decided_cast(look, cast.column)
                cast = _checked(call, sources, cast, decided)
            if re.search(r"\bJSON\b", cast.type) and "maximum_depth" not in call.stated:
                # Nowhere in it is a value: what has several types was refused above.
                cast = replace(cast, type=re.sub(r"\bJSON\b", "VARCHAR", cast.type), empty=True)
            casts.append(cast)
        return replace(table, casts=tuple(casts))


def _check_faithful(connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]) -> None:
    """Refuse what the engine would read by changing it, or by guessing between types."""

    def as_json(name: str) -> str:
        return _as_json(call, table, sources, name)

    types = {c.column: c.type for c in table.casts}
    stated = {c.column for c in table.casts if c.stated}
    check_names(connection, call, sources, types, as_json)
    for name, kind in types.items():
        if name in stated:
            continue
        # The engine's word for values that have no type in common; a person who states a depth wants JSON below it.
        if re.search(r"\bJSON\b", kind) and "maximum_depth" not in call.stated:
            check_mixed(connection, call, sources, types, name, as_json(name))
    check_digits(connection, call, sources, types, "source.ambiguous")


def _as_json(call: Call, table: Table, sources: Sequence[Source], name: str) -> str:
    """SQL: a read of one key as it is written."""
    return relation(call, replace(table, casts=(Cast(name, "JSON"),)), sources)


def _checked(call: Call, sources: Sequence[Source], cast: Cast, decided: Cast) -> Cast:
    """The type that the texts allow; a column that the engine takes for numbers or times and the texts don't is told."""
    if type_name(decided.type) == "VARCHAR" and type_name(cast.type) not in ("DATE", "TIMESTAMP", "TIME"):
        message = f"column `{cast.column}` can't be read as {cast.type} without changing values"
        raise stop(
            "source.ambiguous",
            message,
            sources[0].path,
            hint=f"state its type: `{call.suggest_type(cast.column, 'VARCHAR')}`",
        )
    return decided


def _kept(kind: str) -> str:
    """A type whose nested times are text: inside a list or a struct no strict cast can watch over them."""
    if kind.endswith(("]", ")")) and ("TIMESTAMP" in kind or "DATE" in kind):
        return re.sub(r"\b(TIMESTAMP( WITH TIME ZONE)?|DATE)\b", "VARCHAR", kind)
    return kind


def with_known(call: Call, sources: Sequence[Source]) -> Call:
    """`call` with the types that the engine finds in all of `sources`, so that a call that states one column can be shown."""
    blank = Table(_PLAIN, (), None)
    with scratch() as connection:
        found = _detected(connection, call, blank, sources)
    return replace(call, known={name: _kept(kind) for name, kind in found})


def _detected(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]
) -> list[tuple[str, str]]:
    found = run(connection, f"describe select * from {relation(call, table, sources, whole=True)}", call, sources)
    return [(name, kind) for name, kind, *_ in found]


def _no_records(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source]
) -> DatasetError:
    count = run(connection, f"select count(*) from {relation(call, table, sources, whole=True)}", call, sources)[0][0]
    if not count:
        return stop(
            "source.empty",
            "the file holds no records",
            sources[0].path,
            hint="fetch the file again, or state `columns`",
        )
    hint = "make each value an object with names, or read it with `read_json_objects`"
    return stop(
        "source.ambiguous", "the file's values are no objects, so they have no columns", sources[0].path, 1, hint
    )


def _check_start(source: Source, call: Call) -> None:
    check_whole(source)
    start = next(chunks(source), b"")[:4]
    if start.startswith(b"\xef\xbb\xbf"):
        hint = f"take it out: `{filtered(source.path, 'tail -c +4', source.compression)}`"
        raise stop(
            "source.encoding", "the file begins with a byte order mark, which JSON has not", source.path, 1, hint
        )
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = f"convert it: `{filtered(source.path, to_utf8('utf-16'), source.compression)}`"
        raise stop("source.encoding", "the file is UTF-16, not UTF-8", source.path, 1, hint)
    check_kind(source, call)
    check_utf8(source, call)


def held(call: Call, table: Table, sources: Sequence[Source]) -> None:
    """Refuse files with keys that the contract has not (the engine would leave them out) and nested values of other types.

    Columns that the call states itself are a choice of keys: others are left out on purpose.

    Raises:
        DatasetError: `source.contract`, `source.empty`, `source.truncated`, `source.encoding`.
    """
    each(sources, lambda source: _check_start(source, call))
    expected = {c.column: c for c in table.casts}
    call = replace(call, known={c.column: c.type for c in table.casts})
    with scratch() as connection:
        check_digits(connection, call, sources, {n: c.type for n, c in expected.items()}, "source.contract")
        if "columns" in call.stated:
            return
        found = _detected(connection, call, table, sources)
        if [n for n, _ in found] == ["json"] and "json" not in expected:
            return  # no records
        for name, kind in found:
            cast = expected.get(name)
            if cast is not None and (cast.empty or (cast.stated and type_name(cast.type) == "VARCHAR")):
                continue
            if cast is not None and re.search(r"\bJSON\b", kind) and not re.search(r"\bJSON\b", cast.type):
                one = replace(table, casts=(Cast(name, "JSON"),))
                types = {n: c.type for n, c in expected.items()}
                check_kinds(connection, call, sources, types, name, relation(call, one, sources))
                continue
            if cast is not None and (is_guarded(cast) or _fits(connection, kind, cast.type)):
                continue
            path = _file_of(connection, call, table, sources, name, kind)
            if cast is None:
                check_names(connection, call, sources, dict(found), lambda key: _as_json(call, table, sources, key))
                near = shown(", ".join(expected))
                raise stop(
                    "source.contract",
                    f"new key `{name}` ({shown(kind)}), not among the recorded ones: {near}",
                    path,
                    hint=call.more_columns([n for n, _ in found if n not in expected]),
                    column=name,
                    only_new=True,
                )
            raise stop(
                "source.contract",
                f"column `{name}` is {shown(kind)}, recorded is {shown(cast.type)}",
                path,
                hint=f"fix the file; {call.anew}",
                column=name,
            )


def typed(call: Call, table: Table, sources: Sequence[Source]) -> Table:
    """The table with types for the columns that had no values so far and have some in `sources`, which are all files.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    now = {c.column: c for c in first_load(call, sources).casts}
    return replace(table, casts=tuple(now.get(c.column, c) if c.empty else c for c in table.casts))


def _file_of(
    connection: duckdb.DuckDBPyConnection, call: Call, table: Table, sources: Sequence[Source], name: str, kind: str
) -> str:
    """The first file in which column `name` shows as `kind`."""
    for source in sources:
        found = dict(_detected(connection, call, table, [source]))
        if found.get(name) == kind or (name in found and len(sources) == 1):
            return source.path
    return sources[-1].path


def _fits(connection: duckdb.DuckDBPyConnection, found: str, expected: str) -> bool:
    """Whether every value of type `found` is one of `expected`, nothing lost."""
    return found == expected or _type_fits(connection.type(found), connection.type(expected), expected)


def _type_fits(found: Any, expected: Any, text: str = "") -> bool:
    if found == expected or text == "JSON" or str(expected) == "JSON" or str(found) == "JSON":
        return True
    kinds = (found.id, expected.id)
    if kinds in (("bigint", "double"), ("date", "timestamp")) or (
        kinds[1] == "varchar" and kinds[0] in ("date", "timestamp", "time", "uuid")
    ):
        return True
    if kinds == ("struct", "map"):
        return all(_type_fits(kind, dict(expected.children)["value"]) for _, kind in found.children)
    if kinds[0] != kinds[1] or not hasattr(found, "children"):
        return False
    if kinds[0] in ("list", "map", "struct"):
        wanted = dict(expected.children)
        return all(name in wanted and _type_fits(kind, wanted[name]) for name, kind in found.children)
    return False


def select_list(table: Table, bad: Any) -> list[str]:
    """SQL: the contract's columns, strictly cast."""
    return [
        f"{c.sql(quote(c.column), table.dialect, bad(c))} as {quote(c.column)}" if is_guarded(c) else quote(c.column)
        for c in table.casts
    ]
