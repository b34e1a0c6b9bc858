"""Whether files of the storage hold what was written: each is hashed when it is first read, and again when it was touched since.

What is known of a file is kept by its *mark* (inode, size, time of change), so that a file that was read before costs a look at its
folder entry. A disk that changes bytes behind the system's back touches no mark: `anew` believes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from andon.base.cache import Cache, Entries
from andon.base.lru import Lru
from andon.base.record import Record
from andon.errors import DamagedError, MachineError
from andon.lake.sealed import Sealed
from andon.lake.storage import Storage
from andon.model.damage import Damage, damaged

if TYPE_CHECKING:
    from andon.lake.going import Going

#: Files whose marks are kept in memory, for twice a lake of 10,000.
_MARKS = 20_000
#: So many new marks are kept at once.
_BATCH = 500
#: So many bytes one of these reads at a time, where files are small: to hand one over costs as much as to read it.
_SHARE = 1 << 20
#: So many files are read at once: a disk has several at hand, and hashing leaves the interpreter alone.
_AT_ONCE = 8


class Hashed(Record, array_like=True):
    """A file as it was when it was hashed last."""

    mark: str
    sha256: str


_ENTRIES = Entries[Hashed]("intact files", Hashed)


class Intact:
    """Looks at the files of one storage; safe under threads.

    Args:
        kept: where it is kept which files were hashed; disposable.
        going: which files are on their way out.
    """

    def __init__(self, storage: Storage, kept: Cache, going: Going | None = None) -> None:
        self._storage = storage
        self._kept = kept
        self._going = going
        self._known: Lru[str, Hashed] = Lru(_MARKS)
        self._new: dict[str, Hashed] = {}

    def seal(self, path: str) -> tuple[int, str]:
        """Size and sha256 of a file that was written just now; from here on it is known."""
        size, sha = self._storage.facts(path)
        self.note(path, sha)
        return size, sha

    def note(self, path: str, sha256: str) -> None:
        """A file that was written just now, with its hash."""
        mark = self._storage.mark(path)
        if mark is not None:
            self._remember(path, Hashed(mark, sha256))

    def damage(self, file: Sealed, *, anew: bool = False) -> Damage | None:
        """What is wrong with a file, None where it holds what it should.

        Args:
            anew: read it, whatever is known of it.

        Raises:
            MachineError: it can't be read.
        """
        if not anew and not self._is_closed(file):
            self._storage.bring([file])
        found = self.of_size(file)
        if found is not None:
            return found
        if not anew and self._storage.is_ranged(file.path):
            return None  # it is read by range: its bytes are compared when all is read anew
        if self._hash(file, anew) == file.sha256:
            return None
        if not anew and self._storage.forget([file.path]):  # a copy of this machine; what it is of may be whole
            return self.damage(file)
        return Damage(file.path, "is damaged")

    def _hash(self, file: Sealed, anew: bool) -> str:
        path = file.path
        known = None if anew else self._find(path)
        mark = self._storage.mark(path)
        if known is None or known.mark != mark:
            _, sha = self._storage.facts(path, anew=anew, sha256=file.sha256)
            known = Hashed(mark or "", sha)
            self._remember(path, known)
        return known.sha256

    def damages(self, files: Sequence[Sealed], told: Callable[[int, int], None] | None = None) -> list[Damage]:
        """What is wrong with files, in their order; each is read whole, several at a time, whatever is known of it.

        Args:
            told: is told after each file how many files and bytes were read.

        Raises:
            MachineError: `machine.storage` where the server of the files can't be asked.
        """
        from concurrent.futures import ThreadPoolExecutor

        found, count, read = [], 0, 0
        shares = [*_shares(files)]
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            try:
                for share, damages in zip(shares, pool.map(self._read_all, shares), strict=True):
                    found += damages
                    for file in share:
                        count, read = count + 1, read + file.size
                        if told is not None:
                            told(count, read)
            except BaseException:  # whoever is told may have enough
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        self.flush()
        return found

    def _read_all(self, files: Sequence[Sealed]) -> list[Damage]:
        return [damage for file in files if (damage := self._read(file)) is not None]

    def _read(self, file: Sealed) -> Damage | None:
        try:
            return self.damage(file, anew=True)
        except DamagedError:  # it went while it was read
            return Damage(file.path, "is not there")
        except MachineError as error:
            if error.code == "machine.storage":  # no server says anything of any file
                raise
            return Damage(file.path, "can't be read")

    def of_sizes(self, files: Sequence[Sealed]) -> list[Damage]:
        """What a look at where they lie tells of files that are not whole, or that nobody may begin to read any more."""
        sizes = self._storage.sizes(file.path for file in files)
        return [found for file in files if (found := self._of_size(file, sizes.get(file.path))) is not None]

    def of_size(self, file: Sealed) -> Damage | None:
        """What a look at the folder entry tells of a file that is not whole, or that nobody may begin to read any more."""
        size = self._storage.size(file.path)
        if size != file.size and self._storage.forget([file.path]):  # a copy of this machine
            size = self._storage.size(file.path)
        return self._of_size(file, size)

    def _of_size(self, file: Sealed, size: int | None) -> Damage | None:
        if self._going is not None and self._is_closed(file):
            return self._going.closed(file.path)
        if size == file.size:
            return None
        found = Damage(
            file.path, "is not there" if size is None else "is cut off" if size < file.size else "is damaged"
        )
        return found if self._going is None else self._going.told(found)

    def _is_closed(self, file: Sealed) -> bool:
        return self._going is not None and self._going.is_closed(file.path)

    def require(self, dataset: str, files: Iterable[Sealed]) -> None:
        """Refuse to read what is not what was written.

        Raises:
            MachineError: `lake.corrupt`, with the first such file.
        """
        needed = list(files)
        self._storage.bring(file for file in needed if not self._is_closed(file))
        for file in needed:
            found = self.damage(file)
            if found is not None:
                raise damaged(dataset, found)

    def recall(self, paths: Iterable[str]) -> set[str]:
        """Have at hand what is kept of many files that are about to be looked at; returns those of which something is."""
        found = self._kept.get(_ENTRIES, paths)
        self._known.put_many(found)
        return set(found)

    def flush(self) -> None:
        """Keep what is known for other processes; failing to is not an error."""
        new, self._new = self._new, {}
        if new:
            self._kept.put(_ENTRIES, new)

    def _find(self, path: str) -> Hashed | None:
        found = self._known.get(path)
        if found is None:
            found = self._kept.get(_ENTRIES, [path]).get(path)
            if found is not None:
                self._known.put(path, found)
        return found

    def _remember(self, path: str, known: Hashed) -> None:
        self._known.put(path, known)
        self._new[path] = known
        if len(self._new) >= _BATCH:
            self.flush()


def _shares(files: Sequence[Sealed]) -> Iterator[list[Sealed]]:
    """Files in their order, in lists of some bytes."""
    share: list[Sealed] = []
    size = 0
    for file in files:
        share.append(file)
        size += file.size
        if size >= _SHARE:
            yield share
            share, size = [], 0
    if share:
        yield share
