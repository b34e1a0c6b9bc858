"""The contract of a Parquet read: names and types, which every file must have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.names import literal, quote
from andon.base.record import Record, replace
from andon.errors import DatasetError
from andon.sources.failures import shown, stop
from andon.sources.files.calls import Call
from andon.sources.files.parquet_guard import check_start, check_values, run
from andon.sources.files.raw_text import only_path
from andon.sources.files.scratch import scratch
from andon.sources.files.widening import common, loss, may_hold, widens

if TYPE_CHECKING:
    import duckdb

_ANSWERED = frozenset({"filename", "union_by_name", "hive_partitioning", "hive_types", "hive_types_autocast"})

#: Up to so many files are listed one by one.
_LISTED = 12


def relation(call: Call, stored: Sequence[str]) -> str:
    """SQL: the read of the stored files."""
    is_copy = call.read.function not in ("read_parquet", "parquet_scan")  # of a table that has options of its own
    options = {} if is_copy else {name: text for name, text in call.texts.items() if name not in _ANSWERED}
    options["hive_partitioning"] = "false"
    if call.get("union_by_name"):
        options["union_by_name"] = "true"
    listed = ", ".join(literal(only_path(path)) for path in stored)
    return f"read_parquet([{listed}], {', '.join(f'{n} = {t}' for n, t in options.items())})"


class ParquetColumns(Record):
    """What is known of the columns of a read.

    Attributes:
        types: names and types, in order.
        empty: those that have no values in any file.
        mixed: whether files have some of them with other types, or without values: each is then read by its own.
    """

    types: tuple[tuple[str, str], ...]
    empty: tuple[str, ...] = ()
    mixed: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> ParquetColumns:
        """What an entry of a contract records."""
        types = tuple((name, kind) for name, kind in entry["columns"])
        return cls(types, tuple(entry.get("empty", ())), bool(entry.get("mixed")))

    def entry(self) -> dict[str, Any]:
        """The entry's part; what is as usual is left out."""
        listed = [[name, kind] for name, kind in self.types]
        return (
            {"columns": listed}
            | ({"empty": list(self.empty)} if self.empty else {})
            | ({"mixed": True} if self.mixed else {})
        )


class _Group(Record):
    """Files with one physical schema, and its columns as the engine reads them."""

    paths: tuple[str, ...]
    types: Mapping[str, str]


def columns(
    call: Call,
    files: Mapping[str, Path],
    paths: Sequence[str],
    expected: ParquetColumns | None,
    fresh: Collection[str] | None = None,
) -> ParquetColumns:
    """The columns of the files, checked to be those of every file and, if given, those `expected`. Types may differ from file
    to file where no value is lost; a column without values is of any type.

    Args:
        fresh: those of `paths` whose values were not looked at yet; None means all.

    Raises:
        DatasetError: `source.contract`, `source.truncated`, `source.empty`, `source.ambiguous` for what would be read as something else.
    """
    for path in paths:
        check_start(path, files[path])
    with scratch() as connection:
        new = [path for path in paths if fresh is None or path in fresh]
        if new and "encryption_config" not in call.stated:
            check_values(connection, files, new)
        groups = _groups(connection, call, files, paths)
        names = _names(call, groups, expected)
        kinds = {name: {g.types[name] for g in groups if name in g.types} for name in names}
        if expected is not None and not expected.empty and all(kinds[n] <= {k} for n, k in expected.types):
            return expected
        return _typed(_Looked(connection, call, files, fresh), groups, names, expected)


class _Looked(Record):
    """What is at hand to look into the files."""

    connection: duckdb.DuckDBPyConnection
    call: Call
    files: Mapping[str, Path]
    fresh: Collection[str] | None

    def run(self, sql: str, paths: Sequence[str]) -> list[tuple[Any, ...]]:
        """The rows of a query over some of the files."""
        return run(self.connection, sql, self.files, paths)

    def without_values(self, groups: Sequence[_Group]) -> dict[str, set[str]]:
        """By column: the files in which it has no values, as the files' own statistics say."""
        if "encryption_config" in self.call.stated:
            return {}
        by_stored = {str(self.files[p]): p for g in groups for p in g.paths}
        listed = ", ".join(literal(only_path(stored)) for stored in by_stored)
        sql = (
            "select file_name, path_in_schema, bool_or(stats_null_count is null) from "
            f"parquet_metadata([{listed}]) group by all having bool_or(stats_null_count is distinct from num_values)"
        )
        filled, unknown = set(), set()
        for stored, name, is_unknown in self.run(sql, list(by_stored.values())):
            filled |= {(stored, name), (stored, name.split(", ")[0])}
            unknown |= {(stored, name)} if is_unknown else set()
        found: dict[str, set[str]] = {}
        for group in groups:
            for path in group.paths:
                stored = str(self.files[path])
                for name, kind in group.types.items():
                    # ParquetColumns of Arrow's null type read as integers and have no statistics.
                    asked = kind == "INTEGER" and (stored, name) in unknown
                    if (stored, name) not in filled or (asked and not self._has_values(path, name)):
                        found.setdefault(name, set()).add(path)
        return found

    def _has_values(self, path: str, name: str) -> bool:
        read = relation(self.call, [str(self.files[path])])
        return bool(self.run(f"select 1 from {read} where {quote(name)} is not null limit 1", [path]))


