"""A lake beside the lake: it reads what is there, and what is written into it ends with it. No row and no file of the lake is touched.

What was built is built again in it: nothing is found by its recipe, but for views, which are recipes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.database import Database, Row, TableShape, Transaction
from andon.errors import DamagedError, MachineError
from andon.lake.field_ids import SEPARATOR, Output
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.lake.locks import Locks
from andon.lake.objects import Objects
from andon.lake.sealed import Sealed
from andon.lake.storage import Storage
from andon.model.build import Build
from andon.model.object_place import ObjectPlace
from andon.model.version import Column, Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.model.dataset import Definition

#: Ids of columns that the lake does not know begin here.
_UNKNOWN = 1 << 40


class ScratchLake(Lake):
    """A lake whose new files lie in a folder of its own, and whose new rows are kept in memory.

    Args:
        lake: what is read.
        folder: where new files go; it belongs to whoever makes this.
        columns: the columns that outputs have in the lake, by dataset: theirs have the ids of these.
    """

    def __init__(self, lake: Lake, folder: Path, columns: Mapping[str, Sequence[Column]]) -> None:
        storage = ScratchStorage(lake.storage, folder)
        super().__init__(_OnlyRead(lake.database), storage, lake.clock)
        self.leases = lake.leases
        self.locks = Locks(storage, None)
        self.going.look(lake.going.epoch())
        # nothing that was hashed before is believed: who builds again wants to know
        self.objects: ScratchObjects = ScratchObjects(self, columns)


class ScratchObjects(Objects):
    """The objects of a lake, with those that were made in a scratch lake."""

    def __init__(self, lake: Lake, columns: Mapping[str, Sequence[Column]]) -> None:
        super().__init__(lake.database, lake.storage, lake.clock, lake.intact)
        self._ids = {dataset: _ids_of(each) for dataset, each in columns.items()}
        self._unknown = count(_UNKNOWN)
        self._own_versions: dict[str, Version] = {}
        self._own_views: dict[str, Build] = {}

    def keep(self, version: Version, build: Build) -> None:
        """What was made is found by its id from here on."""
        self._own_versions[version.id] = version
        if version.is_view:
            self._own_views[build.key] = build

    def versions(self, ids: Iterable[str]) -> dict[str, Version]:
        """See `Objects.versions`."""
        wanted = set(ids)
        found = super().versions(wanted - self._own_versions.keys())
        found.update((each, self._own_versions[each]) for each in wanted & self._own_versions.keys())
        return found

    def builds_by_key(self, keys: Iterable[str]) -> dict[str, Build]:
        """Those of views alone: a table is built."""
        wanted = set(keys)
        found = super().builds_by_key(wanted - self._own_views.keys())
        for key in [key for key, build in found.items() if build.version != key]:
            del found[key]
        found.update((key, self._own_views[key]) for key in wanted & self._own_views.keys())
        return found

    def built_definitions(self, ids: Iterable[str]) -> set[str]:
        """None: nothing is known to be built."""
        del ids
        return set()

    def register_fields(self, wanted: Mapping[str, Output]) -> dict[str, dict[str, int]]:
        """The ids that the lake's columns have; one that it does not know has one that it never gives."""
        found = {}
        for dataset, output in wanted.items():
            known = self._ids.get(dataset, {})
            found[dataset] = {path: known.get(path) or next(self._unknown) for path in output.paths}
        return found

    def record(
        self,
        outcomes: Sequence[tuple[Version, Build]],
        definitions: Iterable[Definition] = (),
        texts: Mapping[str, bytes] | None = None,
        raw: Iterable[str] = (),
        new: Iterable[str] | None = None,
        force: bool = False,
        also: Callable[[Transaction], None] | None = None,
    ) -> dict[str, Build]:
        """Keep results for as long as this lasts."""
        del definitions, texts, raw, new, force, also  # all that is for what lasts
        for version, build in outcomes:
            self.keep(version, build)
        return {build.key: build for _, build in outcomes}


