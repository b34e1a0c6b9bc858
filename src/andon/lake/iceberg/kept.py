"""The Iceberg metadata of a table's version: derived when first asked for, then kept in the storage."""

from __future__ import annotations

import uuid

from andon.lake.iceberg.location import absolute_in
from andon.lake.iceberg.metadata import derive, fits, metadata_path
from andon.lake.storage import Storage
from andon.model.version import Version


def iceberg_metadata(storage: Storage, version: Version) -> str:
    """Where the Iceberg metadata of a table's version lies, derived when first asked for."""
    absolute = absolute_in(storage.url)
    path = metadata_path(version.id)
    if not (storage.exists(path) and fits(storage.read(path), version.id, absolute)):
        derive(
            version,
            storage_url=storage.url,
            write=storage.write,
            table_uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"andon:{version.dataset}")),
            time_ms=0,
        )
    return storage.engine_path(path)
