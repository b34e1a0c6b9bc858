"""Data files in a folder (see `Storage`)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from andon.base.files import lock_file, machine_error, make_folder, sync_all, sync_file, write_whole
from andon.base.lru import Lru
from andon.base.sharing import like_folder
from andon.lake.sealed import Sealed
from andon.lake.storage import lost
from andon.model.object_place import ObjectPlace

_CHUNK = 1 << 20
#: Held by all who write files that nothing names yet.
_LOCK = ".writing"
_EVERYBODY = 0o777
_OTHERS_READ = stat.S_IRGRP | stat.S_IROTH

# Folders that are known to be there: one for each dataset, of twice a lake of 10,000.
_FOLDERS = 20_000


class LocalStorage:
    """A folder.

    Args:
        is_shared: whether a group shares all that is in it, also what comes of files that only one of them may read.
    """

    shares_locks = True
    reach: ObjectPlace | None = None

    def __init__(self, root: Path, *, is_shared: bool = False) -> None:
        self.root = root
        self._is_shared = is_shared
        self.url = root.as_uri()
        self._folders: Lru[str, bool] = Lru(_FOLDERS)

    def new_path(self, folder: str, name: str, ending: str) -> str:
        """See `Storage.new_path`."""
        if folder not in self._folders:
            make_folder(self.root / folder)
            self._folders.put(folder, True)
        return f"{folder}/{name}-{secrets.token_hex(8)}{ending}"

    def engine_path(self, path: str) -> str:
        """See `Storage.engine_path`."""
        return f"{self.root}/{path}"

    def engine_name(self, path: str) -> str:
        """See `Storage.engine_name`."""
        return f"{self.root}/{path}"

    def ranged_path(self, path: str) -> str:
        """See `Storage.ranged_path`."""
        return f"{self.root}/{path}"

    def local_path(self, path: str, sha256: str | None = None) -> Path:
        """See `Storage.local_path`."""
        del sha256
        return self.root / path

    def bring(self, files: Iterable[Sealed]) -> None:
        """Nothing: they are here."""

    def is_here(self, path: str) -> bool:
        """True."""
        del path
        return True

    def is_ranged(self, path: str) -> bool:
        """False."""
        del path
        return False

    def have_there(self, files: Iterable[Sealed], *, anew: bool = False) -> list[str]:
        """Nothing: what is here is no copy."""
        del files, anew
        return []

    def forget(self, paths: Iterable[str]) -> bool:
        """Nothing: what is here is no copy."""
        del paths
        return False

    def write(self, path: str, data: bytes, *, durable: bool = False) -> None:
        """See `Storage.write`."""
        make_folder((self.root / path).parent)
        write_whole(self.root / path, data, durable=durable)
        like_folder(self.root / path)
        if durable:
            sync_all([str(self.root / path)], str(self.root))

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError as error:
            raise lost(path) from error
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

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """See `Storage.sizes`."""
        return {path: size for path in paths if (size := self.size(path)) is not None}

    def mark(self, path: str) -> str | None:
        """See `Storage.mark`."""
        try:
            found = (self.root / path).stat()
        except OSError:
            return None
        return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"

    def facts(self, path: str, *, anew: bool = False, sha256: str | None = None) -> tuple[int, str]:
        """See `Storage.facts`."""
        del anew, sha256
        digest = hashlib.sha256()
        size = 0
        for piece in self.pieces(path):
            size += len(piece)
            digest.update(piece)
        return size, digest.hexdigest()

    def pieces(self, path: str) -> Iterator[bytes]:
        """See `Storage.pieces`."""
        try:
            with (self.root / path).open("rb", buffering=0) as file:
                while piece := file.read(_CHUNK):
                    yield piece
        except FileNotFoundError as error:
            raise lost(path) from error
        except OSError as error:
            raise machine_error(error, f"read `{path}`") from error

    def readers(self, paths: Iterable[str]) -> int:
        """See `Storage.readers`."""
        mode = _EVERYBODY
        for path in paths:
            with contextlib.suppress(FileNotFoundError):  # whoever reads it will say so
                mode &= stat.S_IMODE((self.root / path).stat().st_mode)
        return mode | self._always

    @contextmanager
    def written(self, path: str, mode: int) -> Iterator[str]:
        """See `Storage.written`."""
        target = self.root / path
        if mode & _OTHERS_READ == _OTHERS_READ:
            yield self.engine_path(path)
            with contextlib.suppress(FileNotFoundError):  # the engine failed
                like_folder(target)
            return
        import shutil  # seldom needed, and slow to load

        closed = target.with_name(f"{target.name}.part")
        try:
            closed.mkdir(mode=stat.S_IRWXU)
            yield f"{closed}/{target.name}"
            (closed / target.name).replace(target)
            like_folder(target, mode)
        except OSError as error:
            raise machine_error(error, f"write `{path}`") from error
        finally:
            shutil.rmtree(closed, ignore_errors=True)

    def settle(self, path: str, mode: int) -> None:
        """See `Storage.settle`."""
        like_folder(self.root / path, mode | self._always)

    @property
    def _always(self) -> int:
        return stat.S_IRGRP | stat.S_IWGRP if self._is_shared else 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See `Storage.writing`."""
        make_folder(self.root)
        try:
            held = lock_file(self.root / _LOCK, shared=True)
        except OSError as error:
            raise machine_error(error, "write to the lake") from error
        try:
            yield
        finally:
            os.close(held)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """See `Storage.alone`."""
        try:
            held = lock_file(self.root / _LOCK, shared=False)
        except OSError:  # somebody writes, or this account may not
            yield False
            return
        try:
            yield True
        finally:
            os.close(held)

    def make_durable(self, paths: Iterable[str]) -> None:
        """See `Storage.make_durable`."""
        names = [f"{self.root}/{path}" for path in paths]
        if names:
            sync_all(names, str(self.root))

    def replace(self, path: str, source: Path, mode: int) -> None:
        """See `Storage.replace`."""
        self.put(path, pieces_of(source, path), mode)
        sync_all([str(self.root / path)], str(self.root))

    def put(self, path: str, pieces: Iterable[bytes], mode: int) -> None:
        """See `Storage.put`."""
        target = self.root / path
        make_folder(target.parent)
        half = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")

        def private(name: str, flags: int) -> int:
            return os.open(name, flags, stat.S_IRUSR | stat.S_IWUSR)

        try:
            with open(half, "wb", opener=private) as writer:
                for piece in pieces:
                    writer.write(piece)
            like_folder(half, mode | self._always)
            sync_file(str(half))
            half.replace(target)
        except OSError as error:
            raise machine_error(error, f"write `{path}`") from error
        finally:
            with contextlib.suppress(OSError):  # a disk that fails may refuse this too
                half.unlink(missing_ok=True)

    def names(self, folder: str) -> list[str]:
        """See `Storage.names`."""
        try:
            return sorted(each.name for each in (self.root / folder).iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise machine_error(error, f"look into `{folder}`") from error

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """See `Storage.files`."""
        waiting = [folder]
        while waiting:
            above = waiting.pop()
            try:
                entries = list(os.scandir(self.root / above))
            except FileNotFoundError:
                continue
            for entry in entries:
                path = f"{above}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    yield path, entry.stat(follow_symlinks=False).st_size

    def delete(self, path: str) -> None:
        """See `Storage.delete`."""
        place = self.root / path
        try:
            place.unlink()
            if place.parent.name.endswith(".part"):  # of what was being written in pieces nothing stays
                with contextlib.suppress(OSError):
                    place.parent.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            raise machine_error(error, f"delete `{path}`") from error

    def tidy(self, before: datetime) -> int:
        """Nothing: a half file is removed by who looks for what is left behind."""
        del before
        return 0


def pieces_of(source: Path, path: str) -> Iterator[bytes]:
    """The content of a file of this machine, piece by piece, that is to lie under `path` in a storage.

    Raises:
        MachineError: it can't be read.
    """
    try:
        with source.open("rb", buffering=0) as reader:
            while piece := reader.read(_CHUNK):
                yield piece
    except OSError as error:
        raise machine_error(error, f"write `{path}`") from error