class ScratchStorage:
    """Files of a storage, and new ones in a folder (see `Storage`). What is not its own is never written and never deleted."""

    shares_locks = True
    reach: ObjectPlace | None = None

    def __init__(self, under: Storage, folder: Path) -> None:
        self._under = under
        self._own = LocalStorage(folder)
        self._made: set[str] = set()
        self.url = under.url
        self.root = under.root

    def new_path(self, folder: str, name: str, ending: str) -> str:
        """See `Storage.new_path`."""
        path = self._own.new_path(folder, name, ending)
        self._made.add(path)
        return path

    def engine_path(self, path: str) -> str:
        """See `Storage.engine_path`."""
        return self._of(path).engine_path(path)

    def engine_name(self, path: str) -> str:
        """See `Storage.engine_name`."""
        return f"{self._of(path).root}/{path}"

    def ranged_path(self, path: str) -> str:
        """`engine_path`: what is built again may be packed, which needs files."""
        return self.engine_path(path)

    def local_path(self, path: str, sha256: str | None = None) -> Path:
        """See `Storage.local_path`."""
        return self._of(path).local_path(path, sha256)

    def bring(self, files: Iterable[Sealed]) -> None:
        """See `Storage.bring`."""
        needed = [file for file in files if file.path not in self._made]
        self._under.bring(needed)
        for file in needed:
            if self._under.is_ranged(file.path):
                with contextlib.suppress(DamagedError):  # whoever looks at it says so
                    self._under.local_path(file.path, file.sha256)

    def is_here(self, path: str) -> bool:
        """See `Storage.is_here`."""
        return self._of(path).is_here(path)

    def is_ranged(self, path: str) -> bool:
        """False: see `ranged_path`."""
        del path
        return False

    def forget(self, paths: Iterable[str]) -> bool:
        """See `Storage.forget`."""
        return self._under.forget(path for path in paths if path not in self._made)

    def write(self, path: str, data: bytes, *, durable: bool = False) -> None:
        """See `Storage.write`."""
        self._made.add(path)
        self._own.write(path, data, durable=durable)

    def read(self, path: str) -> bytes:
        """See `Storage.read`."""
        return self._of(path).read(path)

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return self._of(path).exists(path)

    def size(self, path: str) -> int | None:
        """See `Storage.size`."""
        return self._of(path).size(path)

    def sizes(self, paths: Iterable[str]) -> dict[str, int]:
        """See `Storage.sizes`."""
        asked = set(paths)
        return {**self._under.sizes(asked - self._made), **self._own.sizes(asked & self._made)}

    def mark(self, path: str) -> str | None:
        """See `Storage.mark`."""
        return self._of(path).mark(path)

    def facts(self, path: str, *, anew: bool = False, sha256: str | None = None) -> tuple[int, str]:
        """See `Storage.facts`."""
        return self._of(path).facts(path, anew=anew, sha256=sha256)

    def readers(self, paths: Iterable[str]) -> int:
        """Those of this account: nobody else reads what is here."""
        del paths
        return 0o700

    def written(self, path: str, mode: int) -> AbstractContextManager[str]:
        """See `Storage.written`."""
        return self._own.written(path, mode)

    def settle(self, path: str, mode: int) -> None:
        """See `Storage.settle`."""
        self._own.settle(path, mode)

    def writing(self) -> AbstractContextManager[None]:
        """See `Storage.writing`."""
        return self._own.writing()

    def alone(self) -> AbstractContextManager[bool]:
        """See `Storage.alone`."""
        return self._own.alone()

    def make_durable(self, paths: Iterable[str]) -> None:
        """Nothing here lasts."""
        del paths

    def have_there(self, files: Iterable[Sealed], *, anew: bool = False) -> list[str]:
        """Nothing: what is under it stays as it is."""
        del files, anew
        return []

    def replace(self, path: str, source: Path, mode: int) -> None:
        """See `Storage.replace`."""
        self._made.add(path)
        self._own.replace(path, source, mode)

    def pieces(self, path: str) -> Iterator[bytes]:
        """See `Storage.pieces`."""
        return self._of(path).pieces(path)

    def put(self, path: str, pieces: Iterable[bytes], mode: int) -> None:
        """See `Storage.put`."""
        self._made.add(path)
        self._own.put(path, pieces, mode)

    def names(self, folder: str) -> list[str]:
        """Those of its own."""
        return self._own.names(folder)

    def files(self, folder: str) -> Iterator[tuple[str, int]]:
        """Those of its own."""
        return self._own.files(folder)

    def delete(self, path: str) -> None:
        """Remove a file of its own."""
        if path in self._made:
            self._made.discard(path)
            self._own.delete(path)

    def tidy(self, before: datetime) -> int:
        """Nothing here lasts."""
        del before
        return 0

    def _of(self, path: str) -> Storage:
        return self._own if path in self._made else self._under


class _OnlyRead:
    """A database that is read (see `Database`)."""

    is_read_only = True

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def place(self) -> str:
        return self._database.place

    @property
    def identity(self) -> str:
        return self._database.identity

    @property
    def seconds(self) -> str:
        return self._database.seconds

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        return self._database.query(sql, parameters)

    def write(self, beside: Collection[str] = ()) -> AbstractContextManager[Transaction]:
        del beside
        raise MachineError(
            "machine.read_only",
            "what is built again is not written into the catalog",
            hint="`andon run` is what writes; please report that this was asked for",
        )

    def turn(self, name: str) -> AbstractContextManager[None]:
        return self._database.turn(name)

    def tables(self) -> Mapping[str, TableShape]:
        return self._database.tables()

    def has_table(self, name: str) -> bool:
        return self._database.has_table(name)

    def close(self) -> None:
        """It is closed by whose it is."""


def _ids_of(columns: Sequence[Column]) -> dict[str, int]:
    """Field ids of columns and their parts, by path as `SEPARATOR` joins it."""
    found = {}
    for column in columns:
        found[column.name] = column.field_id
        found.update((SEPARATOR.join((column.name, *path)), number) for path, number in column.children)
    return found
