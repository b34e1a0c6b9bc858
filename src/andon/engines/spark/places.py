"""Where Spark finds what the embedded engine finds under a path. Pure."""

from __future__ import annotations

import re

from andon.engines.spark.settings import SparkSettings


class SparkPlaces:
    """By the settings: the lake's storage may lie elsewhere for the endpoint."""

    def __init__(self, settings: SparkSettings) -> None:
        self._root = settings.root.rstrip("/")
        self._storage = settings.storage.rstrip("/")

    def seen(self, path: str) -> str:
        """The URL of a file or folder for Spark; what it would take for a pattern stands for itself."""
        if self._storage and self._root and path.startswith(f"{self._root}/"):
            return self._storage + _plain(path[len(self._root) :])
        return _plain(path) if "://" in path else f"file://{_plain(path)}"


def _plain(path: str) -> str:
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", path)
