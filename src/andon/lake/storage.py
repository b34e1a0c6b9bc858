"""Where data files lie: one storage URL, files under names that are never used twice.

`LocalStorage` is a folder, `ObjectStorage` a bucket. The catalog knows paths relative to the URL, so that a lake can be moved. Nothing is
ever found by listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from andon.errors import DamagedError
from andon.lake.sealed import Sealed
from andon.model.object_place import ObjectPlace


class Storage(Protocol):
    """What the lake needs of a place that holds files.

    Attributes:
        url: where it is.
        root: the folder of this machine in which its files lie: all of them, or those that are in use here.
        shares_locks: whether a lock on a file of it holds for all that share it. Where it doesn't, locks hold on this machine only.
        reach: how an engine asks by itself where the files lie; None where it needs not, or can't.
    """

    url: str
    root: Path
    shares_locks: bool
    reach: ObjectPlace | None

    def new_path(self, folder: str, name: str, ending: str) -> str:
        """A relative path in `folder` that no file has or had, `<name>-<unique><ending>`; the folder is there after the call."""
        ...

    def engine_path(self, path: str) -> str:
        """How an engine names the file `path` (relative) on this machine, to which it is brought where it must."""
        ...

    def engine_name(self, path: str) -> str:
        """What `engine_path` says; nothing is brought here for it."""
        ...

    def ranged_path(self, path: str) -> str:
        """`engine_path`, but the address of a large file that lies elsewhere, for an engine that asks there by itself (see `reach`)."""
        ...

    def local_path(self, path: str, sha256: str | None = None) -> Path:
        """Where a file lies on this machine, whole; it is brought here for it, and compared with its hash then where that is given."""
        ...

    def bring(self, files: Iterable[Sealed]) -> None:
        """Have files on this machine that are about to be read, many at a time; not those that are read by range, nor what is damaged."""
        ...

    def is_here(self, path: str) -> bool:
        """Whether a file lies on this machine."""
        ...

    def is_ranged(self, path: str) -> bool:
        """Whether a file that was about to be read lies elsewhere, to be read there by range."""
        ...

    def forget(self, paths: Iterable[str]) -> bool:
        """Remove copies of files that lie elsewhere; whether there was any."""
        ...

    def write(self, path: str, data: bytes, *, durable: bool = False) -> None:
        """Write a small file, so that a reader sees all of it or none; with `durable` it is there after a power loss too."""
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

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """The sizes of those files that are there; copies on this machine count for nothing."""
        ...

    def mark(self, path: str) -> str | None:
        """What becomes another one when a file is written to or replaced; None if it is not there."""
        ...

    def facts(self, path: str, *, anew: bool = False, sha256: str | None = None) -> tuple[int, str]:
        """Size and sha256 of a file, by reading it; with `anew` the file itself, not a copy of this machine, which is forgotten where it
        is not what it must be: `sha256`, else what is there."""
        ...

    def readers(self, paths: Iterable[str]) -> int:
        """Permission bits that all of these files have: who may read every one of them. All bits if there are none."""
        ...

    def written(self, path: str, mode: int) -> AbstractContextManager[str]:
        """How an engine names a new file while it is written; afterwards it has its path, and no permission that `mode` lacks. At no
        time can others read what they may not read in the end."""
        ...

    def settle(self, path: str, mode: int) -> None:
        """Give a file that was made just now the permissions of its folder, and none that `mode` lacks."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """While files are written that nothing names yet: none of them is taken for left behind meanwhile."""
        ...

    def alone(self) -> AbstractContextManager[bool]:
        """Whether nobody writes such files; then nobody begins to, until the end of the block."""
        ...

    def make_durable(self, paths: Iterable[str]) -> None:
        """Return when files and their names survive a power loss."""
        ...

    def have_there(self, files: Iterable[Sealed], *, anew: bool = False) -> list[str]:
        """Put copies of this machine that are whole in the place of files that are not there any more, or cut off; with `anew` of those
        that hold something else, too. Returns their paths."""
        ...

    def replace(self, path: str, source: Path, mode: int) -> None:
        """Put a copy of the file `source` under `path`, durable, with the permissions of `settle`. Whoever reads sees all of it, or the
        file as it was."""
        ...

    def pieces(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        ...

    def put(self, path: str, pieces: Iterable[bytes], mode: int) -> None:
        """Write a file of any size with the permissions of `settle`: whoever reads sees all of it, or the file as it was, which also stays
        where `pieces` raises. Its content lasts; `make_durable` has its name last, too."""
        ...

    def names(self, folder: str) -> list[str]:
        """The names of what lies in a folder, sorted; none where there is no such folder. Data files are never found by it."""
        ...

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """All files below a folder, with their sizes; links are none."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; no error if it is gone."""
        ...

    def tidy(self, before: datetime) -> int:
        """End what writers that were killed before then left half done, where the place keeps such a thing; how many there were."""
        ...


def lost(path: str) -> DamagedError:
    """The error for a file that is not there."""
    return DamagedError(
        "lake.corrupt",
        f"the lake's file `{path}` is not there",
        where=path,
        hint="`andon doctor` lists what is missing; a file that was deleted by hand comes back only from a backup",
    )
