"""Files: whole writes, durable writes, sizes of trees. Errors of the disk become `MachineError`s."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from andon.errors import MachineError


def machine_error(error: OSError, doing: str) -> MachineError:
    """The `MachineError` for a failed disk operation; `doing` says what was tried (`write x`)."""
    place = str(error.filename) if error.filename else None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MachineError(
            "machine.disk",
            f"no space left to {doing}",
            where=place,
            hint="free some space (`andon doctor` shows what uses it) and run the same command again",
            retryable=True,
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return MachineError(
            "machine.read_only",
            f"not allowed to {doing}",
            where=place,
            hint="make the folder writable, or set `storage` and `catalog` in andon.toml to a place that is",
        )
    reason = error.strerror or str(error)
    return MachineError(
        "machine.disk", f"could not {doing}: {reason}", where=place, hint="check the disk, then try again"
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees all of it or the file as it was."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise machine_error(error, f"write `{path.name}`") from error


def sync_file(path: str) -> None:
    """Make the content of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Iterable[str]) -> None:
    """Make files durable, then the folders that hold them, so that neither content nor name is lost with the power."""
    names = list(paths)
    try:
        for name in names:
            sync_file(name)
        for folder in sorted({os.path.dirname(name) for name in names}):
            sync_file(folder)
    except OSError as error:
        raise machine_error(error, "make new data files durable") from error


def tree_size(folder: Path) -> tuple[int, int]:
    """Number of files below `folder` and their size in bytes."""
    count = total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                continue
            count += 1
    return count, total


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's content, sharing blocks where the file system can."""
    shutil.copyfile(source, target)
