"""Paths of a storage: what lies there, and what is no path of it. Nothing is believed that a row says, and no link is followed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from andon.errors import MachineError

if TYPE_CHECKING:
    from andon.lake.storage import Storage

#: Folders of the storage in which files are named by the catalog.
NAMED = ("data", "raw", "analyses", "packages")
#: Notes of which catalogs name files of a storage.
NOTES = ".catalogs"


def files_there(storage: Storage) -> Iterator[tuple[str, int]]:
    """All files of the storage that the catalog could name, with their sizes; none of another lake that lies inside of it."""
    found = [each for folder in NAMED for each in storage.files(folder)]
    inner = f"/{NOTES}/"
    others = tuple({f"{path.partition(inner)[0]}/" for path, _ in found if inner in path})
    return (each for each in found if not each[0].startswith(others))


def require_inside(storage: Storage, paths: Iterable[str]) -> None:
    """Refuse files that lie outside of the storage, whatever its folders are linked to.

    Raises:
        MachineError: `lake.corrupt`.
    """
    root = storage.root.resolve()
    folders: dict[str, bool] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in folders:
            folders[folder] = (storage.root / folder).resolve().is_relative_to(root)
        if normal(path) != path or not folders[folder]:
            raise MachineError(
                "lake.corrupt", f"`{path}` is no file of this storage", where=path, hint="`andon doctor`"
            )


def normal(path: str) -> str | None:
    """A path as the storage lists it, or None where it leads elsewhere."""
    found = posixpath.normpath(path)
    return found if not path.startswith("/") and found.partition("/")[0] in NAMED and "/" in found else None
