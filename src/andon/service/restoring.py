"""Putting a lake back from a backup: into a folder that has none, whole or not at all, and compared with its hashes before it is one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from andon.base.clock import Clock, from_text, system_clock
from andon.base.database import Database
from andon.base.files import machine_error, make_folder, sync_all, sync_file, write_whole
from andon.base.paths import is_inside
from andon.base.postgres import PostgresDatabase
from andon.base.record import Record
from andon.base.sqlite import SqliteDatabase
from andon.base.temporary import Temporary
from andon.errors import AndonError, DamagedError, UsageError
from andon.lake.analysis_runs import ids_of
from andon.lake.backup_folder import BackupFolder
from andon.lake.catalogs import enlist, strike
from andon.lake.file_copies import copy_files, make_names_last
from andon.lake.home import forget_home
from andon.lake.lake import Lake
from andon.lake.local_storage import LocalStorage
from andon.lake.named_files import raw_path
from andon.lake.reached import Reached
from andon.model.backup import BackupManifest, LakeRestored
from andon.model.build import InputFile
from andon.model.dataset import Kind
from andon.project.config import read_config_values
from andon.project.files.toml import read_toml
from andon.runs.planning.raw_files import kept_copy
from andon.sources.files.paths import is_remote
from andon.state.tokens import Tokens
from andon.workspace.base import Base, Bases, InCommon
from andon.workspace.catalog import fill_catalog, is_taken, shown_place
from andon.workspace.folder import STATE_FOLDER, Folder
from andon.workspace.workspace import Workspace

_CONFIG = "andon.toml"
#: In `.andon/` while code of a backup is written into a folder: of which one.
_MARK = "restoring"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
#: So many damaged parts are named in a message.
_NAMED = 20


class RestoreOptions(Record):
    """What is put back, and how.

    Attributes:
        at: which backup: its id or the beginning of it, or a moment, by which the newest until then is meant; None is the newest.
        partly: also from a backup that is damaged, or lacks what was damaged when it was made: all but that.
        keep_tokens: let the tokens go on to be good by which a server knew people.
    """

    at: str | None = None
    partly: bool = False
    keep_tokens: bool = False


NEWEST = RestoreOptions()


def restore(
    source: Path,
    into: Path,
    options: RestoreOptions = NEWEST,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock = system_clock,
    told: Callable[[int, int, int, int], None] | None = None,
) -> LakeRestored:
    """Put the lake of a backup back: all commits, branches, tags, runs, incidents and requests, with their ids.

    The catalog takes its place last, when all else is there and is what it must be. What was killed before is no lake, and goes on when it
    is asked for again.

    Args:
        source: the folder of backups.
        into: a folder that is empty or not there, which gets the code files of the newest commit too; or that of a project without a lake,
            which keeps its own.
        told: is told as files are copied: how many files and bytes, and of how many.

    Raises:
        UsageError: `backup.none`; `usage.exists` where there is a lake, or something else.
        DamagedError: `backup.damaged`; nothing is left of what was put back.
        ProjectError: the project's `andon.toml` has a problem.
        MachineError: it can't be written there.
    """
    begun = time.monotonic()
    folder = BackupFolder(LocalStorage(source), str(source))
    assert folder.lake
    id = chosen(folder, options.at)
    manifest = folder.manifest(id)
    lacking = [part.name for part in manifest.damaged]
    if lacking and not options.partly:
        raise _damaged(id, lacking, "lacks what was damaged of the lake when it was made")
    work = _Restoring(folder, id, manifest, into, os.environ if environ is None else environ, clock)
    try:
        damaged = work.fill(told)
        if damaged and not options.partly:
            raise _damaged(id, damaged, "is not what was written")
        revoked = 0 if options.keep_tokens else work.revoke()
        written, raw = work.finish()
    except DamagedError:
        work.remove()
        raise
    finally:
        work.close()
    return LakeRestored(
        folder=str(into),
        storage=str(work.storage.root) if work.storage.shares_locks else work.storage.url,
        catalog=shown_place(work.catalog),
        backup=folder.backup(id),
        files=len(manifest.files),
        bytes=sum(file.size for file in manifest.files),
        written=written,
        raw=raw,
        revoked=revoked,
        seconds=round(time.monotonic() - begun, 3),
        lacking=[*lacking, *damaged],
    )


def chosen(folder: BackupFolder, at: str | None) -> str:
    """The id of the backup that is meant (see `RestoreOptions.at`).

    Raises:
        UsageError: `backup.none`.
    """
    names = folder.names()
    found = names if at is None else [name for name in names if name.startswith(at)]
    if at is not None and not found:
        with contextlib.suppress(ValueError):
            moment = from_text(at)
            last = moment + timedelta(days=1, microseconds=-1) if _DAY.match(at) else moment
            found = [name for name in names if BackupFolder.moment(name) <= last]
    if not found:
        raise UsageError(
            "backup.none",
            f"there is no backup of `{at}`, and none before" if at is not None else "there is no backup yet",
            where=at,
            hint="`andon backup FOLDER --list` in a project tells which there are",
        )
    return found[0]


class _Restoring:
    """One lake on its way back.

    Attributes:
        storage, catalog: where it will lie.
    """

    def __init__(
        self,
        folder: BackupFolder,
        id: str,
        manifest: BackupManifest,
        into: Path,
        environ: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._into = into
        self._id = id
        self._mark = into / STATE_FOLDER / _MARK
        self._is_new = self._is_for_code()
        self._made = [place for place in (into, into / STATE_FOLDER) if not place.exists()]
        self._new: list[str] = []
        self._is_listed = False
        self._spare = Temporary([into / STATE_FOLDER / "tmp"], "restore")
        self._copy = self._spare.path / "catalog.db"
        self._database = SqliteDatabase(self._copy)
        try:
            broken = folder.write_catalog(manifest.catalog, self._copy)
            if broken:
                raise _damaged(id, [each.path for each in broken], "has a catalog that is not what was written")
            self._lake = Lake(self._database, LocalStorage(into), clock)
            workspace = Workspace.open(into, environ=environ, clock=clock, config=self._config())
            self.storage, self.catalog = workspace.places_of_lake
            if is_taken(self.catalog):
                raise _there(self.catalog)
        except AndonError:
            self.close()
            self.remove()
            raise

    def fill(self, told: Callable[[int, int, int, int], None] | None) -> list[str]:
        """Put all files where they lie; names of what is damaged, files and objects of the catalog."""
        # from here on no other catalog of the storage takes away what this one names
        self._is_listed = enlist(self.storage, self._to_be(), self._database, anew=True)
        done = copy_files(self._manifest.files, lambda file: self._folder.put_back(file, self.storage), told)
        self._new = [made.path for _, made in done if made.path is not None]
        make_names_last(self.storage, self._new)
        heads = [row[0] for row in self._database.query("select commit_id from ref")]
        lacking = {(part.kind, part.name) for part in self._manifest.damaged}
        reached = Reached(self._database, heads, kept_copy, parents=True, analyses=ids_of(self._database))
        damaged = [file.path for file, made in done if made.damage is not None]
        damaged += [each.id for each in reached.wrong if (each.kind, each.id) not in lacking]
        listed = {file.path for file in self._manifest.files}
        gone = self._lake.going.all().keys() - listed
        self._lake.going.note_gone(gone)
        known = listed | gone
        return damaged + [part[1] for part in reached.files() if part[1] not in known and part not in lacking]

    def revoke(self) -> int:
        """Let no token be good any more; how many were."""
        return Tokens(self._database).revoke_all() if self._database.has_table("token") else 0

    def finish(self) -> tuple[list[str], list[str]]:
        """Let it be the lake of the folder; which files of code and which raw files were written there.

        Raises:
            UsageError: `usage.exists` where there is another one by now.
        """
        written = self._write_files() if self._is_new else ([], [])
        forget_home(self._database)
        self._database.close()
        if isinstance(self.catalog, str):
            if is_taken(self.catalog):
                raise _there(self.catalog)
            with closing(SqliteDatabase(self._copy)) as file, closing(PostgresDatabase(self.catalog)) as server:
                fill_catalog(file, server)
            self._mark.unlink(missing_ok=True)
            return written
        try:
            make_folder(self.catalog.parent)
            self._copy.chmod(self._manifest.catalog.mode)
            sync_file(str(self._copy))
            _move_new(self._copy, self.catalog)
            sync_all([str(self.catalog)], str(self.catalog.parent))
            self._mark.unlink(missing_ok=True)
        except FileExistsError as error:
            raise _there(self.catalog) from error
        except OSError as error:
            raise machine_error(error, f"write the catalog `{self.catalog.name}`") from error
        return written

    def remove(self) -> None:
        """Remove what was put there."""
        if self._is_listed:
            strike(self.storage, self._to_be())
        for path in self._new:
            self.storage.delete(path)
        for place in self._made:
            shutil.rmtree(place, ignore_errors=True)

    def close(self) -> None:
        """Let go of what is on its way."""
        self._database.close()
        self._spare.close()

    def _to_be(self) -> Database:
        """The database that the catalog will be; it is not opened."""
        return PostgresDatabase(self.catalog) if isinstance(self.catalog, str) else SqliteDatabase(self.catalog)

    # -- the code

    def _is_for_code(self) -> bool:
        """Whether the folder gets code and raw files: where it has nothing, or a part of them by a restore that was killed.

        Raises:
            UsageError: `usage.exists` where it has something else.
        """
        begun = self._mark.read_text(encoding="utf-8") if self._mark.exists() else None
        if begun is not None and begun != self._id:
            raise UsageError(
                "usage.exists",
                f"`{self._into}` holds a part of the backup `{begun}`, whose restore did not come to its end",
                where=str(self._into),
                hint=f"go on with it, `--at {begun}`, or name another folder",
            )
        if begun is not None:
            return True
        if (self._into / _CONFIG).exists():
            return False
        if self._into.exists() and any(each.name != STATE_FOLDER for each in self._into.iterdir()):
            raise UsageError(
                "usage.exists",
                f"`{self._into}` is not empty, and no project",
                where=str(self._into),
                hint="name a folder that is empty or not there, or that of a project without a lake",
            )
        return True

    def _files(self) -> dict[str, str]:
        commit = self._lake.commits.get(self._manifest.commit)
        return self._lake.commits.state(commit).files()

    def _config(self) -> dict[str, Any]:
        """What `andon.toml` says, the folder's or that of the newest commit."""
        if not self._is_new:
            return read_config_values(self._into / _CONFIG)
        sha256 = self._files().get(_CONFIG)
        return read_toml(_CONFIG, self._lake.objects.text(sha256).decode("utf-8-sig"))[0] if sha256 else {}

    def _write_files(self) -> tuple[list[str], list[str]]:
        """Code and raw files of the newest commit, as far as they are not there; `andon.toml` comes last, and makes it a project."""
        files, raw = self._files(), self._raw()
        folder = Folder(self._into)
        folder.prepare()
        write_whole(self._mark, self._id.encode(), durable=True)
        commit = self._manifest.commit
        base = Base(
            InCommon(dict(files), commit),
            {name: InCommon({f.path: f.sha256 for f in each}, commit) for name, each in raw.items()},
        )
        Bases(folder.state, self._lake).set(self._manifest.branch, base)
        written = [self._write_raw(file) for each in raw.values() for file in each]
        texts: dict[str, bytes | None] = {path: self._lake.objects.text(sha256) for path, sha256 in files.items()}
        last = {_CONFIG: texts.pop(_CONFIG, b"")}
        for part in (texts, last):
            folder.write({path: text for path, text in part.items() if not (self._into / path).exists()})
        return sorted((*texts, *last)), sorted(set(written))

    def _raw(self) -> dict[str, list[InputFile]]:
        """The raw files of the newest commit that lie in the project, by source, as far as the backup has them."""
        leaves = self._lake.commits.state(self._lake.commits.get(self._manifest.commit)).leaves
        builds = self._lake.objects.builds(leaf.build for leaf in leaves.values() if leaf.kind == Kind.SOURCE)
        return {
            build.dataset: [
                file
                for file in build.files
                if is_inside(file.path) and not is_remote(file.path) and self.storage.size(raw_path(file)) == file.size
            ]
            for build in builds.values()
        }

    def _write_raw(self, file: InputFile) -> str:
        place = self._into / file.path
        if not place.exists():
            LocalStorage(self._into).put(
                file.path, self.storage.pieces(raw_path(file)), self.storage.readers([raw_path(file)])
            )
        return file.path


def _move_new(file: Path, target: Path) -> None:
    """Give a file a name that nothing has.

    Raises:
        FileExistsError: something has it.
    """
    try:
        os.link(file, target)
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without links
        beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(file, beside)
            beside.chmod(file.stat().st_mode)
            sync_file(str(beside))
            with target.open("xb"):
                beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


def _there(catalog: Path | str) -> UsageError:
    place = shown_place(catalog)
    return UsageError(
        "usage.exists",
        f"there is a lake already: `{place}`",
        where=place,
        hint="restore into another folder; where `andon.toml` names this place, the folder needs one of its own that names another",
    )


def _damaged(id: str, names: Sequence[str], what: str) -> DamagedError:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return DamagedError(
        "backup.damaged",
        f"the backup `{id}` {what}: {', '.join(names[:_NAMED])}{more}; nothing was restored",
        where=id,
        hint="`--at` takes an earlier one; `--partly` restores all else of this one, and `andon repair` builds again what it can",
        details={"damaged": list(names)},
    )
