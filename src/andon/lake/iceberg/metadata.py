"""The metadata of an Iceberg table for one version: manifests, manifest list, metadata file. A pure function but for `write`.

Two limits of readers, not of the metadata: pyiceberg refuses a table that has a struct `a` with a field `b` and also a column named
`a.b`; and infinite dates and timestamps are known to DuckDB only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from andon.errors import DatasetError
from andon.lake.iceberg import avro
from andon.lake.iceberg.bounds import lower_bound, upper_bound
from andon.lake.iceberg.location import DERIVED, absolute_in
from andon.lake.iceberg.manifests import ManifestFiles, manifests_of
from andon.lake.iceberg.schema import ParquetLeaf, last_column_id, leaves, schema_json
from andon.model.version import DataFile, Version

_SEQUENCE = 1
_ADDED = 1
_DATA = 0
_LAST_PARTITION_ID = 999


def derive(
    version: Version,
    *,
    storage_url: str,
    write: Callable[[str, bytes], None],
    table_uuid: str,
    time_ms: int,
    absolute: Callable[[str], str] | None = None,
    kept: Callable[[str], int | None] = lambda _: None,
) -> str:
    """Write the Iceberg metadata of `version` and say where it is. Equal arguments write equal bytes.

    Args:
        storage_url: where the lake's files lie; used if `absolute` is not given.
        write: writes a small file under a path relative to the storage. What a reader starts from is written last.
        table_uuid: the table's identity for Iceberg; the same for all versions of a dataset.
        time_ms: when the version came about, in milliseconds since 1970.
        absolute: the URL of a relative path, not percent-encoded; see `absolute_in`.
        kept: the size of a file that was written before, None where there is none: what versions share is written once.

    Returns:
        The relative path of the metadata file, `iceberg/<version id>/metadata/v1.metadata.json`.

    Raises:
        DatasetError: `build.not_supported` for a view, which has no files.
        MachineError: `lake.corrupt` if the version's columns can't be those of a table.
    """
    if version.is_view:
        raise no_files(version)
    absolute = absolute or absolute_in(storage_url)
    folder = metadata_folder(version.id)
    snapshot = snapshot_id(version.id)
    schema = schema_json(version.columns)
    files = [file for file in version.files if file.rows]
    manifests = []
    for each in manifests_of(version.columns, files, absolute("")):
        length = kept(each.path)
        if length is None:
            content = _manifest(each, schema, leaves(version.columns), absolute)
            write(each.path, content)
            length = len(content)
        manifests.append(_manifest_record(absolute(each.path), length, each))
    properties = {"snapshot-id": str(snapshot), "sequence-number": str(_SEQUENCE), "format-version": "2"}
    write(list_path(version.id), avro.manifest_list(manifests, properties))
    document = _document(version, schema, absolute, table_uuid, time_ms, files)
    write(f"{folder}/version-hint.text", b"1")
    write(metadata_path(version.id), json.dumps(document, ensure_ascii=False, indent=1).encode())
    return metadata_path(version.id)


def no_files(version: Version) -> DatasetError:
    """What is said where a view is asked for as a table."""
    return DatasetError(
        "build.not_supported",
        f"`{version.dataset}` is a view and has no files that an Iceberg reader could be pointed at",
        where=version.dataset,
        hint="set `materialize: table`",
    )


def metadata_folder(version_id: str) -> str:
    """The folder, relative to the storage, of a version's metadata."""
    return f"{DERIVED}/{version_id}/metadata"


def metadata_path(version_id: str) -> str:
    """Where, relative to the storage, `derive` puts the metadata file of a version."""
    return f"{metadata_folder(version_id)}/v1.metadata.json"


def list_path(version_id: str) -> str:
    """Where, relative to the storage, `derive` puts the list of a version's manifests."""
    return f"{metadata_folder(version_id)}/snapshot.avro"


def fits(metadata: bytes, version_id: str, absolute: Callable[[str], str]) -> bool:
    """Whether a metadata file that was kept is whole and names the places where the lake's files lie now.

    It does not when the lake was moved: then the metadata must be derived again.
    """
    try:
        document = json.loads(metadata)
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("location") == absolute(f"iceberg/{version_id}")


def snapshot_id(version_id: str) -> int:
    """The id of the snapshot that shows a version: a positive 63-bit number."""
    return int(version_id[:15], 16) + 1


