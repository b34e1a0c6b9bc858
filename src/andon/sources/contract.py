"""A source's contract: what its first load recorded about dialect, columns and types, and what later loads are held to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from andon.errors import DatasetError, MachineError
from andon.model.dataset import Definition
from andon.sources.failures import engine_error
from andon.sources.files import columnar, delimited, documents, partitions
from andon.sources.files.calls import Call, parse_call
from andon.sources.files.paths import check_local, files_of
from andon.sources.files.raw_text import check_whole
from andon.sources.files.table import Table, sources_of

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

    known = {entry["call"]: entry for entry in (previous or {}).get("reads", ())}
    try:
        calls = [parse_call(read, definition.dataset) for read in definition.reads]
        return {"reads": [_entry(definition.dataset, call, files, known, fresh) for call in calls]}
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
    dataset: str,
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
            "source.missing", f"no file fits `{', '.join(call.read.patterns)}`", where=dataset, hint="add the file"
        )
    before = known.get(call.key)
    entry: dict[str, Any] = {"call": call.key, "format": call.format, "function": call.read.function}
    entry["partitions"] = partitions.establish(call, paths, before.get("partitions") if before else None)
    if call.format == "parquet":
        entry["columns"] = columnar.columns(call, files, paths, before["columns"] if before else None)
        return entry
    sources = sources_of(call, files, paths)
    if call.format == "other":
        for source in sources:
            check_whole(source)
        entry["columns"] = [["json", "JSON"]]
        return entry
    module = delimited if call.format == "csv" else documents
    if before is not None:
        new = [s for s in sources if fresh is None or s.path in fresh]
        if new:
            module.held(call, Table.of(before), new)
        return before
    return {**entry, **module.first_load(call, sources).entry()}


def describe(contract: Mapping[str, Any]) -> list[str]:
    """What a person reads at a first load: how each file is read, and its columns with their types."""
    lines: list[str] = []
    for entry in contract["reads"]:
        lines.append(f"{entry['function']}: {_how(entry)}")
        width = max((len(name) for name, _ in entry["columns"]), default=0)
        formats = entry.get("formats", {})
        for name, kind in [*entry["columns"], *entry.get("partitions", ())]:
            form = f"  as {formats[name]}" if name in formats else ""
            lines.append(f"  {name:<{width}}  {kind}{form}")
    return lines


def _how(entry: Mapping[str, Any]) -> str:
    if entry["format"] != "csv":
        return str(entry["format"])
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
