"""Remote files of sources: asked for, fetched where they are new, and kept by content in the storage, where raw files lie."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.files import machine_error, make_folder
from andon.base.record import Record
from andon.lake.named_files import raw_path
from andon.model.build import InputFile
from andon.model.dataset import Definition
from andon.runs.planning.raw_files import kept_copy
from andon.sources.files.paths import check_table_call, remote_patterns

if TYPE_CHECKING:
    from andon.sources.remote.place import FilePlace, RemoteFile
    from andon.workspace.workspace import Workspace

#: So many files are fetched side by side.
_AT_ONCE = 8
#: Who may read the lake may read what came from elsewhere.
_EVERYBODY = 0o666


class _Known(Record, array_like=True):
    """A remote file as it was fetched last: what its place said changes with its content, and what that is."""

    mark: str | None
    sha256: str
    size: int


_KNOWN = Entries[_Known]("remote files", _Known)


class RemoteFiles:
    """The remote files that sources read, looked at once: two sources that read one file read the same."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._storage = workspace.lake.storage
        self._writing = workspace.lake.locks.writing
        self._intact = workspace.lake.intact
        self._seen: dict[str, Mapping[str, InputFile]] = {}

    def of(self, definition: Definition) -> dict[str, InputFile]:
        """What the patterns of a source mean now, by url; each is in the storage.

        Raises:
            DatasetError: `source.missing`, `source.unreachable`, `source.truncated`, `source.changed_while_read`.
            MachineError: what reads such a place is not installed; the disk is full.
        """
        found: dict[str, InputFile] = {}
        for read in definition.reads:
            check_table_call(read)
            for pattern in remote_patterns(read):
                if pattern not in self._seen:
                    with self._writing():  # what no build names yet is not swept meanwhile
                        self._seen[pattern] = self._look(pattern)
                found.update(self._seen[pattern])
        return found

    def _look(self, pattern: str) -> Mapping[str, InputFile]:
        place = self._workspace.places.of(pattern)
        listed = place.listed(pattern)
        known = self._workspace.cache.get(_KNOWN, [file.url for file in listed])

        def one(file: RemoteFile) -> _Known:
            return self._fetched(place, file, known.get(file.url))

        if len(listed) == 1:
            fetched = [one(listed[0])]
        else:
            from concurrent.futures import ThreadPoolExecutor  # few runs ask

            with ThreadPoolExecutor(_AT_ONCE) as pool:
                try:
                    fetched = list(pool.map(one, listed))
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)  # the rest of a thousand files is not waited for
                    raise
        new = {file.url: now for file, now in zip(listed, fetched, strict=True) if now != known.get(file.url)}
        if new:
            self._workspace.cache.put(_KNOWN, new)
        return {file.url: InputFile(file.url, now.sha256, now.size) for file, now in zip(listed, fetched, strict=True)}

    def _fetched(self, place: FilePlace, file: RemoteFile, known: _Known | None) -> _Known:
        """A file as it is now; what is in the storage and did not change is not fetched."""
        if known is not None:
            copy = kept_copy(InputFile(file.url, known.sha256, known.size))
            if known.mark is None or self._intact.damage(copy) is not None:
                known = None
        temporary = self._storage.root / "raw" / f"incoming-{secrets.token_hex(8)}.tmp"
        make_folder(temporary.parent)
        sha, size = hashlib.sha256(), 0
        try:
            with temporary.open("wb") as stream:

                def take(piece: bytes) -> None:
                    nonlocal size
                    sha.update(piece)
                    size += len(piece)
                    try:
                        stream.write(piece)
                    except OSError as error:
                        raise machine_error(error, f"keep a copy of `{file.url}`") from error

                found = place.fetch(file, known.mark if known is not None else None, take)
            if found is None and known is not None:
                return known
            now = _Known(found.mark if found is not None else None, sha.hexdigest(), size)
            self._keep(temporary, InputFile(file.url, now.sha256, now.size))
            return now
        except OSError as error:
            raise machine_error(error, f"keep a copy of `{file.url}`") from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _keep(self, temporary: Path, file: InputFile) -> None:
        path = raw_path(file)
        if self._intact.damage(kept_copy(file)) is None:
            return
        self._storage.replace(path, temporary, _EVERYBODY)
        self._intact.note(path, file.sha256)
