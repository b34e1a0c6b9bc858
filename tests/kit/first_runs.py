"""The first run of a folder whose files were run before is copied.

Hundreds of tests begin with a project that was run once, and a few dozen of such projects are all there are. A lake that was made of
exactly these files, by the program as it is, is what a run would make again; a copy takes a fiftieth of the work. Nothing is copied where
a test says more of how it runs, has a clock or an environment of its own or puts something in the place of a part; and within one test
no lake is copied twice, so that two lakes stay two.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from kit.remembered import Switch

_STATE = ".andon"
#: The most that are kept.
_MOST = 400
#: The most that files of a project may hold to be looked at.
_LARGEST = 1 << 20


class FirstRuns:
    """What first runs left, and what they told, by all that they followed from."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._kept: dict[str, tuple[Path, Any]] = {}
        self._met: set[str] = set()
        self._place: Path | None = None

    def begin_test(self) -> None:
        """Forget what this test has met: there is none yet."""
        self._met.clear()

    def begin(self, place: Path | None) -> None:
        """Keep all that comes in an empty folder; None: keep nothing."""
        self._kept.clear()
        self._place = place

    def run(self, root: Path, author: str, work: Callable[[], Any]) -> Any:
        """What `work` gives, a run of the project in `root` by `author`: done, or as it was done before."""
        key = self._key(root, author)
        if key is None or key in self._met or self._place is None:
            return work()
        self._met.add(key)
        if key in self._kept:
            kept, told = self._kept[key]
            shutil.copytree(kept, root / _STATE, symlinks=True)
            return told
        told = work()
        # a run that wrote into the project is not its state alone
        if len(self._kept) < _MOST and self._key_of_files(root, author) == key:
            kept = self._place / str(len(self._kept))
            shutil.copytree(root / _STATE, kept, symlinks=True)
            self._kept[key] = kept, told
        return told

    def _key(self, root: Path, author: str) -> str | None:
        if not self._switch.is_remembering or (root / _STATE).exists():
            return None
        return self._key_of_files(root, author)

    def _key_of_files(self, root: Path, author: str) -> str | None:
        """Of all files with their modes, and of what of this process a run may look at; None where something is no plain file."""
        umask = os.umask(0)
        os.umask(umask)
        around = sorted(item for item in os.environ.items() if item[0] != "PYTEST_CURRENT_TEST")
        found = sha256(repr((author, umask, around)).encode())
        size = 0
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name != _STATE)
            if any(name.startswith(".") or (Path(folder) / name).is_symlink() for name in folders):
                return None
            for path in (Path(folder) / name for name in sorted(names)):
                known = path.lstat()
                size += known.st_size
                if path.is_symlink() or not path.is_file() or size > _LARGEST:
                    return None
                content = path.read_bytes()
                if any(mark in content for mark in (str(root.parent).encode(), b"../", b"://")):
                    return None  # it reads what is elsewhere
                found.update(repr((str(path.relative_to(root)), known.st_mode, len(content))).encode() + content)
        return found.hexdigest()
