"""Where Spark puts what it computed, until the embedded engine has read it: a folder that nothing names, which is taken away."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol


class SharedStorage(Protocol):
    """What is needed of a storage that both can reach."""

    @property
    def url(self) -> str:
        """Where it lies, for others."""
        ...

    def engine_path(self, path: str) -> str:
        """How the embedded engine names the file `path`; it is here after the call."""
        ...

    def names(self, folder: str) -> Sequence[str]:
        """The names of what lies in a folder."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file."""
        ...

    def make_durable(self, paths: Iterable[str]) -> None:
        """Return when files are where others find them."""
        ...


class Staging(Protocol):
    """A folder for the result of one task."""

    def place(self) -> str:
        """How the embedded engine, or whoever knows the storage, names it."""
        ...

    def files(self) -> list[str]:
        """The Parquet files in it, as the embedded engine names them."""
        ...

    def clear(self) -> None:
        """Take it away."""
        ...


class LocalStaging:
    """Beside the file to be."""

    def __init__(self, output: str) -> None:
        self._folder = Path(f"{output}.spark.part")

    def place(self) -> str:
        """See `Staging`."""
        return str(self._folder)

    def files(self) -> list[str]:
        """See `Staging`."""
        return sorted(str(file) for file in self._folder.glob("*.parquet"))

    def clear(self) -> None:
        """See `Staging`."""
        shutil.rmtree(self._folder, ignore_errors=True)


class SharedStaging:
    """In a bucket."""

    def __init__(self, storage: SharedStorage) -> None:
        self._storage = storage
        self._folder = f"data/spark-{secrets.token_hex(8)}.part"

    def place(self) -> str:
        """See `Staging`."""
        return f"{self._storage.url.rstrip('/')}/{self._folder}"

    def files(self) -> list[str]:
        """See `Staging`."""
        found = (name for name in self._storage.names(self._folder) if name.endswith(".parquet"))
        return sorted(self._storage.engine_path(f"{self._folder}/{name}") for name in found)

    def clear(self) -> None:
        """See `Staging`."""
        for name in self._storage.names(self._folder):
            self._storage.delete(f"{self._folder}/{name}")
