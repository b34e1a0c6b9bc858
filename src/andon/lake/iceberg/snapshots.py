"""One Iceberg table with a snapshot for each version that a branch showed: its history, for readers that go back in time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from andon.base.hashing import content_id
from andon.base.record import Record
from andon.lake.iceberg.metadata import metadata_folder


class ShownVersion(Record):
    """A version that a branch showed: its id, since when (milliseconds since 1970), and its own Iceberg metadata."""

    version: str
    since: int
    metadata: Mapping[str, Any]


def with_snapshots(shown: Sequence[ShownVersion]) -> dict[str, Any]:
    """The metadata of a table that shows the last of `shown` and holds the others as earlier snapshots.

    A version that was shown twice stands where it was shown last. Each snapshot keeps the schema that it had; schemas that are equal
    are one.

    Args:
        shown: oldest first; at least one.
    """
    last = {each.version: each for each in shown}
    ordered = sorted(last.values(), key=lambda each: max(i for i, x in enumerate(shown) if x.version == each.version))
    schemas: list[Any] = []
    snapshots: list[dict[str, Any]] = []
    for sequence, each in enumerate(ordered, 1):
        fields = each.metadata["schemas"][0]["fields"]
        if fields not in schemas:
            schemas.append(fields)
        snapshot = {
            **each.metadata["snapshots"][0],
            "sequence-number": sequence,
            "timestamp-ms": each.since,
            "schema-id": schemas.index(fields),
        }
        if snapshots:
            snapshot["parent-snapshot-id"] = snapshots[-1]["snapshot-id"]
            snapshot["summary"] = {**snapshot["summary"], "operation": "overwrite"}
        snapshots.append(snapshot)
    newest = ordered[-1].metadata
    return {
        **newest,
        "last-sequence-number": len(snapshots),
        "last-updated-ms": ordered[-1].since,
        "last-column-id": max(each.metadata["last-column-id"] for each in ordered),
        "current-schema-id": snapshots[-1]["schema-id"],
        "schemas": [{"type": "struct", "schema-id": i, "fields": fields} for i, fields in enumerate(schemas)],
        "snapshots": snapshots,
        "snapshot-log": [{"snapshot-id": s["snapshot-id"], "timestamp-ms": s["timestamp-ms"]} for s in snapshots],
    }


def write_snapshots(shown: Sequence[ShownVersion], write: Callable[[str, bytes], None]) -> str:
    """Write the metadata of `with_snapshots`; returns its path relative to the storage, which tells what it holds."""
    said = content_id(["snapshots", [[each.version, each.since] for each in shown], shown[-1].metadata["location"]])
    path = f"{metadata_folder(shown[-1].version)}/snapshots-{said[:16]}.metadata.json"
    write(path, json.dumps(with_snapshots(shown), ensure_ascii=False, indent=1).encode())
    return path
