"""Whether what stands in a disposable file has the form of a contract: it goes into SQL, and others may have written it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from andon.errors import MachineError
from andon.model.dataset import Definition
from andon.model.types import parse_type
from andon.sources.files.amounts import amount_of
from andon.sources.files.calls import format_of, key_of
from andon.sources.files.columnar import ParquetColumns
from andon.sources.files.table import Table

_QUOTED = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'")
#: What types are made of beside quoted names and values.
_UNQUOTED = re.compile(r"[A-Za-z0-9_ ,()\[\]]*")
_OTHER = [["json", "JSON"]]


def is_contract(found: Mapping[str, Any], definition: Definition) -> bool:
    """Whether `found` is a contract that `establish` may have made of `definition`, and all its types are nothing but types."""
    reads = found.get("reads")
    if set(found) - {"reads", "recorded"} or found.get("recorded", 0) != definition.recorded:
        return False
    if not isinstance(reads, list) or len(reads) != len(definition.reads):
        return False
    return all(
        isinstance(entry, dict)
        and (entry.get("call"), entry.get("format"), entry.get("function"))
        == (key_of(read), format_of(read), read.function)
        and _is_listed(entry.get("partitions"))
        and are_columns(entry["partitions"])
        and _is_entry(entry)
        for entry, read in zip(reads, definition.reads, strict=True)
    )


def are_columns(found: Iterable[Sequence[str]]) -> bool:
    """Whether each is a name with a type that the engine, or a source's call, knows."""
    return all(_is_type(kind) for _, kind in found)


def _is_entry(entry: Mapping[str, Any]) -> bool:
    """Whether the part of an entry that is about columns is one of its format."""
    match entry["format"]:
        case "parquet":
            columns, empty = entry.get("columns"), entry.get("empty", [])
            if (
                not _is_listed(columns)
                or not isinstance(empty, list)
                or not isinstance(entry.get("mixed", False), bool)
            ):
                return False
            known = ParquetColumns.of(entry)
            return set(known.empty) <= {name for name, _ in known.types} and are_columns(known.types)
        case "other":
            return bool(entry.get("columns") == _OTHER)
    try:
        table = Table.of(entry)
    except MachineError:
        return False
    return all(_is_type(cast.type) for cast in table.casts)


def _is_listed(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(each, list) and len(each) == 2 and all(isinstance(text, str) for text in each) for each in found
    )


def _is_type(text: str) -> bool:
    if amount_of(text) is not None:
        return True
    if not _UNQUOTED.fullmatch(_QUOTED.sub("", text)):
        return False
    try:
        parse_type(text)
    except (ValueError, RecursionError):
        return False
    return True
