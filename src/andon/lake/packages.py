"""Wheels of locks, kept in the storage by content, so that an environment can be made when no index has them any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.database import Database, Transaction, in_batches
from andon.base.record import Record
from andon.lake.intact import Intact
from andon.lake.storage import Storage

if TYPE_CHECKING:
    from andon.lake.going import Going

#: The table, for the numbered steps of `andon.lake.schema`; a lock is named by the sha256 of its text.
TABLES = (
    "create table kept_package (lock text not null, platform text not null, name text not null, version text not null,"
    " file text not null, sha256 text not null, size bigint not null, primary key (lock, platform, file))",
)
_EVERYBODY = 0o777
_ROW = "name, version, file, sha256, size"


class PackageFile(Record):
    """A wheel in the storage: the package, the name of its file, and its content."""

    name: str
    version: str
    file: str
    sha256: str
    size: int

    @property
    def path(self) -> str:
        """Where it lies in the storage."""
        return f"packages/{self.sha256[:2]}/{self.sha256}"


def packages_of(database: Database, locks: Iterable[str]) -> dict[str, list[PackageFile]]:
    """By lock what is kept of it, for any system."""
    found: dict[str, list[PackageFile]] = {}
    for marks, batch in in_batches(locks):
        sql = f"select lock, {_ROW} from kept_package where lock in ({marks}) order by lock, file"
        for lock, *row in database.query(sql, batch):
            found.setdefault(lock, []).append(PackageFile(*row))
    return found


class Packages:
    """The wheels of one lake."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        intact: Intact,
        going: Going,
        writing: Callable[[], AbstractContextManager[None]],
        require_home: Callable[[Transaction], None],
    ) -> None:
        self._database = database
        self._storage = storage
        self._intact = intact
        self._going = going
        self._writing = writing
        self._require_home = require_home

    def of(self, lock: str, platform: str) -> list[PackageFile]:
        """What is kept of a lock for a system and Python, there or not."""
        sql = f"select {_ROW} from kept_package where lock = ? and platform = ? order by file"
        return [PackageFile(*row) for row in self._database.query(sql, [lock, platform])]

    def is_there(self, file: PackageFile) -> bool:
        """Whether it is there with its size; its content is compared when it is installed, and by `verify`."""
        return self._storage.size(file.path) == file.size

    def take(self, file: PackageFile, target: Path) -> None:
        """Copy it out to `target`.

        Raises:
            MachineError: it is not there, or the disk.
        """
        target.write_bytes(self._storage.read(file.path))

    def put(self, file: PackageFile, source: Path) -> None:
        """Put the content of `source` in its place."""
        self._storage.replace(file.path, source, _EVERYBODY)
        self._intact.note(file.path, file.sha256)

    def keep(self, lock: str, platform: str, files: Mapping[PackageFile, Path]) -> None:
        """Keep all wheels of a lock for a system and Python: first the files, then the rows that name them.

        Raises:
            ConflictError: `lake.ref_moved` where a file was taken away meanwhile.
            MachineError: `lake.elsewhere`.
        """
        with self._writing():
            for file, source in files.items():
                if not self.is_there(file):
                    self.put(file, source)
            self._storage.have_there(files)
            rows: Sequence[tuple[Any, ...]] = [
                (lock, platform, file.name, file.version, file.file, file.sha256, file.size) for file in files
            ]
            with self._database.write() as transaction:
                self._require_home(transaction)
                self._going.keep(transaction, [file.path for file in files])
                transaction.execute_many(
                    f"insert into kept_package (lock, platform, {_ROW}) values (?, ?, ?, ?, ?, ?, ?)"
                    " on conflict (lock, platform, file) do update set sha256 = excluded.sha256, size = excluded.size",
                    rows,
                )
        self._intact.flush()