def _groups(
    connection: duckdb.DuckDBPyConnection, call: Call, files: Mapping[str, Path], paths: Sequence[str]
) -> list[_Group]:
    return [
        _Group(tuple(group), dict(_describe(connection, call, files, group[:1])))
        for group in _alike(connection, call, files, paths)
    ]


def _names(call: Call, groups: Sequence[_Group], expected: ParquetColumns | None) -> list[str]:
    """The names of the columns, which every file has in this order; by name, files may lack some."""
    wanted = [name for name, _ in expected.types] if expected is not None else []
    known = expected is not None
    for group in groups:
        found = list(group.types)
        if call.get("union_by_name"):
            new = [n for n in found if n not in wanted]
            if new and known:
                kind = shown(group.types[new[0]])
                message = f"column `{new[0]}` is {kind}, not among the recorded columns"
                raise stop(
                    "source.contract",
                    message,
                    group.paths[0],
                    hint=call.more_columns(new),
                    column=new[0],
                    expected=list(wanted),
                    found=found,
                    only_new=True,
                )
            wanted += new
        elif not wanted:
            wanted = found
        elif found != wanted:
            raise _different(call, group.paths[0], wanted, found, "" if known else groups[0].paths[0])
    return wanted


def _typed(
    looked: _Looked, groups: Sequence[_Group], names: Sequence[str], expected: ParquetColumns | None
) -> ParquetColumns:
    """The type of each column: as recorded, or the narrowest that holds the values of all files."""
    recorded = {n: k for n, k in expected.types if n not in expected.empty} if expected is not None else {}
    nothing = looked.without_values(groups)
    types: dict[str, str] = {}
    empty, mixed = [], False
    for name in names:
        having = [g for g in groups if name in g.types]
        kinds = list(dict.fromkeys(g.types[name] for g in having))
        filled = [g for g in having if not set(g.paths) <= nothing.get(name, set())]
        if not filled and name not in recorded:
            empty.append(name)
        known = recorded.get(name)
        types[name] = _kind(looked, name, filled, known) or known or kinds[0]
        mixed = mixed or kinds not in ([], [types[name]])
    return ParquetColumns(tuple(types.items()), tuple(empty), mixed)


def _kind(looked: _Looked, name: str, groups: Sequence[_Group], known: str | None) -> str | None:
    """The type of a column that has values in `groups`: the one `known`, if it holds all of them, else the narrowest that does."""
    kinds = list(dict.fromkeys(g.types[name] for g in groups))
    wanted = known or common(kinds)
    if wanted is None:
        if not kinds:
            return None
        other = next(g for g in groups if g.types[name] != kinds[0])
        message = f"column `{name}` is {shown(other.types[name])}, in `{groups[0].paths[0]}` it is {shown(kinds[0])}"
        hint = _apart(looked.call, name, groups)
        raise stop("source.contract", message, other.paths[0], hint=hint, column=name)
    for group in groups:
        found = group.types[name]
        # What was held to a recorded type before is not read again.
        new = [p for p in group.paths if known is None or looked.fresh is None or p in looked.fresh]
        lost = _lost(looked, group, name, wanted, new) if found != wanted else None
        if lost is None:
            continue
        what = f"column `{name}` is {shown(found)}, expected {shown(wanted)}"
        hint = _apart(looked.call, name, groups)
        if known is not None and _leads_on(looked, name, groups):
            hint = f"fix the file; {looked.call.anew}"
        more = {"is_wider": True} if known is not None and widens(wanted, found) else {}
        raise stop("source.contract", what + lost, group.paths[0], hint=hint, column=name, **more)
    return wanted


def _lost(looked: _Looked, group: _Group, name: str, wanted: str, paths: Sequence[str]) -> str | None:
    """Why values of a column in the files `paths` would not survive as the type `wanted`; None if they do."""
    found = group.types[name]
    if not may_hold(wanted, found):
        return ""
    condition = loss(name, wanted, found)
    if condition is None or not paths:
        return None
    read = relation(looked.call, [str(looked.files[p]) for p in paths])
    rows = looked.run(f"select {quote(name)}::varchar from {read} where {condition} limit 1", paths)
    return f", which does not hold `{shown(rows[0][0])}`" if rows else None


