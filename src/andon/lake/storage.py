"""Where data files lie: one storage URL, files under names that are never used twice. Local folder now.

The catalog knows paths relative to the URL, so that a lake can be moved. Nothing is ever found by listing.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from andon.base.files import machine_error, make_folder, sync_all, write_whole
from andon.base.lru import Lru
from andon.errors import MachineError

_CHUNK = 1 << 20
_EVERYBODY = 0o777
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH

# Folders that are known to be there: one for each dataset, of twice a lake of 10,000.
_FOLDERS = 20_000


class Storage(Protocol):
    """What the lake needs of a place that holds files."""

    url: str

    def new_path(self, folder: str, name: str, ending: str) -> str:
        """A relative path in `folder` that no file has or had, `<name>-<unique><ending>`; the folder is there after the call."""
        ...

    def engine_path(self, path: str) -> str:
        """How an engine names the file `path` (relative)."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a small file, so that a reader sees all of it or none."""
        ...

    def read(self, path: str) -> bytes:
        """The content of a file."""
        ...

    def exists(self, path: str) -> bool:
        """Whether the file is there."""
        ...

    def size(self, path: str) -> int | None:
        """Size of a file, None if it is not there."""
        ...

    def mark(self, path: str) -> str | None:
        """What becomes another one when a file is written to or replaced; None if it is not there."""
        ...

    def facts(self, path: str) -> tuple[int, str]:
        """Size and sha256 of a file, by reading it."""
        ...

    def readers(self, paths: Iterable[str]) -> int:
        """Permission bits that all of these files have: who may read every one of them. All bits if there are none."""
        ...

    def written(self, path: str, mode: int) -> AbstractContextManager[str]:
        """How an engine names a new file while it is written; afterwards it has its path, and no permission that `mode` lacks. At no
        time can others read what they may not read in the end."""
        ...

    def make_durable(self, paths: Iterable[str]) -> None:
        """Return when files and their names survive a power loss."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; no error if it is gone."""
        ...


class LocalStorage:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = root.as_uri()
        self._folders: Lru[str, bool] = Lru(_FOLDERS)

    def new_path(self, folder: str, name: str, ending: str) -> str:
        """See `Storage.new_path`."""
        if folder not in self._folders:
            make_folder(self.root)
            try:
                (self.root / folder).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise machine_error(error, f"make the folder `{folder}` of the lake") from error
            self._folders.put(folder, True)
        return f"{folder}/{name}-{secrets.token_hex(8)}{ending}"

    def engine_path(self, path: str) -> str:
        """See `Storage.engine_path`."""
        return f"{self.root}/{path}"

    def write(self, path: str, data: bytes) -> None:
        """See `Storage.write`."""
        make_folder(self.root)
        write_whole(self.root / path, data)

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError as error:
            raise _lost(path) from error
        except OSError as error:
            raise machine_error(error, f"read `{path}`") from error

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return (self.root / path).exists()

    def size(self, path: str) -> int | None:
        """See `Storage.size`."""
        try:
            return (self.root / path).stat().st_size
        except OSError:
            return None

    def mark(self, path: str) -> str | None:
        """See `Storage.mark`."""
        try:
            found = (self.root / path).stat()
        except OSError:
            return None
        return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"

    def facts(self, path: str) -> tuple[int, str]:
        """See `Storage.facts`."""
        digest = hashlib.sha256()
        size = 0
        try:
            with (self.root / path).open("rb", buffering=0) as file:
                while chunk := file.read(_CHUNK):
                    size += len(chunk)
                    digest.update(chunk)
        except FileNotFoundError as error:
            raise _lost(path) from error
        except OSError as error:
            raise machine_error(error, f"read `{path}`") from error
        return size, digest.hexdigest()

    def readers(self, paths: Iterable[str]) -> int:
        """See `Storage.readers`."""
        mode = _EVERYBODY
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # whoever reads it will say so
                mode &= stat.S_IMODE((self.root / path).stat().st_mode)
        return mode

    @contextmanager
    def written(self, path: str, mode: int) -> Iterator[str]:
        """See `Storage.written`."""
        target = self.root / path
        if mode & _OTHERS_READ == _OTHERS_READ:
            yield self.engine_path(path)
            return
        closed = target.with_name(f"{target.name}.part")
        try:
            closed.mkdir(mode=stat.S_IRWXU)
            yield f"{closed}/{target.name}"
            file = closed / target.name
            file.chmod(stat.S_IMODE(file.stat().st_mode) & mode | stat.S_IRUSR | stat.S_IWUSR)
            file.replace(target)
        except OSError as error:
            raise machine_error(error, f"write `{path}`") from error
        finally:
            shutil.rmtree(closed, ignore_errors=True)

    def make_durable(self, paths: Iterable[str]) -> None:
        """See `Storage.make_durable`."""
        names = [f"{self.root}/{path}" for path in paths]
        if names:
            sync_all(names, str(self.root))

    def delete(self, path: str) -> None:
        """See `Storage.delete`."""
        try:
            (self.root / path).unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise machine_error(error, f"delete `{path}`") from error


def _lost(path: str) -> MachineError:
    return MachineError(
        "lake.corrupt",
        f"the lake's file `{path}` is not there",
        where=path,
        hint="`andon doctor` lists what is missing; a file that was deleted by hand comes back only from a backup",
    )
