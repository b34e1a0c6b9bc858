"""What killed processes left: files in the lake that no version names, folders for temporary files, halves of files in the project."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import is_left_half, machine_error, tree_size
from andon.base.sqlite import SqliteDatabase
from andon.base.temporary import left_behind, sweep, system_place
from andon.errors import AndonError, MachineError
from andon.lake.catalogs import other_catalogs
from andon.lake.named_files import named_files
from andon.lake.stored_paths import NAMED, files_there
from andon.lake.unnamed_files import remove_unnamed
from andon.workspace.folder import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from andon.workspace.workspace import Workspace


class Leftovers(Document):
    """What was found, or removed: how many files and bytes, and some of their paths."""

    files: int
    bytes: int
    paths: list[str]


def find(workspace: Workspace) -> Leftovers:
    """All that nothing needs any more; nothing of the lake while somebody builds.

    Raises:
        MachineError: another catalog of the storage can't be read.
    """
    with workspace.lake.locks.alone() as is_alone:
        return _told(workspace, _orphans(workspace) if is_alone else [], list(_outside(workspace)))


def remove(workspace: Workspace) -> Leftovers:
    """Remove it.

    Raises:
        ConflictError: `lake.busy` where this process was silent for so long that it counts for gone.
        MachineError: it can't be removed, or another catalog of the storage can't be read.
    """
    with workspace.lake.locks.alone() as is_alone:
        inside, found = _orphans(workspace) if is_alone else [], list(_outside(workspace))
        told = _told(workspace, inside, found)
        remove_unnamed(workspace.lake, inside)
        for path in [*(_halves(workspace) if is_alone else []), *found]:
            try:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise machine_error(error, f"remove `{path}`") from error
    return told


def _orphans(workspace: Workspace) -> list[tuple[str, int]]:
    """Files of the storage that neither a version nor a build names, with their sizes: of runs that were killed, or results of the same
    content."""
    named = named_files(workspace.lake.database) | named_elsewhere(workspace)
    return [(path, size) for path, size in files_there(workspace.lake.storage) if path not in named]


def _halves(workspace: Workspace) -> Iterator[Path]:
    """Folders of files that were being written."""
    for folder in NAMED:
        yield from (workspace.lake.storage.root / folder).glob("**/*.part")


def named_elsewhere(workspace: Workspace) -> set[str]:
    """What other catalogs of the same storage name.

    Raises:
        MachineError: `machine.storage` where one can't be read: then nobody knows what is left behind.
    """
    own, named = workspace.lake.database, set()
    for catalog, note in other_catalogs(workspace.lake.storage, own):
        try:
            if isinstance(catalog, str):
                raise MachineError("machine.storage", "only its own project knows who may ask it")
            if not catalog.is_file():
                raise MachineError("machine.storage", "it is not there")
            other = SqliteDatabase(catalog)
            try:
                named |= named_files(other)
            finally:
                other.close()
        except AndonError as error:
            raise MachineError(
                "machine.storage",
                f"the lake's storage is that of the catalog `{catalog}` too, which can't be read ({error.message}), so nothing is removed",
                where=note,
                hint=f"bring that catalog back; if its lake is gone for good, remove `{note}`",
            ) from error
    return named


def clear(workspace: Workspace) -> None:
    """Remove what processes that are gone had on their way."""
    for place in _places(workspace):
        sweep(place)


def _places(workspace: Workspace) -> list[Path]:
    """Where temporary files may lie."""
    chosen = str(workspace.settings.get("engine.temp_directory") or "")
    places = [workspace.folder.state / "tmp", system_place()]
    return [*places, workspace.root / Path(chosen).expanduser()] if chosen else places


def _outside(workspace: Workspace) -> Iterator[Path]:
    """What lies outside of the lake and is no living process's."""
    for place in _places(workspace):
        yield from left_behind(place)
    for above, folders, files in os.walk(workspace.root):
        if Path(above) == workspace.root:
            folders[:] = [name for name in folders if name == STATE_FOLDER or not _is_skipped(name)]
        elif Path(above) == workspace.folder.state:
            folders[:] = [name for name in folders if name == "base"]
        else:
            folders[:] = [name for name in folders if not _is_skipped(name)]
        for name in files:
            if is_left_half(name):
                yield Path(above, name)


def _is_skipped(folder: str) -> bool:
    return folder.startswith(".") or folder in ("__pycache__", "node_modules")


def _told(workspace: Workspace, inside: list[tuple[str, int]], found: list[Path]) -> Leftovers:
    storage = workspace.lake.storage
    place = storage.root.resolve() if storage.shares_locks else storage.url
    files, total = len(inside), sum(size for _, size in inside)
    for path in found:
        if path.is_dir():
            count, size = tree_size(path)
        else:
            count, size = 1, 0
            with contextlib.suppress(OSError):
                size = path.lstat().st_size
        files, total = files + count, total + size
    return Leftovers(files, total, sorted([*(f"{place}/{path}" for path, _ in inside), *map(str, found)])[:20])
