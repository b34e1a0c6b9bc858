"""A file of the storage with what it must hold."""

from __future__ import annotations

from typing import Protocol


class Sealed(Protocol):
    """A file and what it must hold: data files of versions are such."""

    @property
    def path(self) -> str:
        """Where it lies in the storage."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def sha256(self) -> str:
        """Of its bytes, hex."""
