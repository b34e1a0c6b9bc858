"""Manifests and manifest lists as Avro files. The schemas are those of Iceberg's specification, version 2."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from andon.base.hashing import digest

Schema = dict[str, Any]


def manifest(entries: Iterable[Mapping[str, Any]], properties: Mapping[str, str]) -> bytes:
    """A manifest file: one record per data file."""
    return _file(_parsed("manifest"), entries, properties)


def manifest_list(manifests: Iterable[Mapping[str, Any]], properties: Mapping[str, str]) -> bytes:
    """A manifest list: one record per manifest of a snapshot."""
    return _file(_parsed("list"), manifests, properties)


def manifests_in(data: bytes) -> list[str]:
    """The addresses of the manifests that a manifest list names.

    Raises:
        ValueError: it is none.
    """
    import fastavro

    try:
        return [str(record["manifest_path"]) for record in fastavro.reader(io.BytesIO(data))]  # type: ignore[index,call-overload]
    except (EOFError, KeyError, TypeError, IndexError, StopIteration) as error:
        raise ValueError(f"no list of manifests: {error}") from error


def _file(schema: Any, records: Iterable[Mapping[str, Any]], properties: Mapping[str, str]) -> bytes:
    import fastavro

    # The mark between blocks would be random; from the content's own facts it makes equal inputs equal files.
    mark = bytes.fromhex(digest(repr(sorted(properties.items())).encode()))[:16]
    buffer = io.BytesIO()
    fastavro.writer(buffer, schema, records, codec="null", sync_marker=mark, metadata=dict(properties))
    return buffer.getvalue()


@lru_cache(maxsize=2)
def _parsed(which: str) -> Any:
    import fastavro

    return fastavro.parse_schema(_MANIFEST_ENTRY if which == "manifest" else _MANIFEST_FILE)


def _required(field_id: int, name: str, kind: Any) -> Schema:
    return {"name": name, "type": kind, "field-id": field_id}


def _optional(field_id: int, name: str, kind: Any) -> Schema:
    return {"name": name, "type": ["null", kind], "default": None, "field-id": field_id}


def _record(name: str, *fields: Schema) -> Schema:
    return {"type": "record", "name": name, "fields": list(fields)}


def _by_column(key: int, value: int, kind: str) -> Schema:
    """A map from field id to `kind`: Avro's own maps have only text as keys."""
    entry = _record(f"k{key}_v{value}", _required(key, "key", "int"), _required(value, "value", kind))
    return {"type": "array", "items": entry, "logicalType": "map"}


def _list(element: int, kind: Any) -> Schema:
    return {"type": "array", "items": kind, "element-id": element}


_DATA_FILE = _record(
    "r2",
    _required(134, "content", "int"),
    _required(100, "file_path", "string"),
    _required(101, "file_format", "string"),
    _required(102, "partition", _record("r102")),
    _required(103, "record_count", "long"),
    _required(104, "file_size_in_bytes", "long"),
    _optional(108, "column_sizes", _by_column(117, 118, "long")),
    _optional(109, "value_counts", _by_column(119, 120, "long")),
    _optional(110, "null_value_counts", _by_column(121, 122, "long")),
    _optional(137, "nan_value_counts", _by_column(138, 139, "long")),
    _optional(125, "lower_bounds", _by_column(126, 127, "bytes")),
    _optional(128, "upper_bounds", _by_column(129, 130, "bytes")),
    _optional(131, "key_metadata", "bytes"),
    _optional(132, "split_offsets", _list(133, "long")),
    _optional(135, "equality_ids", _list(136, "int")),
    _optional(140, "sort_order_id", "int"),
)

_MANIFEST_ENTRY = _record(
    "manifest_entry",
    _required(0, "status", "int"),
    _optional(1, "snapshot_id", "long"),
    _optional(3, "sequence_number", "long"),
    _optional(4, "file_sequence_number", "long"),
    _required(2, "data_file", _DATA_FILE),
)

_PARTITION_SUMMARY = _record(
    "r508",
    _required(509, "contains_null", "boolean"),
    _optional(518, "contains_nan", "boolean"),
    _optional(510, "lower_bound", "bytes"),
    _optional(511, "upper_bound", "bytes"),
)

_MANIFEST_FILE = _record(
    "manifest_file",
    _required(500, "manifest_path", "string"),
    _required(501, "manifest_length", "long"),
    _required(502, "partition_spec_id", "int"),
    _required(517, "content", "int"),
    _required(515, "sequence_number", "long"),
    _required(516, "min_sequence_number", "long"),
    _required(503, "added_snapshot_id", "long"),
    _required(504, "added_files_count", "int"),
    _required(505, "existing_files_count", "int"),
    _required(506, "deleted_files_count", "int"),
    _required(512, "added_rows_count", "long"),
    _required(513, "existing_rows_count", "long"),
    _required(514, "deleted_rows_count", "long"),
    _optional(507, "partitions", _list(508, _PARTITION_SUMMARY)),
    _optional(519, "key_metadata", "bytes"),
)
