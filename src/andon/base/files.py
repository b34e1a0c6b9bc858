"""Files: whole writes, durable writes, sizes of trees. Errors of the disk become `MachineError`s."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from andon.base.process import is_gone, same_machine
from andon.base.sharing import folder_like_parent, like_shared_folder
from andon.errors import MachineError

#: What a file is called while it is written.
_HALF = re.compile(r"\..+\.(?P<process>[0-9]+)-[0-9a-f]{8}\.tmp\Z")
#: From so many files on, waiting for the disk is worth several threads.
_MANY = 16


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


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write `data` to `path` so that a reader sees all of it or the file as it was; with `durable` also after a power loss."""
    # of this write alone: threads of one process may write the same file
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        if durable:
            sync_file(str(temporary))
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a disk that fails may refuse this too
            temporary.unlink(missing_ok=True)
        raise machine_error(error, f"write `{path.name}`") from error


def is_left_half(name: str) -> bool:
    """Whether a file of this name was being written by a process of this machine that is gone."""
    half = _HALF.match(name)
    return half is not None and is_gone(same_machine(half["process"]))


def file_hash(path: Path) -> str:
    """The sha256 of what a file holds. Raises `OSError`."""
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def sync_file(path: str) -> None:
    """Make the content of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Iterable[str], top: str) -> None:
    """Make files below the folder `top` durable, then all folders down to them: neither content nor name is lost with the power."""
    names = list(paths)
    folders = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder not in folders and len(folder) >= len(top):
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    try:
        if len(names) < _MANY:
            for name in names:
                sync_file(name)
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(8, thread_name_prefix="andon-sync") as pool:
                list(pool.map(sync_file, names))
        for folder in sorted(folders, reverse=True):
            sync_file(folder)
    except OSError as error:
        raise machine_error(error, "make new data files durable") from error


def lock_file(path: Path, *, shared: bool) -> int:
    """The descriptor of a file that is locked until it is closed or the process ends: by many, who wait, or by one alone, who does not.

    Raises:
        OSError: somebody else holds it, or this account can't make it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        like_shared_folder(path)
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows: nothing is swept there
        if not shared:
            os.close(descriptor)
            raise OSError("no locks") from None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def alone(path: Path, seconds: float, pause: float = 0.005) -> Iterator[bool]:
    """Within the block nobody else of any process holds the file `path`, which is made. Whether it is so: not where somebody else held it
    all the `seconds` that it was waited for. Whoever can't lock here (a system without locks, a folder that can't be written) goes on."""
    held, until = None, time.monotonic() + seconds
    is_mine = True
    while held is None:
        try:
            held = lock_file(path, shared=False)
        except BlockingIOError:
            if time.monotonic() > until:
                is_mine = False
                break
            time.sleep(pause)
        except OSError:
            break
    try:
        yield is_mine
    finally:
        if held is not None:
            os.close(held)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, durably: what is synced in a folder that itself is lost is lost."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    try:
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            folder_like_parent(each)
        for each in missing:
            sync_file(str(each.parent))
    except OSError as error:
        raise machine_error(error, f"make the folder `{missing[0].name}`") from error


def tree_size(folder: Path) -> tuple[int, int]:
    """Number of files below `folder` and their size in bytes."""
    count = total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(root, name).lstat().st_size
            except FileNotFoundError:
                continue
            count += 1
    return count, total
