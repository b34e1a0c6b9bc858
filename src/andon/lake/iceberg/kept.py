"""The Iceberg metadata of a table's version: derived when first asked for, then kept in the storage."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from andon.errors import DamagedError
from andon.lake.iceberg.location import absolute_in
from andon.lake.iceberg.metadata import derive, fits, metadata_path
from andon.lake.iceberg.snapshots import ShownVersion, write_snapshots
from andon.lake.storage import Storage
from andon.model.version import Version


def iceberg_metadata(
    storage: Storage,
    version: Version,
    earlier: Sequence[tuple[Version, int]] = (),
    since: int = 0,
    writing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> str:
    """Where the Iceberg metadata of a table's version lies, derived when first asked for.

    Args:
        earlier: versions that are its earlier snapshots, oldest first, with since when they were shown (milliseconds since 1970).
        since: since when `version` is shown; with `earlier`.
        writing: keeps away, while it is derived, who takes manifests away that nothing names (`Locks.writing`).
    """
    path = _own(storage, version, writing)
    if not earlier:
        return _place(storage, path)
    shown = [
        ShownVersion(each.id, moment, json.loads(storage.read(_own(storage, each, writing))))
        for each, moment in (*earlier, (version, since))
    ]
    return _place(storage, write_snapshots(shown, storage.write))


def _own(storage: Storage, version: Version, writing: Callable[[], AbstractContextManager[None]]) -> str:
    """Where the metadata of a version by itself lies in the storage."""
    absolute = absolute_in(storage.url)
    path = metadata_path(version.id)
    try:
        is_kept = fits(storage.read(path), version.id, absolute)
    except DamagedError:
        is_kept = False
    if not is_kept:
        with writing():
            derive(
                version,
                storage_url=storage.url,
                write=storage.write,
                table_uuid=str(uuid.uuid5(uuid.NAMESPACE_URL, f"andon:{version.dataset}")),
                time_ms=0,
                kept=storage.size,
            )
    return path


def _place(storage: Storage, path: str) -> str:
    """How other readers find a file: by its path, or by its address in the bucket."""
    return storage.engine_path(path) if storage.shares_locks else absolute_in(storage.url)(path)
