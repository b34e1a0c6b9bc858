"""Folders for what doesn't fit in memory and for files on their way: each of one process alone, gone with it, and swept by the next one
if it was killed.

A folder is held by a lock on a file in it, which the system frees when the process ends, however it ends.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from andon.base.files import machine_error

_HELD = ".held"
_PREFIX = "andon-"
_NAME = re.compile(r"andon-[a-z-]+(?:-[0-9]+)?-[0-9]+-[0-9a-f]{8}\Z")


class Temporary:
    """A folder that is made when its path is first asked for; in a `with` block it is there until the end. Safe under threads.

    Args:
        places: folders in which it may be made; the first that can be written is taken.
        name: what it is for, as part of its name.
    """

    def __init__(self, places: Sequence[Path], name: str) -> None:
        self._places = places
        self._name = name
        self._path: Path | None = None
        self._lock = threading.Lock()
        self._held: int | None = None

    @property
    def path(self) -> Path:
        """The folder, which is there.

        Raises:
            MachineError: none of the places can be written.
        """
        with self._lock:
            if self._path is None:
                self._path = self._made()
            return self._path

    def close(self) -> None:
        """Remove the folder with all that is in it; asked for again, it is made again."""
        with self._lock:
            path, self._path = self._path, None
            if path is not None:
                shutil.rmtree(path, ignore_errors=True)
            if self._held is not None:
                os.close(self._held)
                self._held = None

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.close()

    def _made(self) -> Path:
        failed: OSError | None = None
        for place in self._places:
            path = place / f"{_PREFIX}{self._name}-{os.getpid()}-{secrets.token_hex(4)}"
            try:
                place.mkdir(parents=True, exist_ok=True)
                sweep(place)
                # under a name that nobody sweeps, until it is held
                made = place / f".{path.name}"
                made.mkdir(mode=0o700)
                self._held = _hold(made / _HELD)
                made.rename(path)
            except OSError as error:
                failed = failed or error
                continue
            return path
        assert failed is not None  # there is a place
        raise machine_error(failed, "make a folder for temporary files") from failed


def system_place() -> Path:
    """The system's own folder for temporary files, which can be written where a project can't."""
    import tempfile  # takes some milliseconds, and few commands ask

    return Path(tempfile.gettempdir())


def sweep(place: Path) -> int:
    """Remove the folders below `place` whose process is gone; returns how many."""
    return sum(_remove(path) for path in left_behind(place))


def left_behind(place: Path) -> list[Path]:
    """The folders below `place` that no process holds any more."""
    try:
        with os.scandir(place) as entries:
            found = [Path(e.path) for e in entries if _NAME.match(e.name) and e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [path for path in found if _is_left(path)]


def _is_left(path: Path) -> bool:
    try:
        descriptor = os.open(path / _HELD, os.O_RDWR)
    except OSError:
        return False  # no folder of ours, or another account's
    try:
        return _locked(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> bool:
    shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def _hold(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    _locked(descriptor)
    return descriptor


def _locked(descriptor: int) -> bool:
    """Take the lock; False if somebody else holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing is swept there
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
