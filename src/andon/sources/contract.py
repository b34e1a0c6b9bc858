"""A source's contract: what its first load recorded about dialect, columns and types, and what later loads are held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from andon.base.record import replace
from andon.errors import DatasetError, MachineError
from andon.model.dataset import Definition
from andon.model.load import SchemaPolicy
from andon.sources.complete import complete
from andon.sources.failures import engine_error
from andon.sources.files import columnar, delimited, documents, excel, partitions
from andon.sources.files.calls import Call, parse_call
from andon.sources.files.casts import SHORT
from andon.sources.files.paths import check_local, files_of
from andon.sources.files.raw_text import Source, check_whole
from andon.sources.files.table import Table, sources_of
from andon.sources.files.widening import widens

#: So many types are counted by name where columns are not listed.
_TYPES = 5

#: What finds tables of texts, by the format of the call.
_MODULES: Mapping[str, ModuleType] = {"csv": delimited, "json": documents, "xlsx": excel}

#: `{"reads": [entry, …]}`, one entry for each read of the definition, in its order; JSON values only.
Contract = dict[str, Any]


def establish(
    definition: Definition,
    files: Mapping[str, Path],
    previous: Mapping[str, Any] | None,
    fresh: Collection[str] | None = None,
) -> Contract:
    """The contract of a source over `files`. What has none yet is looked at whole; a read whose call is unchanged keeps its
    entry, and its files are held to it.

    Args:
        files: the content to read by project path.
        previous: the contract of the build before, if any.
        fresh: those of `files` that were not held to `previous` yet; None means all.

    Raises:
        DatasetError: `source.*`, with the place and what to write.
        MachineError: `machine.disk`.
    """
    import duckdb

    anew = previous is None or previous.get("recorded", 0) != definition.recorded
    known = {entry["call"]: entry for entry in (previous or {}).get("reads", ())} if not anew else {}
    try:
        calls = [parse_call(read, definition.dataset) for read in definition.reads]
        contract: Contract = {"reads": [_entry(definition, call, files, known, fresh) for call in calls]}
        return {**contract, "recorded": definition.recorded} if definition.recorded else contract
    except FileNotFoundError as error:
        stored = {str(path): name for name, path in files.items()}
        where = stored.get(str(error.filename), definition.dataset)
        raise DatasetError("source.missing", "the file is not there any more", where=where, hint="run again") from error
    except OSError as error:
        message = f"a source of `{definition.dataset}` can't be read: {error.strerror or error}"
        raise MachineError(
            "machine.disk", message, where=definition.dataset, hint="check the disk and the rights"
        ) from error
    except duckdb.Error as error:
        projected = {str(path): name for name, path in files.items()}
        raise engine_error(str(error), projected, definition.entry) from error


def _entry(
    definition: Definition,
    call: Call,
    files: Mapping[str, Path],
    known: Mapping[str, dict[str, Any]],
    fresh: Collection[str] | None,
) -> dict[str, Any]:
    paths = files_of(call.read, list(files))
    if not paths:
        for pattern in call.read.patterns:
            check_local(pattern)
        raise DatasetError(
            "source.missing", f"no file fits `{', '.join(call.read.patterns)}`", where=call.dataset, hint="add the file"
        )
    before = known.get(call.key)
    entry: dict[str, Any] = {"call": call.key, "format": call.format, "function": call.read.function}
    entry["partitions"] = partitions.establish(call, paths, before.get("partitions") if before else None)
    if call.format == "parquet":
        entry |= _parquet(definition, call, files, paths, before, fresh).entry()
        partitions.check_apart(call, entry["partitions"], entry["columns"], paths[0])
        return entry
    sources = sources_of(call, files, paths)
    if call.format == "other":
        for source in sources:
            check_whole(source)
        entry["columns"] = [["json", "JSON"]]
        return entry
    module = _MODULES[call.format]
    if before is not None:
        new = [s for s in sources if fresh is None or s.path in fresh]
        if new:
            before = {**before, **_held(definition, module, call, Table.of(before), new, sources).entry()}
        return {**before, "partitions": entry["partitions"]}
    try:
        entry |= module.first_load(call, sources).entry()
    except DatasetError as error:
        raise complete(
            call, error, sources, lambda other: module.first_load(other, sources_of(other, files, paths))
        ) from error
    partitions.check_apart(call, entry["partitions"], entry["columns"], paths[0])
    return entry


def _held(
    definition: Definition,
    module: ModuleType,
    call: Call,
    table: Table,
    new: Sequence[Source],
    every: Sequence[Source],
) -> Table:
    """The table that `new` files are held to: the recorded one, with types for columns that were empty, and with new columns if the
    source's author wants them."""
    try:
        module.held(call, table, new)
    except DatasetError as error:
        # types of text are what its values are: none of them is wider than another for certain
        if definition.schema is SchemaPolicy.EXACT or not error.details.get("only_new"):
            raise
        kept = {c.column: c for c in table.casts if not c.empty}
        try:
            found: Table = module.first_load(call, every)
        except DatasetError as other:
            # columns that stand in one order don't grow file by file: the header says more than the row that follows from it
            raise error if other.code == "source.ragged" else other from None
        table = replace(found, casts=tuple(kept.get(c.column, c) for c in found.casts))
        module.held(call, table, new)
    empty = any(c.empty for c in table.casts)
    return cast("Table", module.typed(call, table, every)) if empty else table


