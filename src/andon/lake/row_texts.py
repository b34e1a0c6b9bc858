"""Rows of the catalog whose body is a compressed text."""

from __future__ import annotations

import zlib

from andon.errors import MachineError


def decompressed(body: bytes) -> bytes:
    """The text of a compressed row.

    Raises:
        MachineError: `lake.corrupt`.
    """
    try:
        return zlib.decompress(body)
    except (zlib.error, TypeError, ValueError) as error:
        raise damaged_row(error) from error


def damaged_row(error: Exception) -> MachineError:
    """The error for a row of the catalog that is not what was written."""
    return MachineError(
        "lake.corrupt",
        f"a row of the catalog can't be read: {error}",
        hint="`andon doctor --deep` names what is damaged; it comes back from a backup of the catalog",
    )