def _document(
    version: Version,
    schema: Mapping[str, Any],
    absolute: Callable[[str], str],
    table_uuid: str,
    time_ms: int,
    files: list[DataFile],
) -> dict[str, Any]:
    snapshot = snapshot_id(version.id)
    totals = {
        "total-data-files": str(len(files)),
        "total-records": str(sum(f.rows for f in files)),
        "total-files-size": str(sum(f.size for f in files)),
    }
    added = {name.replace("total", "added"): value for name, value in totals.items()}
    return {
        "format-version": 2,
        "table-uuid": table_uuid,
        "location": absolute(f"iceberg/{version.id}"),
        "last-sequence-number": _SEQUENCE,
        "last-updated-ms": time_ms,
        "last-column-id": last_column_id(version.columns),
        "current-schema-id": 0,
        "schemas": [schema],
        "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": []}],
        "last-partition-id": _LAST_PARTITION_ID,
        "default-sort-order-id": 0,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "properties": {"andon.dataset": version.dataset, "andon.version": version.id},
        "current-snapshot-id": snapshot,
        "refs": {"main": {"snapshot-id": snapshot, "type": "branch"}},
        "snapshots": [
            {
                "snapshot-id": snapshot,
                "sequence-number": _SEQUENCE,
                "timestamp-ms": time_ms,
                "manifest-list": absolute(list_path(version.id)),
                "schema-id": 0,
                "summary": {"operation": "append", **added, **totals},
            }
        ],
        "snapshot-log": [{"snapshot-id": snapshot, "timestamp-ms": time_ms}],
        "metadata-log": [],
    }


def _manifest(
    manifest: ManifestFiles,
    schema: Mapping[str, Any],
    by_path: Mapping[str, ParquetLeaf],
    absolute: Callable[[str], str],
) -> bytes:
    entries = [
        {
            "status": _ADDED,
            "snapshot_id": manifest.snapshot,
            "sequence_number": _SEQUENCE,
            "file_sequence_number": _SEQUENCE,
            "data_file": _data_file(file, absolute(file.path), by_path),
        }
        for file in manifest.files
    ]
    properties = {
        "schema": json.dumps(schema),
        "schema-id": "0",
        "partition-spec": "[]",
        "partition-spec-id": "0",
        "format-version": "2",
        "content": "data",
    }
    return avro.manifest(entries, properties)


def _manifest_record(url: str, length: int, manifest: ManifestFiles) -> dict[str, Any]:
    return {
        "manifest_path": url,
        "manifest_length": length,
        "partition_spec_id": 0,
        "content": _DATA,
        "sequence_number": _SEQUENCE,
        "min_sequence_number": _SEQUENCE,
        "added_snapshot_id": manifest.snapshot,
        "added_files_count": len(manifest.files),
        "existing_files_count": 0,
        "deleted_files_count": 0,
        "added_rows_count": sum(f.rows for f in manifest.files),
        "existing_rows_count": 0,
        "deleted_rows_count": 0,
        "partitions": [],
        "key_metadata": None,
    }


def _data_file(file: DataFile, url: str, by_path: Mapping[str, ParquetLeaf]) -> dict[str, Any]:
    sizes: dict[int, int] = {}
    values: dict[int, int] = {}
    nulls: dict[int, int] = {}
    lower: dict[int, bytes] = {}
    upper: dict[int, bytes] = {}
    for path, stats in file.stats.items():
        leaf = by_path.get(path)
        if leaf is None:
            continue
        _put(sizes, leaf, stats.size)
        if leaf.repeated:
            continue
        _put(values, leaf, stats.values)
        _put(nulls, leaf, stats.nulls)
        if stats.minimum is not None:
            _put(lower, leaf, lower_bound(leaf.type, stats.minimum))
        if stats.maximum is not None:
            _put(upper, leaf, upper_bound(leaf.type, stats.maximum))
    return {
        "content": _DATA,
        "file_path": url,
        "file_format": "PARQUET",
        "partition": {},
        "record_count": file.rows,
        "file_size_in_bytes": file.size,
        "column_sizes": _pairs(sizes),
        "value_counts": _pairs(values),
        "null_value_counts": _pairs(nulls),
        "nan_value_counts": None,
        "lower_bounds": _pairs(lower),
        "upper_bounds": _pairs(upper),
        "key_metadata": None,
        "split_offsets": None,
        "equality_ids": None,
        "sort_order_id": None,
    }


def _put(target: dict[int, Any], leaf: ParquetLeaf, value: Any) -> None:
    if value is not None:
        target[leaf.field_id] = value


def _pairs(by_id: Mapping[int, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": by_id[key]} for key in sorted(by_id)]
