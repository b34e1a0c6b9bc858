"""Where Spark finds what the embedded engine finds under a path. Pure."""

from __future__ import annotations

import re

from andon.engines.spark.settings import SparkSettings
from andon.engines.spark.translation.spark_sql import SparkServer


class SparkPlaces:
    """By the settings: the lake's storage may lie elsewhere for the endpoint, and has another name where it is a bucket.

    Args:
        url: of the storage; a folder's, or a bucket's.
    """

    def __init__(self, settings: SparkSettings, url: str = "") -> None:
        self._root = settings.root.rstrip("/")
        self._bucket = url.rstrip("/") if url.startswith("s3://") else ""
        scheme = "s3a" if settings.server is SparkServer.APACHE else "s3"
        self._storage = settings.storage.rstrip("/") or self._bucket.replace("s3", scheme, 1)

    @property
    def is_bucket(self) -> bool:
        """Whether the lake's files lie in a bucket."""
        return bool(self._bucket)

    def seen(self, path: str) -> str:
        """The URL of a file or folder for Spark; what it would take for a pattern stands for itself."""
        for above in (self._root, self._bucket):
            if self._storage and above and path.startswith(f"{above}/"):
                return self._storage + _plain(path[len(above) :])
        return _plain(path) if "://" in path else f"file://{_plain(path)}"

    def inside(self, path: str) -> str | None:
        """The path of a file within the storage, or None for one elsewhere."""
        return path[len(self._root) + 1 :] if self._root and path.startswith(f"{self._root}/") else None


def _plain(path: str) -> str:
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", path)
