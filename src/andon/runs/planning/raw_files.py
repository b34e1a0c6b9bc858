"""Raw files of sources: a copy by content in the storage, so that a run reads what was hashed, and any past load can be repeated."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from andon.base.cache import MemoryCache
from andon.base.files import file_hash
from andon.base.record import Record
from andon.errors import DamagedError, DatasetError
from andon.lake.intact import Intact
from andon.lake.named_files import raw_path
from andon.lake.sealed import Sealed
from andon.lake.storage import Storage
from andon.model.build import InputFile
from andon.model.damage import Damage
from andon.sources.files.paths import is_remote
from andon.sources.remote.failures import shown_url

_CHUNK = 1 << 20
#: So many files are handed over side by side.
_AT_ONCE = 8


class _Copy(Record):
    """The kept copy of a raw file, and what it must hold."""

    path: str
    size: int
    sha256: str


def kept_copy(file: InputFile) -> Sealed:
    """The copy of a raw file as a file of the storage."""
    return _Copy(raw_path(file), file.size, file.sha256)


class RawFiles:
    """Finds and keeps raw files; a copy that is not what was copied is never read."""

    def __init__(self, root: Path, storage: Storage, intact: Intact | None = None) -> None:
        self.root = root
        self._storage = storage
        self._intact = Intact(storage, MemoryCache()) if intact is None else intact
        self._read: dict[tuple[str, str], str] = {}

    def place(self, file: InputFile) -> Path:
        """Where the content of `file` can be read now: the kept copy, else the project's own file.

        Raises:
            DamagedError: `lake.corrupt` if the copy is damaged and the project has no such file any more.
        """
        found = self._intact.damage(kept_copy(file))
        if found is None:
            return self._storage.local_path(raw_path(file), file.sha256)
        self._require_own(file, found)
        return self.root / file.path

    def holding(self, file: InputFile) -> Path:
        """As `place`, but the project's own file only where it holds that content still.

        Raises:
            DamagedError: `lake.corrupt` if the copy is damaged and the project has that content no more.
        """
        place = self.place(file)
        if self.marks([file]) is None:
            raise DamagedError(
                "lake.corrupt",
                f"the lake's copy of `{file.path}` is damaged or gone, and the project's file holds something else by now",
                where=file.path,
                hint=f"put `{file.path}` back as it was loaded, or restore the copy from a backup",
            )
        return place

    def marks(self, files: Iterable[InputFile]) -> list[str] | None:
        """What tells whether the content at `place` was changed between two questions; None if one holds something else by now.

        The files that are not copied yet are hashed once.
        """
        found = []
        for file in files:
            own = self.root / file.path
            if self.place(file) != own:
                found.append("")
                continue
            mark = _mark(own)
            if mark != self._read.get((file.path, file.sha256)):
                if mark is None or _hash(own) != file.sha256 or _mark(own) != mark:
                    return None
                self._read[file.path, file.sha256] = mark
            found.append(mark or "")
        return found

    def look_ahead(self, files: Iterable[InputFile]) -> None:
        """Find out at once which copies there are of many files that are about to be looked at, where that takes time."""
        away = [path for file in files if not self._storage.is_here(path := raw_path(file))]
        if away:
            self._storage.sizes(away)

    def keep_each(self, wanted: Sequence[Sequence[InputFile]]) -> Iterator[Callable[[], list[str]]]:
        """`keep` for each list of files, in turn or, where that takes time, side by side; each gives what it returns, or raises."""
        if self._storage.shares_locks:
            yield from (partial(self.keep, files) for files in wanted)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="andon-raw") as pool:
            tasks = [pool.submit(self.keep, files) for files in wanted]
            try:
                for task in tasks:
                    yield task.result
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def keep(self, files: Iterable[InputFile]) -> list[str]:
        """Copy into the storage what is not there yet, or damaged; returns the storage paths of new copies. Of what this machine has a
        copy the storage is asked all the same: another one may have taken away what no build named yet.

        Raises:
            DatasetError: `source.changed_while_read` if a file is not what it was when it was hashed.
            DamagedError: see `place`.
            MachineError: `machine.disk`, `machine.read_only`.
        """
        new, known = [], []
        for file in files:
            path = raw_path(file)
            found = self._intact.damage(kept_copy(file))
            if found is not None:
                self._require_own(file, found)
                self._copy(file, path)
                self._intact.note(path, file.sha256)
                new.append(path)
            else:
                known.append(kept_copy(file))
        self._storage.have_there(known)
        return new

    def _require_own(self, file: InputFile, found: Damage) -> None:
        """Where the copy is damaged, the project's own file must be there; what lies elsewhere is in the lake alone."""
        if is_remote(file.path):
            raise DamagedError(
                "lake.corrupt",
                f"the lake's copy of `{shown_url(file.path)}` {found.what}: {found.path}",
                where=shown_url(file.path),
                hint="`andon refresh` fetches it again, as it is there now; or restore the copy from a backup",
            )
        if not (self.root / file.path).exists() and self._storage.exists(raw_path(file)):
            raise DamagedError(
                "lake.corrupt",
                f"the lake's copy of `{file.path}` {found.what}: {found.path}",
                where=file.path,
                hint=f"put `{file.path}` back as it was loaded and run again, or restore the copy from a backup",
            )

    def _copy(self, file: InputFile, path: str) -> None:
        source = self.root / file.path
        sha = hashlib.sha256()

        def read() -> Iterator[bytes]:
            with source.open("rb") as reader:
                while chunk := reader.read(_CHUNK):
                    sha.update(chunk)
                    yield chunk
            if sha.hexdigest() != file.sha256:
                raise DatasetError(
                    "source.changed_while_read",
                    f"`{file.path}` changed while it was read",
                    where=file.path,
                    hint="wait until it is written whole, then run again",
                    retryable=True,
                )

        try:
            # who may not read the file may not read the copy either
            mode = stat.S_IMODE(source.stat().st_mode) & 0o666 | stat.S_IWUSR | stat.S_IRUSR
            # Under its name it is believed by every later run, so it must be whole there whatever happens.
            self._storage.put(path, read(), mode)
        except FileNotFoundError as error:
            raise DatasetError(
                "source.missing",
                f"`{file.path}` is not there any more",
                where=file.path,
                hint="put it back, or run again",
            ) from error


def _mark(path: Path) -> str | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return f"{found.st_ino}.{found.st_size}.{found.st_mtime_ns}.{found.st_ctime_ns}"


def _hash(path: Path) -> str | None:
    try:
        return file_hash(path)
    except OSError:
        return None
