"""Where Spark writes what the embedded engine reads, and what of the lake it must find before."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Staging(Protocol):
    """Names of files and places are those of the embedded engine."""

    def place(self, output: str) -> str:
        """A place that nobody else has, for what becomes the file `output`."""
        ...

    def require(self, files: Sequence[str]) -> bool:
        """Let Spark find files; whether it can find all of them.

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
    """See `Staging`: a folder that both see.

    Args:
        root: the only folder that both see; empty: all.
    """

    def __init__(self, root: str = "") -> None:
        self._root = root

    def place(self, output: str) -> str:
        """See `Staging`."""
        return place_in(self._root, output)

    def require(self, files: Sequence[str]) -> bool:
        """See `Staging`."""
        return all(is_in(self._root, file) for file in files)

    def written(self, place: str) -> list[tuple[str, int]]:
        """See `Staging`."""
        return [(str(file), file.stat().st_size) for file in sorted(Path(place).glob("*.parquet"))]

    def clear(self, place: str) -> None:
        """See `Staging`."""
        shutil.rmtree(place, ignore_errors=True)


def is_in(root: str, file: str) -> bool:
    """Whether a file lies below a folder; below none, all do."""
    return not root or file.startswith(f"{root}/")


def place_in(root: str, output: str) -> str:
    """A place beside `output` if that lies below `root`, else one below `root`: what is built to be compared lies elsewhere."""
    return f"{output if is_in(root, output) else f'{root}/data/spark/{secrets.token_hex(8)}'}.spark.part"
