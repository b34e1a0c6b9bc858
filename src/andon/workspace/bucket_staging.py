"""Where Spark writes, in a lake whose files lie in a bucket: both ask the bucket, and nothing goes through this machine but once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.engines.spark.staging import is_in, place_in

if TYPE_CHECKING:
    from andon.lake.object_storage import ObjectStorage


class BucketStaging:
    """See `andon.engines.spark.staging.Staging`."""

    def __init__(self, storage: ObjectStorage) -> None:
        self._storage = storage

    def place(self, output: str) -> str:
        """See `Staging`."""
        return place_in(str(self._storage.root), output)

    def require(self, files: Sequence[str]) -> bool:
        """See `Staging`: what was built just now is handed over before its turn."""
        root = str(self._storage.root)
        if not all(is_in(root, file) or "://" in file for file in files):
            return False
        self._storage.make_durable([file.removeprefix(f"{root}/") for file in files if "://" not in file])
        return True

    def written(self, place: str) -> list[tuple[str, int]]:
        """See `Staging`."""
        found = [(path, size) for path, size in sorted(self._listed(place)) if path.endswith(".parquet")]
        storage = self._storage
        if storage.reach is not None:
            return [(storage.objects.address(path), size) for path, size in found]
        return [(str(storage.local_path(path)), size) for path, size in found]

    def clear(self, place: str) -> None:
        """See `Staging`."""
        for path, _ in self._listed(place):
            self._storage.delete(path)

    def _listed(self, place: str) -> list[tuple[str, int]]:
        return list(self._storage.files(place.removeprefix(f"{self._storage.root}/")))
