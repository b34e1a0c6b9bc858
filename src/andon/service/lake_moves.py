"""The files of a lake, copied into another storage: whole, read back, and the old one is left as it is."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

from andon.errors import MachineError, UsageError
from andon.lake.catalogs import enlist, is_enlisted
from andon.lake.file_copies import Copied, copy_file, copy_files, is_held, make_names_last
from andon.lake.going import DELETING, TAKEN
from andon.lake.named_files import sealed_files
from andon.model.lake_move import LakeMoved, LostFile
from andon.runs.planning.raw_files import kept_copy

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.lake.sealed import Sealed
    from andon.lake.storage import Storage
    from andon.workspace.workspace import Workspace


class LakeMoves:
    """Moves one lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def move(
        self,
        target: str,
        *,
        source: str | None = None,
        told: Callable[[int, int, int, int], None] | None = None,
    ) -> LakeMoved:
        """Copy all files that the catalog names into another storage, each compared with its hash on the way and read back there. What is
        there already is read, and copied again only where it is not what it must be: a move that ended early goes on. Files that come to
        be meanwhile are copied, too; what `andon gc` let go is not, wherever it lies still. Nothing of the old storage changes, and the
        catalog stays where it is.

        Args:
            target: a folder, relative to the project, or an address as `storage` in `andon.toml` takes it.
            source: where the files lie; without it the project's storage. Named, it brings what was published there after a move.
            told: is told as files are copied: how many files and bytes, and of how many.

        Raises:
            UsageError: `usage.bad_argument` where both are one, or one is inside of the other; `usage.exists` where something else lies.
            ConflictError: `lake.lease_lost` where this process was silent for so long that files may be gone which it did not copy yet.
            MachineError: it can't be written there, or does not come back as it was written.
        """
        begun = time.perf_counter()
        lake = self._workspace.lake
        old = lake.storage if source is None else self._workspace.storage_at(source)
        new = self._workspace.storage_at(target)
        self._require_apart(old, new, target)
        enlist(new, lake.database, anew=True)
        done: dict[str, tuple[Sealed, Copied]] = {}
        writing = nullcontext() if lake.database.is_read_only else new.writing()
        with writing, lake.leases.reading_all():
            seen = lake.home.seen()
            while waiting := self._unseen(done):
                made = copy_files(waiting, lambda file: _brought(old, new, file), told)
                make_names_last(new, [copied.path for _, copied in made if copied.path is not None])
                done.update((file.path, (file, copied)) for file, copied in made)
                seen = lake.home.seen()
        if not lake.database.is_read_only:
            lake.home.expect(new, seen)
        wrong = [lake.going.told(copied.damage) for _, copied in done.values() if copied.damage is not None]
        there = [file for file, copied in done.values() if copied.damage is None]
        brought = [file for file, copied in done.values() if copied.path is not None]
        return LakeMoved(
            source=old.url,
            target=new.url,
            files=len(there),
            bytes=sum(file.size for file in there),
            copied_files=len(brought),
            copied_bytes=sum(file.size for file in brought),
            seconds=round(time.perf_counter() - begun, 3),
            lost=[
                LostFile(each.path, each.what) for each in sorted(wrong, key=lambda each: each.path) if not each.is_gone
            ],
            gone=sum(each.is_gone for each in wrong) + self._let_go(done),
            setting=f"storage = {json.dumps(target, ensure_ascii=False)}",
        )

    def _unseen(self, done: dict[str, tuple[Sealed, Copied]]) -> list[Sealed]:
        """Files that the catalog names and that were not looked at yet."""
        lake = self._workspace.lake
        named = sealed_files(lake.database, kept_copy)
        gone = {path for path, row in lake.going.all().items() if row.state in (DELETING, TAKEN)}
        return [named[path] for path in sorted(named.keys() - done.keys() - gone)]

    def _let_go(self, done: dict[str, tuple[Sealed, Copied]]) -> int:
        """How many files the catalog names that were not looked at, as they were let go."""
        return len(sealed_files(self._workspace.lake.database, kept_copy).keys() - done.keys())

    def _require_apart(self, old: Storage, new: Storage, target: str) -> None:
        if old.url == new.url:
            raise UsageError(
                "usage.bad_argument",
                f"the lake lies in `{target}` already",
                where=target,
                hint="after the setting was changed, `andon lake move --from OLD NEW` brings what was published in the old one meanwhile",
            )
        if old.url.startswith(f"{new.url}/") or new.url.startswith(f"{old.url}/"):
            raise UsageError(
                "usage.bad_argument",
                f"`{target}` and the storage of the lake lie in each other",
                where=target,
                hint="name a place beside it",
            )
        if not is_enlisted(new, self._workspace.lake.database) and (there := new.names("")):
            raise UsageError(
                "usage.exists",
                f"something lies in `{target}` already: `{there[0]}`",
                where=target,
                hint="name a folder that is empty or not there, or a prefix of a bucket under which nothing lies",
            )


def _brought(old: Storage, new: Storage, file: Sealed) -> Copied:
    """Have a file in the new storage, and read it there.

    Raises:
        MachineError: `lake.corrupt`.
    """
    if is_held(new, file):
        return Copied()
    made = copy_file(old, file, new, file.path, old.readers([file.path]))
    if made.path is not None and not is_held(new, file):
        raise MachineError(
            "lake.corrupt",
            f"`{file.path}` does not come back from `{new.url}` as it was written",
            where=file.path,
            hint="look at that disk or server; the old storage is as it was, and the same command goes on",
        )
    return made
