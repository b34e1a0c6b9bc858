"""Data files in an object store, with those that are in use on this machine (see `Storage`).

Engines write into the mirror; `make_durable` hands files over, and only then may a row of the catalog name them. What is read is brought
into the mirror and compared with what it must hold; what is large is read by range where it lies.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from andon.base.files import machine_error
from andon.base.lru import Lru
from andon.base.threads import side_by_side
from andon.errors import DamagedError
from andon.lake.local_storage import LocalStorage, pieces_of
from andon.lake.mirror import Mirror
from andon.lake.object_store import ObjectStore, StoredObject
from andon.lake.sealed import Sealed
from andon.lake.storage import lost
from andon.model.object_place import ObjectPlace

_EVERYBODY = 0o777
#: Requests side by side: for files of which some are large, and where all are small, so that the way there takes longer than they.
_AT_ONCE, _AT_ONCE_SMALL, _SMALL = 8, 16, 1 << 20
#: So many seconds it is believed that an object is not there: nobody misses it who would put it there.
_ABSENT = 5.0
#: To ask for the sizes of more is to list all.
_MANY = 100
#: Objects that are known to be there, and how large.
_KNOWN = 20_000
#: What says whose files lie in a store: read at each beginning, and never changed.
_NOTES = ".catalogs/"


class ObjectStorage:
    """See the module. Safe under threads.

    Args:
        mirror: the folder for what is on this machine.
        bound: so many bytes may lie there, beside what is in use.
        by_range: a larger file is not brought whole to who can read parts of it.
        can_range: whether engines may ask the store by themselves.
    """

    shares_locks = False

    def __init__(self, objects: ObjectStore, mirror: Path, *, bound: int, by_range: int, can_range: bool) -> None:
        self.objects = objects
        self.root = mirror
        self.url = objects.url
        self.reach = ObjectPlace(objects.url, objects.options) if can_range else None
        self._by_range = by_range if can_range else None
        self._mirror = Mirror(mirror, bound)
        self._local = LocalStorage(mirror)
        self._known: Lru[str, StoredObject] = Lru(_KNOWN)
        self._new: Lru[str, bool] = Lru(_KNOWN)
        #: objects that were not there, and when
        self._absent: Lru[str, float] = Lru(_KNOWN)
        #: of large files that are not here, what they must hold
        self._hashes: Lru[str, str] = Lru(_KNOWN)

    def prepare(self) -> None:
        """Make the folder of this machine, for this account alone.

        Raises:
            MachineError: the disk.
        """
        self._mirror.prepare()

    # -- names

    def new_path(self, folder: str, name: str, ending: str) -> str:
        """See `Storage.new_path`."""
        self._mirror.join()
        path = self._local.new_path(folder, name, ending)
        self._new.put(path, True)
        return path

    def engine_path(self, path: str) -> str:
        """See `Storage.engine_path`."""
        if path not in self._new and self._mirror.find(path) is None:
            with contextlib.suppress(DamagedError):  # whoever reads it says so
                self._fetch(path, self._hashes.get(path))
        return self.engine_name(path)

    def engine_name(self, path: str) -> str:
        """See `Storage.engine_name`."""
        return f"{self.root}/{path}"

    def ranged_path(self, path: str) -> str:
        """See `Storage.ranged_path`."""
        return self.objects.address(path) if self.is_ranged(path) else self.engine_path(path)

    def local_path(self, path: str, sha256: str | None = None) -> Path:
        """See `Storage.local_path`."""
        if self._mirror.find(path) is None:
            self._fetch(path, sha256 or self._hashes.get(path))
        return self._mirror.place(path)

    def bring(self, files: Iterable[Sealed]) -> None:
        """See `Storage.bring`."""
        lacking = [f for f in files if self._mirror.find(f.path) is None and not self._is_absent(f.path)]
        large = [file for file in lacking if self._by_range is not None and file.size > self._by_range]
        for file in large:
            self._hashes.put(file.path, file.sha256)
        if len(large) < len(lacking):
            wanted = [file for file in lacking if file.path not in self._hashes]
            side_by_side(self._bring, wanted, _at_once(file.size for file in wanted))

    def is_here(self, path: str) -> bool:
        """See `Storage.is_here`."""
        return self._mirror.find(path) is not None

    def is_ranged(self, path: str) -> bool:
        """See `Storage.is_ranged`."""
        return path in self._hashes and self._mirror.find(path) is None

    def forget(self, paths: Iterable[str]) -> bool:
        """See `Storage.forget`."""
        found = [path for path in paths if self._mirror.is_stored(path) or self._is_left(path)]
        for path in found:
            self._mirror.forget(path)
            self._known.discard(path)
        return bool(found)

    # -- looking

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        if path.startswith(_NOTES):
            with contextlib.suppress(DamagedError):
                self.read(path)
                return True
            return False
        return self.objects.head(path) is not None

    def size(self, path: str) -> int | None:
        """See `Storage.size`."""
        found = self._mirror.find(path)
        if found is not None:
            return found.st_size
        there = self._look(path)
        return None if there is None else there.size

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """See `Storage.sizes`."""
        asked = dict.fromkeys(paths)
        found: dict[str, int] = {}
        if len(asked) > _MANY:
            for folder in {path.partition("/")[0] for path in asked}:
                found.update((path, size) for path, size in self.files(folder) if path in asked)
        else:

            def look(path: str) -> None:
                there = self.objects.head(path)
                if there is not None:
                    found[path] = there.size

            side_by_side(look, list(asked), _AT_ONCE_SMALL)
        now = time.monotonic()
        self._absent.put_many({path: now for path in asked if path not in found})
        return found

    def mark(self, path: str) -> str | None:
        """See `Storage.mark`."""
        found = self._mirror.find(path)
        if found is not None:
            return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
        there = self._look(path)
        return None if there is None else f"{there.size}:{there.tag}"

    def facts(self, path: str, *, anew: bool = False, sha256: str | None = None) -> tuple[int, str]:
        """See `Storage.facts`."""
        digest, size = hashlib.sha256(), 0
        for piece in self._read_anew(path) if anew and self._is_handed_over(path) else self.pieces(path):
            size += len(piece)
            digest.update(piece)
        found = size, digest.hexdigest()
        if anew and self._mirror.is_stored(path) and self._local.facts(path)[1] != (sha256 or found[1]):
            self._mirror.forget(path)  # what is here is only a copy
        return found

    def readers(self, paths: Iterable[str]) -> int:
        """All: who may read an object is the bucket's to say."""
        del paths
        return _EVERYBODY

    def names(self, folder: str) -> list[str]:
        """See `Storage.names`."""
        prefix = f"{folder}/" if folder else ""
        return sorted({path.removeprefix(prefix).partition("/")[0] for path, _ in self.objects.listed(prefix)})

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """See `Storage.files`."""
        return self.objects.listed(f"{folder}/")

    # -- reading

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        if self._mirror.find(path) is None:
            self._fetch(path)
        return self._local.read(path)

    def pieces(self, path: str) -> Iterator[bytes]:
        """See `Storage.pieces`."""
        if self._mirror.find(path) is not None:
            return self._local.pieces(path)
        return self._read_anew(path)

    # -- writing

    def write(self, path: str, data: bytes, *, durable: bool = False) -> None:
        """See `Storage.write`."""
        del durable  # what the store has lasts
        self.put(path, [data], _EVERYBODY)

    @contextmanager
    def written(self, path: str, mode: int) -> Iterator[str]:
        """See `Storage.written`."""
        del mode
        yield f"{self.root}/{path}"

    def settle(self, path: str, mode: int) -> None:
        """Nothing: the store knows no permissions of files."""

    def make_durable(self, paths: Iterable[str]) -> None:
        """See `Storage.make_durable`."""
        waiting = [path for path in dict.fromkeys(paths) if not self._mirror.is_stored(path)]
        if waiting:
            sizes = [found.st_size for path in waiting if (found := self._mirror.find(path)) is not None]
            side_by_side(self._hand_over, waiting, _at_once(sizes))

    def have_there(self, files: Iterable[Sealed], *, anew: bool = False) -> list[str]:
        """See `Storage.have_there`."""
        copies = [file for file in files if self._mirror.is_stored(file.path)]
        there = self.sizes(file.path for file in copies)

        def is_lost(file: Sealed) -> bool:
            is_whole = there.get(file.path) == file.size
            return not is_whole or (anew and self.facts(file.path, anew=True, sha256=file.sha256)[1] != file.sha256)

        lost = [f for f in copies if is_lost(f) and self._local.facts(f.path) == (f.size, f.sha256)]
        side_by_side(lambda f: self.objects.put(f.path, self._mirror.place(f.path), f.size), lost, _AT_ONCE)
        for file in lost:
            self._absent.discard(file.path)
        return [file.path for file in lost]

    def replace(self, path: str, source: Path, mode: int) -> None:
        """See `Storage.replace`."""
        self.put(path, pieces_of(source, path), mode)

    def put(self, path: str, pieces: Iterable[bytes], mode: int) -> None:
        """See `Storage.put`."""
        del mode
        size = 0
        half = self._mirror.half(path)
        try:
            with half.open("wb") as writer:
                for piece in pieces:
                    writer.write(piece)
                    size += len(piece)
            # the name is believed by whoever finds it here, so the store has the content first
            self.objects.put(path, half, size)
            self._mirror.keep(half, path)
        except OSError as error:
            raise machine_error(error, f"write `{path}`") from error
        finally:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
        self._known.discard(path)
        self._absent.discard(path)
        self._mirror.came(size)

    def delete(self, path: str) -> None:
        """See `Storage.delete`."""
        if self._is_handed_over(path):  # else nothing was handed over
            self.objects.delete(path)
        try:
            self._mirror.forget(path)
        except OSError as error:
            raise machine_error(error, f"delete `{path}`") from error
        self._known.discard(path)

    def tidy(self, before: datetime) -> int:
        """See `Storage.tidy`."""
        from andon.lake.unfinished_uploads import abort, unfinished  # only who collects needs it

        old = [upload for upload in unfinished(self.objects) if upload.since < before]
        for upload in old:
            abort(self.objects, upload)
        return len(old) + self._mirror.sweep()

    # -- who else writes: on this machine

    def writing(self) -> AbstractContextManager[None]:
        """See `Storage.writing`."""
        self._mirror.prepare()
        return self._local.writing()

    def alone(self) -> AbstractContextManager[bool]:
        """See `Storage.alone`."""
        return self._local.alone()

    # -- parts

    def _look(self, path: str) -> StoredObject | None:
        """What the store says of an object; asked once, since no name is used twice."""
        known = self._known.get(path)
        if known is None and not self._is_absent(path):
            known = self.objects.head(path)
            if known is None:
                self._absent.put(path, time.monotonic())
            else:
                self._known.put(path, known)
        return known

    def _is_absent(self, path: str) -> bool:
        """Whether an object was not there just now."""
        since = self._absent.get(path)
        return since is not None and time.monotonic() - since < _ABSENT

    def _is_handed_over(self, path: str) -> bool:
        return path not in self._new or self._mirror.is_stored(path)

    def _is_left(self, path: str) -> bool:
        """Whether a file looks here as if the store had it not yet, and it has: a power loss, or who copied the folder, forgot that."""
        return path not in self._new and self._mirror.find(path) is not None and self.objects.head(path) is not None

    def _read_anew(self, path: str) -> Iterator[bytes]:
        try:
            yield from self.objects.pieces(path)
        except FileNotFoundError as error:
            self._absent.put(path, time.monotonic())
            raise lost(path) from error

    def _hand_over(self, path: str) -> None:
        place = self._mirror.place(path)
        try:
            size = place.stat().st_size
        except FileNotFoundError as error:
            raise lost(path) from error
        except OSError as error:
            raise machine_error(error, f"read `{path}`") from error
        self.objects.create(path, place, size)
        self._absent.discard(path)
        self._mirror.stored(path)
        self._new.discard(path)
        self._mirror.came(size)

    def _bring(self, file: Sealed) -> None:
        """Let a file be here that is what it must be; what is not stays away, and is told when it is looked at."""
        with contextlib.suppress(DamagedError):
            self._fetch(file.path, file.sha256)

    def _fetch(self, path: str, sha256: str | None = None) -> None:
        """Let a file be here.

        Raises:
            DamagedError: `lake.corrupt` where it is not there.
            MachineError: `machine.storage`, the disk.
        """
        half = self._mirror.half(path)
        digest, size = hashlib.sha256(), 0
        try:
            with half.open("wb") as writer:
                for piece in self._read_anew(path):
                    writer.write(piece)
                    digest.update(piece)
                    size += len(piece)
            if sha256 is not None and digest.hexdigest() != sha256:
                raise DamagedError(
                    "lake.corrupt", f"the lake's file `{path}` is damaged", where=path, hint="`andon repair`"
                )
            self._mirror.keep(half, path)
        except OSError as error:
            raise machine_error(error, f"keep a copy of `{path}`") from error
        finally:
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
        self._mirror.came(size)


def _at_once(sizes: Iterable[int]) -> int:
    """How many files of these sizes are on their way at once."""
    return _AT_ONCE if max(sizes, default=0) > _SMALL else _AT_ONCE_SMALL
