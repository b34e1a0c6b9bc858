"""The SQL that a source runs: each read call replaced by a strict one over exactly its files, casts that refuse included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from andon.base.names import quote
from andon.base.record import replace
from andon.errors import DatasetError
from andon.model.dataset import Definition
from andon.sources.failures import refusal
from andon.sources.files import columnar, documents, excel, partitions
from andon.sources.files.calls import Call, parse_call
from andon.sources.files.casts import Cast
from andon.sources.files.paths import files_of
from andon.sources.files.patterns import type_name
from andon.sources.files.raw_text import Source, joined
from andon.sources.files.table import Table, is_lenient, relation, sources_of
from andon.sources.files.unions import tables_of
from andon.sql.reads import replace_reads


def render(definition: Definition, contract: Mapping[str, Any], files: Mapping[str, Path]) -> str:
    """The text of `definition` with every read call replaced by a strict read of those of `files` that it means.

    Lines keep their numbers. A value that the contract's types can't hold unchanged fails the query with a message that
    `explain` understands.

    Raises:
        DatasetError: `source.contract` when the contract is not one of this definition.
    """
    return replace_reads(definition.sql or "", definition.reads, strict_reads(definition, contract, files))


def strict_reads(definition: Definition, contract: Mapping[str, Any], files: Mapping[str, Path]) -> list[str]:
    """What `render` puts in the place of each read call. Raises as `render`."""
    return _replacements(definition, contract, lambda call, entry: _table_expression(call, entry, files))


def last_of_each(sql: str, key: Sequence[str]) -> str:
    """The rows of `sql` in their order, of those with one key the last; rows without one are all kept. Lines keep their numbers."""
    keys, number = ", ".join(map(quote, key)), quote("andon number")
    without = " or ".join(f"{quote(name)} is null" for name in key)
    return (
        f"select * exclude ({number}) from (select *, row_number() over () as {number} from ({sql}\n))"
        f" qualify row_number() over (partition by {keys} order by {number} desc) = 1 or {without} order by {number}"
    )


def outline(definition: Definition, contract: Mapping[str, Any], files: Mapping[str, Path]) -> str:
    """What `render` gives without any row of text files: the same columns, told without casts, which cost the engine more than the rest.

    Raises:
        DatasetError: see `render`.
    """

    def empty(call: Call, entry: Mapping[str, Any]) -> str:
        if call.format not in ("csv", "json", "xlsx"):
            return _table_expression(call, entry, files)
        spelled = spell(files_of(call.read, list(files)), files)
        columns = [f"cast(null as {c.kept}) as {quote(c.column)}" for c in Table.of(entry).casts]
        return _select([*columns, *_from_paths(call, entry, spelled)], "(select '' as filename) where false")

    return replace_reads(definition.sql or "", definition.reads, _replacements(definition, contract, empty))


def read_columns(definition: Definition, contract: Mapping[str, Any], number: int = 0) -> list[tuple[str, str]]:
    """The columns, with their types, that stand for one read of a source.

    Raises:
        DatasetError: see `render`.
    """
    call = parse_call(definition.reads[number], definition.dataset)
    entry = _entry_of(call, definition, {each["call"]: each for each in contract["reads"]})
    if call.format in ("csv", "json", "xlsx"):
        columns = [(cast.column, cast.kept) for cast in Table.of(entry).casts]
    else:
        columns = [(str(name), str(kind)) for name, kind in entry["columns"]]
    columns += [(str(name), str(kind)) for name, kind in entry["partitions"]]
    name = _filename(call)
    return [(name, "VARCHAR"), *columns] if name is not None else columns


def _entry_of(call: Call, definition: Definition, entries: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    entry = entries.get(call.key)
    if entry is None:
        raise DatasetError(
            "source.contract",
            f"nothing is recorded for `{call.suggest()}`",
            where=definition.dataset,
            hint="run it again",
        )
    return entry


def _filename(call: Call) -> str | None:
    """The column that names each row's file, where one is asked for."""
    stated = call.get("filename")
    if not stated:
        return None
    return stated if isinstance(stated, str) and stated.lower() not in ("true", "false") else "filename"


def _replacements(
    definition: Definition, contract: Mapping[str, Any], expression: Callable[[Call, Mapping[str, Any]], str]
) -> list[str]:
    entries = {entry["call"]: entry for entry in contract["reads"]}
    replacements = []
    for read in definition.reads:
        call = parse_call(read, definition.dataset)
        text = expression(call, _entry_of(call, definition, entries))
        lines = (definition.sql or "").count("\n", read.start, read.end)
        replacements.append(text + "\n" * lines)
    return replacements


