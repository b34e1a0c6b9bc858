"""A folder of backups of one lake: contents under their hash, each once, and a manifest for each backup.

    andon-backup.json               of which lake
    contents/3f/3fa9…               a data file, a raw file, or a piece of a catalog
    backups/20261130T113205.…Z-….json  a manifest, by its moment and its own hash

Contents are never changed. A manifest is written when all that it names lasts, so a backup is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from andon.base.clock import from_text
from andon.base.document import Document, from_json, to_json
from andon.base.files import is_left_half
from andon.base.hashing import canonical, content_id, digest
from andon.errors import AndonError, DamagedError, MachineError, UsageError
from andon.lake.file_copies import Copied, copy_file, is_held
from andon.lake.sealed import Sealed
from andon.lake.storage import Storage
from andon.model.backup import BackedCatalog, BackedFile, Backup, BackupManifest
from andon.model.damage import Damage

#: Of what is written; a folder of a newer one is refused.
FORMAT = 1
_MARK = "andon-backup.json"
_BACKUPS, _CONTENTS = "backups", "contents"
_ENDING = ".json"
#: Bytes of a piece of a catalog: most of what changes between two backups lies in few of them.
_PIECE = 64 * 1024
#: Digits of a manifest's hash in its name.
_SHORT = 16


class _Mark(Document):
    """Of which lake the backups are, with the hash of that."""

    format: int
    lake: str
    seal: str


class BackupFolder:
    """A folder of backups.

    Args:
        storage: the folder.
        name: as people call it.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage = storage
        self._name = name

    # -- writing

    def begin(self, lake: str) -> None:
        """Make the folder one for backups of `lake`, where it is empty.

        Raises:
            UsageError: `backup.none` where it holds something else, or backups of another lake.
            MachineError: it can't be written; `lake.format`.
        """
        if self._storage.exists(_MARK):
            found = self._mark()
            if found.lake != lake:
                raise UsageError(
                    "backup.none",
                    f"`{self._name}` holds backups of another lake",
                    where=self._name,
                    hint="give each lake a folder of its own",
                )
            return
        if any(not name.startswith(".") for name in self._storage.names("")):
            raise UsageError(
                "backup.none",
                f"`{self._name}` is not empty, and holds no backups",
                where=self._name,
                hint="name a folder that is empty or not there yet",
            )
        self._storage.write(_MARK, canonical(to_json(_Mark(FORMAT, lake, _seal(FORMAT, lake)))), durable=True)

    def sweep(self) -> None:
        """Remove halves of files that killed backups left."""
        for folder in (_BACKUPS, *(f"{_CONTENTS}/{name}" for name in self._storage.names(_CONTENTS))):
            for name in self._storage.names(folder):
                if is_left_half(name):
                    self._storage.delete(f"{folder}/{name}")

    def keep(self, source: Storage, file: Sealed, *, anew: bool = False) -> Copied:
        """Have the content of a file of another storage in the folder. Safe under threads.

        Args:
            anew: read what is there already, too, and copy it again where it is damaged.

        Raises:
            MachineError: it can't be written here.
        """
        path = _content(file.sha256)
        if self._has(path, file, anew):
            return Copied()
        return copy_file(source, file, self._storage, path, source.readers([file.path]))

    def keep_catalog(self, copy: Path, mode: int, *, anew: bool = False) -> tuple[BackedCatalog, list[tuple[str, int]]]:
        """Have a copy of a catalog in the folder; also paths and sizes of the pieces that were not there yet."""
        whole = hashlib.sha256()
        pieces: list[str] = []
        new: list[tuple[str, int]] = []
        with copy.open("rb") as file:
            while piece := file.read(_PIECE):
                whole.update(piece)
                known = _Content(digest(piece), len(piece))
                if not self._has(known.path, known, anew):
                    self._storage.put(known.path, [piece], mode)
                    new.append((known.path, known.size))
                pieces.append(known.sha256)
        return BackedCatalog(copy.stat().st_size, whole.hexdigest(), tuple(pieces), mode), new

    def finish(self, manifest: BackupManifest, new: Sequence[str]) -> Backup:
        """Make a backup one: `new` are the paths of what was kept for it."""
        self._storage.make_durable(new)
        body = canonical(to_json(manifest))
        moment = "".join(letter for letter in manifest.at if letter not in "-:")
        name = f"{moment}-{digest(body)[:_SHORT]}"
        self._storage.write(f"{_BACKUPS}/{name}{_ENDING}", body, durable=True)
        return _backup(name, manifest)

    # -- reading

    @property
    def lake(self) -> str:
        """Whose backups these are.

        Raises:
            UsageError: `backup.none`.
            MachineError: `lake.format`.
        """
        if not self._storage.exists(_MARK):
            raise UsageError(
                "backup.none",
                f"`{self._name}` holds no backups of a lake",
                where=self._name,
                hint=f"`andon backup {self._name}` in a project makes one",
            )
        return self._mark().lake

    def names(self) -> list[str]:
        """The ids of all backups, the newest first."""
        found = [name for name in self._storage.names(_BACKUPS) if name.endswith(_ENDING) and name[0] != "."]
        return [name.removesuffix(_ENDING) for name in reversed(found)]

    @staticmethod
    def moment(id: str) -> datetime:
        """When the backup with an id was made."""
        return from_text(id.partition("-")[0])

    def all(self) -> tuple[list[Backup], list[str]]:
        """All backups, the newest first, and the ids of those whose manifest is not what was written."""
        backups, damaged = [], []
        for name in self.names():
            try:
                backups.append(_backup(name, self.manifest(name)))
            except DamagedError:
                damaged.append(name)
        return backups, damaged

    def manifest(self, id: str) -> BackupManifest:
        """The manifest of a backup.

        Raises:
            DamagedError: `backup.damaged`.
            MachineError: `lake.format`.
        """
        try:
            body = self._storage.read(f"{_BACKUPS}/{id}{_ENDING}")
            if digest(body)[:_SHORT] != id.rpartition("-")[2]:
                raise ValueError("another hash")
        except (ValueError, DamagedError) as error:
            raise DamagedError(
                "backup.damaged",
                f"the manifest of the backup `{id}` is not what was written",
                where=self._name,
                hint="`andon backup --list` tells the others; each is whole by itself",
            ) from error
        document = json.loads(body)
        _require_known(document.get("format"), self._name)
        return from_json(BackupManifest, document, stored=True)

    def backup(self, id: str) -> Backup:
        """A backup. Raises as `manifest`."""
        return _backup(id, self.manifest(id))

    def write_catalog(self, catalog: BackedCatalog, target: Path) -> list[Damage]:
        """Put a catalog together in a new file; what of its pieces is damaged, by their paths here."""
        damaged = []
        whole = hashlib.sha256()
        with target.open("wb") as file:
            for sha256 in catalog.pieces:
                path = _content(sha256)
                try:
                    piece = self._storage.read(path)
                except AndonError:
                    damaged.append(Damage(path, "is not there"))
                    continue
                if digest(piece) != sha256:
                    damaged.append(Damage(path, "is damaged"))
                    continue
                whole.update(piece)
                file.write(piece)
        if not damaged and whole.hexdigest() != catalog.sha256:
            damaged.append(Damage("the catalog", "is damaged"))
        return damaged

    def put_back(self, file: BackedFile, target: Storage) -> Copied:
        """Write the content of a file to where it lies in a lake's storage, if it does not lie there. Safe under threads.

        Raises:
            MachineError: it can't be written there.
        """
        if is_held(target, file):
            return Copied()
        content = _Content(file.sha256, file.size)
        return copy_file(self._storage, content, target, file.path, file.mode)

    def _has(self, path: str, file: Sealed, anew: bool) -> bool:
        if self._storage.size(path) != file.size:
            return False
        return not anew or self._storage.facts(path)[1] == file.sha256

    def _mark(self) -> _Mark:
        try:
            found = from_json(_Mark, json.loads(self._storage.read(_MARK)), stored=True)
            if found.seal != _seal(found.format, found.lake):
                raise ValueError("another hash")
        except (ValueError, DamagedError, MachineError) as error:
            raise DamagedError(
                "backup.damaged",
                f"`{_MARK}` is not what was written",
                where=self._name,
                hint="back up into another folder",
            ) from error
        _require_known(found.format, self._name)
        return found


class _Content(Document):
    """A piece of a catalog, as a file of the folder."""

    sha256: str
    size: int

    @property
    def path(self) -> str:
        """Where it lies."""
        return _content(self.sha256)


def _seal(format: int, lake: str) -> str:
    return content_id([format, lake])


def _content(sha256: str) -> str:
    return f"{_CONTENTS}/{sha256[:2]}/{sha256}"


def _backup(id: str, manifest: BackupManifest) -> Backup:
    return Backup(
        id=id,
        at=manifest.at,
        by=manifest.by,
        branch=manifest.branch,
        commit=manifest.commit,
        files=len(manifest.files),
        bytes=manifest.catalog.size + sum(file.size for file in manifest.files),
        whole=not manifest.damaged,
    )


def _require_known(format: int, name: str) -> None:
    if format > FORMAT:
        raise MachineError(
            "lake.format",
            f"the backups in `{name}` are of format {format}; this version of Andon knows up to {FORMAT}",
            where=name,
            hint="update Andon (`pip install --upgrade andon`), or use the version that wrote them",
        )
