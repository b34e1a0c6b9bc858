"""Files of an object store that lie on this machine: those that were read or written last, in a folder with a bound.

A file lies here under its path in the store, whole or not at all. What the store has is write-protected here, and may go when room is
needed; what can be written was not handed over yet, and stays. Several processes share one folder.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from andon.base.files import is_left_half, lock_file, make_folder
from andon.base.record import Record

_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
#: Held while room is made, by one process at a time.
_LOCK = ".room"
#: How many bytes came since room was made last.
_COUNT = ".came"
#: A note of each process that uses the folder, held by a lock while it lives.
_USERS = ".users"
#: Room is made after so large a part of the bound came, and down to so much of it.
_OFTEN, _DOWN_TO = 20, 0.9
#: A use is noted again after so many seconds.
_AGAIN = 300.0
#: What was used so many seconds ago is read by nobody; longer, where a process is as old, up to the second.
_IDLE, _LONGEST = 3600.0, 12 * 3600.0


class _Found(Record):
    used: float
    size: int
    path: str
    is_stored: bool


class Mirror:
    """See the module. Safe under threads.

    Args:
        bound: so many bytes may lie here, beside what is in use.
    """

    def __init__(self, root: Path, bound: int) -> None:
        self.root = root
        self._bound = bound
        self._lock = threading.Lock()
        self._user: int | None = None

    def prepare(self) -> None:
        """Make the folder, for this account alone: a copy may be of what others may not read. One that is there stays as it is.

        Raises:
            MachineError: the disk.
        """
        if not self.root.exists():
            make_folder(self.root.parent)
            with contextlib.suppress(FileExistsError):
                self.root.mkdir(mode=stat.S_IRWXU)

    def place(self, path: str) -> Path:
        """Where a file lies, or would."""
        return self.root / path

    def find(self, path: str) -> os.stat_result | None:
        """What the system says of a file, which counts as used; None where it is not here."""
        place = self.root / path
        try:
            found = place.stat()
        except OSError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        now = time.time()
        if now - found.st_atime > _AGAIN:
            with contextlib.suppress(OSError):  # another account's
                os.utime(place, ns=(int(now * 1e9), found.st_mtime_ns))
        return found

    def half(self, path: str) -> Path:
        """A name for a file while it is written, in the folder of `path`, which is there after the call."""
        target = self.place(path)
        self.prepare()
        make_folder(target.parent)
        return target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")

    def keep(self, half: Path, path: str) -> None:
        """Let a whole file, which the store has, take its name. Raises `OSError`."""
        mark_stored(half)
        half.replace(self.place(path))

    def stored(self, path: str) -> None:
        """The store has a file that lies here."""
        with contextlib.suppress(FileNotFoundError):
            mark_stored(self.place(path))

    def is_stored(self, path: str) -> bool:
        """Whether a file lies here that the store is known to have."""
        try:
            return not self.place(path).stat().st_mode & _WRITES
        except OSError:
            return False

    def forget(self, path: str) -> None:
        """Remove a file, if it is here."""
        self.place(path).unlink(missing_ok=True)

    def join(self) -> None:
        """This process uses the folder from here on: what it makes is not swept, and what it read is not forgotten, while it lives."""
        with self._lock, contextlib.suppress(OSError):
            if self._user is None:
                self.prepare()
                self._user = self._note()

    def came(self, size: int) -> None:
        """So many bytes came; makes room when that is much. Failing to is no error: the next one does."""
        self.join()
        with self._lock, contextlib.suppress(OSError):
            try:
                held = lock_file(self.root / _LOCK, shared=False)
            except OSError:  # another process is at it
                return
            try:
                count = self.root / _COUNT
                total = size + (int(count.read_text() or 0) if count.exists() else 0)
                if total > self._bound / _OFTEN:
                    self._make_room()
                    total = 0
                count.write_text(str(total))
            except ValueError:  # a count that can't be read begins again
                count.unlink(missing_ok=True)
            finally:
                os.close(held)

    def sweep(self) -> int:
        """Remove what no process will hand over any more: files that never got into the store and are older than all that use the folder,
        and halves; how many."""
        oldest = min([time.time(), *self._begun()])
        count = 0
        for found in list(self._files()):
            place = self.place(found.path)
            if (not found.is_stored and found.used < oldest) or is_left_half(place.name):
                place.unlink(missing_ok=True)
                count += 1
        return count

    # -- room

    def _make_room(self) -> None:
        files = sorted(self._files(), key=lambda each: each.used)
        total = sum(each.size for each in files)
        if total <= self._bound:
            return
        limit = self._unused_since()
        for each in files:
            if total <= self._bound * _DOWN_TO:
                return
            if each.used < limit and (each.is_stored or is_left_half(self.place(each.path).name)):
                self.forget(each.path)
                total -= each.size

    def _files(self) -> Iterator[_Found]:
        """All files below the folders that the store has, not the notes beside them."""
        for top in os.scandir(self.root):
            if top.is_dir(follow_symlinks=False) and not top.name.startswith("."):
                for above, _, names in os.walk(top.path):
                    for name in names:
                        place = f"{above}/{name}"
                        try:
                            found = os.lstat(place)
                        except OSError:  # it went meanwhile
                            continue
                        path = os.path.relpath(place, self.root)
                        yield _Found(
                            max(found.st_atime, found.st_mtime), found.st_size, path, not found.st_mode & _WRITES
                        )

    def _unused_since(self) -> float:
        """What was used before that is read by no process of this machine."""
        now = time.time()
        return max(min([now - _IDLE, *self._begun()]), now - _LONGEST)

    def _begun(self) -> list[float]:
        """When the processes began that use it; notes of those that are gone are removed."""
        found = []
        for note in (self.root / _USERS).glob("*"):
            begun = note.stat().st_mtime
            try:
                held = lock_file(note, shared=False)
            except OSError:
                found.append(begun)
                continue
            note.unlink(missing_ok=True)
            os.close(held)
        return found

    def _note(self) -> int:
        make_folder(self.root / _USERS)
        self._begun()
        return lock_file(self.root / _USERS / f"{os.getpid()}-{secrets.token_hex(4)}", shared=True)

    def close(self) -> None:
        """This process uses it no more."""
        with self._lock:
            if self._user is not None:
                os.close(self._user)
                self._user = None


def mark_stored(place: Path) -> None:
    """Protect a file that the store has. Raises `OSError`."""
    place.chmod(stat.S_IMODE(place.stat().st_mode) & ~_WRITES)