def _parquet(
    definition: Definition,
    call: Call,
    files: Mapping[str, Path],
    paths: Sequence[str],
    before: Mapping[str, Any] | None,
    fresh: Collection[str] | None,
) -> columnar.ParquetColumns:
    recorded = columnar.ParquetColumns.of(before) if before else None
    try:
        return columnar.columns(call, files, paths, recorded, fresh if before else None)
    except DatasetError as error:
        only_new = bool(error.details.get("only_new"))
        if definition.schema is SchemaPolicy.EXACT or not (only_new or definition.schema is SchemaPolicy.WIDEN):
            raise
        found = columnar.columns(call, files, paths, None, fresh)
        empty, now = recorded.empty if recorded else (), dict(found.types)
        for name, old in recorded.types if recorded else ():
            new = now.get(name)
            wider = new is not None and definition.schema is SchemaPolicy.WIDEN and widens(old, new)
            if name not in empty and new != old and not wider:
                raise
        return found


def describe(contract: Mapping[str, Any], most: int | None = None, all_by: str = "") -> list[str]:
    """What a person reads at a first load: how each file is read, and its columns with their types.

    Args:
        most: of more columns than this only the first are listed, the others counted by type; None lists all.
        all_by: what lists all then.
    """
    lines: list[str] = []
    for entry in contract["reads"]:
        lines.append(f"{entry['function']}: {_how(entry)}")
        columns = [*entry["columns"], *entry.get("partitions", ())]
        listed = columns if most is None or len(columns) <= most else columns[: most // 2]
        width = max((len(name) for name, _ in listed), default=0)
        formats = entry.get("formats", {})
        for name, kind in listed:
            form = f"  as {formats[name]}" if name in formats else ""
            if formats.get(name) == SHORT:
                form = "  without zeros at the end"
            if name in entry.get("empty", ()):
                form = "  no values yet: the first load that has some decides"
            if name in entry.get("amounts", ()):
                form = f"  amounts in text; to read their numbers: `{entry['amounts'][name]}`"
            lines.append(f"  {name:<{width}}  {kind}{form}")
        if len(listed) < len(columns):
            lines.append(f"  and {len(columns) - len(listed):,} more: {_by_type(columns[len(listed) :])}; {all_by}")
    return lines


def _by_type(columns: Sequence[Sequence[str]]) -> str:
    """How many columns there are of each type, the most first."""
    counts = Counter(kind for _, kind in columns).most_common()
    named = ", ".join(f"{count:,} {kind}" for kind, count in counts[:_TYPES])
    return named + (f" and {len(counts) - _TYPES} other types" if len(counts) > _TYPES else "")


def _how(entry: Mapping[str, Any]) -> str:
    if entry["format"] != "csv":
        return {"xlsx": "a sheet of a workbook"}.get(entry["format"], str(entry["format"]))
    dialect = entry["dialect"]
    delim = {"\t": "tab"}.get(dialect["delim"], f"`{dialect['delim']}`")
    parts = [f"delimiter {delim}", f"quote `{dialect['quote']}`" if dialect["quote"] else "no quotes"]
    parts.append("header" if dialect["header"] else "no header")
    if dialect["skip"]:
        parts.append(f"skips {dialect['skip']} lines")
    if dialect["decimal"] != ".":
        parts.append(f"decimal `{dialect['decimal']}`")
    if dialect["thousands"]:
        parts.append(f"thousands `{dialect['thousands']}`")
    parts.append(dialect["encoding"])
    return ", ".join(parts)
