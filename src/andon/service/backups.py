"""Copies of the lake in another folder: catalog and files as they are at one moment, whoever publishes meanwhile."""

from __future__ import annotations

import stat
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.base.sqlite import SqliteDatabase
from andon.base.temporary import Temporary, system_place
from andon.errors import UsageError
from andon.lake.analysis_runs import ids_of
from andon.lake.backup_folder import FORMAT, BackupFolder
from andon.lake.file_copies import copy_files
from andon.lake.leases import lease_lost
from andon.lake.local_storage import LocalStorage
from andon.lake.named_files import sealed_files
from andon.lake.reached import Part, Reached
from andon.lake.sealed import Sealed
from andon.model.backup import BackedFile, BackupList, BackupMade, BackupManifest
from andon.runs.planning.raw_files import kept_copy
from andon.service.verifying import damaged_parts
from andon.version import __version__
from andon.workspace.catalog import write_catalog
from andon.workspace.folder import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from andon.base.database import Database
    from andon.workspace.workspace import Workspace

#: The permissions of a catalog that is no file.
_OWN = 0o600
#: So many moments are begun with, of a process that is silent for long: what was copied stays.
_ATTEMPTS = 3


class Backups:
    """Backs up one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def make(
        self,
        folder: str | None = None,
        *,
        deep: bool = False,
        told: Callable[[int, int, int, int], None] | None = None,
    ) -> BackupMade:
        """Copy the lake, as it is at this moment, to a folder: only what is not there yet, each file compared with its hash.

        Args:
            folder: where to; without it the setting `backup.folder`. A relative one is of the project.
            deep: also read what is there already, and copy again what is damaged.
            told: is told as files are copied: how many files and bytes, and of how many.

        Raises:
            UsageError: `usage.bad_argument` without a folder, or for one in the lake; `backup.none` for one that holds something else.
            ConflictError: `lake.lease_lost` where this process was silent for long, again and again.
            MachineError: it can't be written there; `lake.elsewhere` where not all was brought to the lake's storage yet.
        """
        begun = time.monotonic()
        workspace = self._workspace
        lake = workspace.lake
        lake.home.require_whole()
        place = self.place(folder)
        target = BackupFolder(LocalStorage(place), str(place))
        target.begin(lake.id)
        target.sweep()
        spare = Temporary([workspace.folder.state / "tmp", system_place()], "backup")
        try:
            for attempt in range(_ATTEMPTS):
                copy = spare.path / f"catalog{attempt}.db"
                writing = nullcontext() if lake.database.is_read_only else lake.locks.writing()
                with writing, lake.leases.reading() as hold:
                    at = to_text(workspace.clock())
                    write_catalog(lake.database, copy)
                    catalog, pieces = target.keep_catalog(copy, _mode(lake.database), anew=deep)
                    read = _Read(copy)
                    made = copy_files(read.files, lambda file: target.keep(lake.storage, file, anew=deep), told)
                    if hold.holds():  # else what that catalog names may be gone, and another moment is backed up
                        break
            else:
                raise lease_lost()
        finally:
            spare.close()
        found: dict[Part, str] = {(wrong.kind, wrong.id): wrong.what for wrong in read.reached.wrong}
        lost = {done.damage.path: lake.going.told(done.damage) for _, done in made if done.damage is not None}
        # what no commit shows any more may be lost, and what was taken away may be so everywhere
        wrong = {path: each.what for path, each in lost.items() if not each.is_gone}
        found.update({part: wrong[part[1]] for part in read.reached.files() if part[1] in wrong})
        damaged = damaged_parts(found, read.reached)
        files = [file for file, _ in made if file.path not in lost]
        manifest = BackupManifest(
            format=FORMAT,
            lake=lake.id,
            at=at,
            by=workspace.caller.author,
            andon=__version__,
            branch=workspace.default_branch,
            commit=read.head(workspace.default_branch),
            catalog=catalog,
            files=tuple(
                BackedFile(file.path, file.size, file.sha256, lake.storage.readers([file.path])) for file in files
            ),
            damaged=tuple(damaged),
        )
        new = [(done.path, file.size) for file, done in made if done.path is not None]
        backup = target.finish(manifest, [path for path, _ in (*pieces, *new)])
        return BackupMade(
            folder=str(place),
            backup=backup,
            copied_files=len(new),
            copied_bytes=sum(size for _, size in (*pieces, *new)),
            seconds=round(time.monotonic() - begun, 3),
            damaged=damaged,
        )

    def list(self, folder: str | None = None) -> BackupList:
        """The backups in a folder, the newest first.

        Raises:
            UsageError: as `make`.
        """
        return listed(self.place(folder))

    def place(self, folder: str | None) -> Path:
        """The folder of backups. Raises as `make`."""
        workspace = self._workspace
        text = folder or str(workspace.settings.get("backup.folder"))
        if not text:
            raise UsageError(
                "usage.bad_argument",
                "no folder is named to back up to",
                where="FOLDER",
                hint="`andon backup FOLDER`, or `folder` of `[backup]` in andon.toml",
            )
        place = (workspace.root / Path(text).expanduser()).resolve()
        storage = workspace.lake.storage.root.resolve()
        own = (workspace.root / STATE_FOLDER).resolve()
        inside = own if place.is_relative_to(own) else storage
        if place.is_relative_to(inside) or storage.is_relative_to(place):
            raise UsageError(
                "usage.bad_argument",
                f"the lake lies in `{inside}`: what happens to it would happen to a backup in `{place}`",
                where=str(place),
                hint="name a folder elsewhere, best on another disk",
            )
        return place


def listed(place: Path) -> BackupList:
    """The backups in a folder, of whatever lake.

    Raises:
        UsageError: `backup.none`.
    """
    folder = BackupFolder(LocalStorage(place), str(place))
    assert folder.lake
    backups, damaged = folder.all()
    return BackupList(folder=str(place), backups=backups, damaged=damaged)


class _Read:
    """What a copy of a catalog names: files that commits reach, and those that no commit shows any more."""

    def __init__(self, copy: Path) -> None:
        database = SqliteDatabase(copy)
        try:
            self._heads: dict[str, str] = dict(database.query("select name, commit_id from ref"))
            analyses = ids_of(database)
            self.reached = Reached(database, self._heads.values(), kept_copy, parents=True, analyses=analyses)
            named = sealed_files(database, kept_copy)
        finally:
            database.close()
        named.update((file.path, file) for file in self.reached.files().values())
        self.files: Sequence[Sealed] = [named[path] for path in sorted(named)]

    def head(self, branch: str) -> str:
        """The newest commit of a branch."""
        return self._heads.get(branch, "")


def _mode(database: Database) -> int:
    return stat.S_IMODE(database.path.stat().st_mode) if isinstance(database, SqliteDatabase) else _OWN