def _table_expression(call: Call, entry: Mapping[str, Any], files: Mapping[str, Path]) -> str:
    paths = files_of(call.read, list(files))
    spelled = spell(paths, files)
    extra = _from_paths(call, entry, spelled)
    if call.format == "parquet":
        return columnar.rows(call, entry, files, spelled, extra)
    sources = [replace(s, spelled=spelled[s.path]) for s in sources_of(call, files, paths)]
    if call.format == "other":
        return _select(["json", *extra], _passed_through(call, sources))
    table = Table.of(entry)
    if call.format == "json":
        body = documents.relation(call, table, sources)
        return _select([*documents.select_list(table, _bad), *extra], body)
    if call.format == "xlsx":
        return _select([*_casts(table, table.casts), *extra], excel.relation(call, table, sources))
    return _csv(call, table, sources, extra)


def _from_paths(call: Call, entry: Mapping[str, Any], spelled: Mapping[str, str]) -> list[str]:
    """SQL: the columns that paths tell, over the column `filename` of where copies lie."""
    paths_of = {text: path for path, text in spelled.items()}
    extra = partitions.select_list(entry["partitions"], paths_of, "filename")
    shown = _filename(call)
    if shown is not None:
        extra.insert(0, f"{partitions.lookup(paths_of, 'filename')} as {quote(shown)}")
    return extra


def _csv(call: Call, table: Table, sources: Sequence[Source], extra: Sequence[str]) -> str:
    if is_lenient(call):
        return _passing_over(call, table, sources, extra)
    if not (call.get("union_by_name") and table.head is not None):
        return _select([*_casts(table, table.casts), *extra], relation(call, table, sources))
    parts = []
    for here, group in tables_of(call, table, sources):
        names = {c.column for c in here.casts}
        listed = _casts(here, here.casts)
        listed += [f"cast(null as {c.kept}) as {quote(c.column)}" for c in table.casts if c.column not in names]
        inner = _select([*listed, *extra], relation(call, here, group))
        parts.append(f"select {', '.join(quote(c.column) for c in table.casts)}{_aliases(extra)} from {inner}")
    return f"({' union all '.join(parts)})"


def _passing_over(call: Call, table: Table, sources: Sequence[Source], extra: Sequence[str]) -> str:
    """Rows with a value that does not fit are left out, as their author wants it; no value is changed so that it fits."""
    texts = {c.column: f"andon_text_{i}" for i, c in enumerate(table.casts) if type_name(c.type) != "VARCHAR"}
    listed = [
        f"{c.sql(quote(c.column), table.dialect, 'null')} as {quote(c.column)}"
        if c.column in texts
        else quote(c.column)
        for c in table.casts
    ]
    listed += [f"{quote(column)} as {name}" for column, name in texts.items()]
    fit = " and ".join(f"({name} is null or t.{quote(column)} is not null)" for column, name in texts.items())
    names = ", ".join(quote(c.column) for c in table.casts) + _aliases(extra)
    inner = _select([*listed, *extra], relation(call, table, sources))
    return f"(select {names} from {inner} t where {fit or 'true'})"


def _aliases(extra: Sequence[str]) -> str:
    return "".join(", " + e.rsplit(" as ", 1)[1] for e in extra)


def _casts(table: Table, casts: Sequence[Cast]) -> list[str]:
    return [
        quote(c.column)
        if type_name(c.type) == "VARCHAR"
        else f"{c.sql(quote(c.column), table.dialect, _bad(c))} as {quote(c.column)}"
        for c in casts
    ]


def _bad(cast: Cast) -> str:
    return refusal(cast.column, cast.type, quote(cast.column))


def _select(columns: Sequence[str], relation: str) -> str:
    """A query in brackets: it also hides the engine's virtual columns, which would show where copies lie."""
    return f"(select {', '.join(columns)} from {relation})"


def _passed_through(call: Call, sources: Sequence[Source]) -> str:
    answered = {"filename", "compression", "hive_partitioning", "hive_types", "hive_types_autocast"}
    stated = "".join(f", {n} = {t}" for n, t in call.texts.items() if n not in answered)
    return joined(
        sources,
        lambda run, packed: (
            f"{call.read.function}([{', '.join(s.pattern for s in run)}], compression = {packed}{stated})"
        ),
    )


def spell(paths: Sequence[str], files: Mapping[str, Path]) -> dict[str, str]:
    """The text by which the engine is told of each path. Equal files share one copy: spelt anew for each, to tell them apart."""
    seen: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for path in paths:
        stored = str(files[path])
        count = seen[stored] = seen.get(stored, -1) + 1
        spelled[path] = str(Path(stored).parent) + "/." * count + "/" + Path(stored).name
    return spelled