def _leads_on(looked: _Looked, name: str, groups: Sequence[_Group]) -> bool:
    """Whether the column can be recorded anew over all files."""
    try:
        _kind(looked, name, groups, None)
    except DatasetError:
        return False
    return True


def _apart(call: Call, column: str, groups: Sequence[_Group]) -> str:
    """What to write where a column has types in several files that no type has room for."""
    days = {g.types[column] for g in groups} == {"DATE", "TIMESTAMP"}
    kind = "TIMESTAMP" if days else "VARCHAR"
    if sum(len(g.paths) for g in groups) > _LISTED:
        return f"write the files anew with one type for {quote(column)}, or keep those with another in a folder and source of their own"
    parts = []
    for group in groups:
        one = replace(call, read=replace(call.read, patterns=tuple(map(only_path, group.paths)))).suggest()
        parts.append(f"select * replace (cast({quote(column)} as {kind}) as {quote(column)}) from {one}")
    return f"write the files anew with one type, or read each kind: `{' union all by name '.join(parts)}`"


def rows(
    call: Call, entry: Mapping[str, Any], files: Mapping[str, Path], spelled: Mapping[str, str], extra: Sequence[str]
) -> str:
    """SQL: the files' rows, with the recorded columns and `extra` ones.

    Args:
        spelled: how the engine is told of each path.
    """
    recorded = ParquetColumns.of(entry)
    if not recorded.mixed:
        listed = ", ".join([*(quote(name) for name, _ in recorded.types), *extra])
        return f"(select {listed} from {relation(call, list(spelled.values()))})"
    parts = []
    with scratch() as connection:
        for group in _groups(connection, call, files, list(spelled)):
            listed = ", ".join([*(_cast(name, kind, group.types.get(name)) for name, kind in recorded.types), *extra])
            parts.append(f"select {listed} from {relation(call, [spelled[p] for p in group.paths])}")
    return f"({' union all '.join(parts)})"


def _cast(name: str, kind: str, found: str | None) -> str:
    """SQL: a column as the recorded type; where no cast is without loss it has no values."""
    if found == kind:
        return quote(name)
    if found is not None and may_hold(kind, found):
        return f"cast({quote(name)} as {kind}) as {quote(name)}"
    if found is None:
        return f"cast(null as {kind}) as {quote(name)}"
    refused = f"error({literal(f'column {name} has values of another type')})"
    return f"case when {quote(name)} is null then cast(null as {kind}) else {refused} end as {quote(name)}"


def _alike(
    connection: duckdb.DuckDBPyConnection, call: Call, files: Mapping[str, Path], paths: Sequence[str]
) -> list[list[str]]:
    """The files in groups of one physical schema, so that types are asked for once a group."""
    if len(paths) == 1 or "encryption_config" in call.stated:
        return [[path] for path in paths]
    listed = ", ".join(literal(only_path(str(files[p]))) for p in paths)
    sql = (
        "select file_name, hash(list([name, type, type_length::varchar, num_children::varchar, converted_type, "
        "scale::varchar, precision::varchar, "
        f"logical_type])) from parquet_schema([{listed}]) group by file_name"
    )
    by_stored: dict[str, object] = dict(run(connection, sql, files, paths))
    groups: dict[object, list[str]] = {}
    for path in paths:
        groups.setdefault(by_stored.get(str(files[path]), path), []).append(path)
    return list(groups.values())


def _describe(
    connection: duckdb.DuckDBPyConnection, call: Call, files: Mapping[str, Path], paths: Sequence[str]
) -> list[list[str]]:
    sql = f"describe select * from {relation(call, [str(files[p]) for p in paths])}"
    return [[name, kind] for name, kind, *_ in run(connection, sql, files, paths)]


def _different(call: Call, path: str, wanted: Sequence[str], found: Sequence[str], first: str) -> DatasetError:
    """The error for other columns than the recorded ones, or those of the file `first`."""
    new, missing = [n for n in found if n not in wanted], [n for n in wanted if n not in found]
    parts = [f"new: `{n}`" for n in new] + [f"missing: `{n}`" for n in missing]
    origin = f"in `{first}`" if first else "recorded at the first load"
    message = f"the columns differ from those {origin}: {'; '.join(parts[:5]) or 'the order differs'}"
    only_new = bool(new) and not missing and not first
    by_name = f"columns by their names, NULL where a file has not all: `{call.suggest(union_by_name='true')}`"
    hint = call.more_columns(new) if only_new else by_name
    return stop(
        "source.contract", message, path, hint=hint, expected=list(wanted), found=list(found), only_new=only_new
    )
