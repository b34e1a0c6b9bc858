"""Copying files from one storage into another: each is compared with its hash on the way, and none is there in part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from andon.base.record import Record
from andon.errors import DamagedError, MachineError
from andon.lake.sealed import Sealed
from andon.lake.storage import Storage
from andon.model.damage import Damage

#: So many files are copied at once: a disk has several at hand.
AT_ONCE = 8

AnyFile = TypeVar("AnyFile", bound=Sealed)


class Copied(Record):
    """What came of a file that was to be copied.

    Attributes:
        path: where it lies now, if it did not already.
        damage: why it can't be.
    """

    path: str | None = None
    damage: Damage | None = None


class _NotWholeError(Exception):
    """A file is not what it must be."""


def copy_files(
    files: Sequence[AnyFile],
    copy: Callable[[AnyFile], Copied],
    told: Callable[[int, int, int, int], None] | None,
) -> list[tuple[AnyFile, Copied]]:
    """Copy files, several at a time; each with what came of it.

    Args:
        told: is told as files are copied: how many files and bytes, and of how many.
    """
    total = sum(file.size for file in files)
    tell = told or _nobody
    tell(0, 0, len(files), total)
    found, size = [], 0
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="andon-copy") as pool:
        for number, (file, done) in enumerate(zip(files, pool.map(copy, files), strict=True), start=1):
            found.append((file, done))
            size += file.size
            tell(number, size, len(files), total)
    return found


def _nobody(*_: int) -> None:
    """Nobody is told."""


def _checked(pieces: Iterable[bytes], file: Sealed) -> Iterator[bytes]:
    """The pieces of a file; behind the last one, `_NotWholeError` where they are not what it must hold."""
    whole, size = hashlib.sha256(), 0
    try:
        for piece in pieces:
            whole.update(piece)
            size += len(piece)
            yield piece
    except DamagedError as error:
        raise _NotWholeError("is not there") from error
    except MachineError as error:
        if error.code == "machine.storage":  # no server says anything of any file
            raise
        raise _NotWholeError("can't be read") from error
    if (size, whole.hexdigest()) != (file.size, file.sha256):
        raise _NotWholeError("is cut off" if size < file.size else "is damaged")


def is_held(storage: Storage, file: Sealed) -> bool:
    """Whether a storage has a file that is what it must be, read there: a copy on this machine counts for nothing. Safe under threads.

    Raises:
        MachineError: it can't be read.
    """
    if storage.sizes([file.path]).get(file.path) != file.size:
        return False
    try:
        return storage.facts(file.path, anew=True, sha256=file.sha256)[1] == file.sha256
    except DamagedError:  # it went meanwhile
        return False


def copy_file(source: Storage, file: Sealed, target: Storage, path: str, mode: int) -> Copied:
    """Copy a file of a storage to `path` in another one, if it is what it must be. What lies elsewhere keeps no copy on this machine, so
    that a lake may be larger than its disk. Safe under threads.

    Args:
        mode: permissions, as `Storage.put` takes them.

    Raises:
        MachineError: it can't be written there, or the server it is read from can't be asked.
    """
    try:
        target.put(path, _checked(source.pieces(file.path), file), mode)
    except _NotWholeError as error:
        if source.forget([file.path]):  # a copy of this machine; what it is of may be whole
            return copy_file(source, file, target, path, mode)
        return Copied(damage=Damage(file.path, str(error)))
    target.forget([path])
    return Copied(path)


def make_names_last(storage: Storage, paths: Iterable[str]) -> None:
    """Have files that were copied survive a power loss: of what lies elsewhere that is so already."""
    storage.make_durable([path for path in paths if storage.is_here(path)])
