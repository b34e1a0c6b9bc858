"""Where Spark writes what the embedded engine reads, and what of the lake it must find before."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Staging(Protocol):
    """Names of files and places are those of the embedded engine."""

    def require(self, files: Sequence[str]) -> None:
        """Let Spark find files of the lake.

        Raises:
            MachineError: they can't be brought to where it looks.
        """
        ...

    def written(self, place: str) -> list[tuple[str, int]]:
        """The Parquet files that Spark wrote into a place, in the order of their names, with their sizes."""
        ...

    def clear(self, place: str) -> None:
        """Remove all that Spark wrote there; nothing is no error."""
        ...


class FolderStaging:
    """See `Staging`: a folder that both see."""

    def require(self, files: Sequence[str]) -> None:
        """See `Staging`: they are there."""

    def written(self, place: str) -> list[tuple[str, int]]:
        """See `Staging`."""
        return [(str(file), file.stat().st_size) for file in sorted(Path(place).glob("*.parquet"))]

    def clear(self, place: str) -> None:
        """See `Staging`."""
        shutil.rmtree(place, ignore_errors=True)
