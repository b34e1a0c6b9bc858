"""Raw files of sources: a copy by content in the storage, so that a run reads what was hashed, and any past load can be repeated."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from pathlib import Path

from andon.base.files import machine_error, make_folder, sync_file
from andon.errors import DatasetError, MachineError
from andon.lake.storage import Storage
from andon.model.build import InputFile

#: Where copies lie in the storage, by content.
_FOLDER = "raw"
_CHUNK = 1 << 20


def raw_path(file: InputFile) -> str:
    """The storage path of the copy of a raw file."""
    return f"{_FOLDER}/{file.sha256[:2]}/{file.sha256}"


class RawFiles:
    """Finds and keeps raw files."""

    def __init__(self, root: Path, storage: Storage) -> None:
        self.root = root
        self._storage = storage

    def place(self, file: InputFile) -> Path:
        """Where the content of `file` can be read now: the kept copy, else the project's own file."""
        kept = Path(self._storage.engine_path(raw_path(file)))
        return kept if kept.exists() else self.root / file.path

    def keep(self, files: Iterable[InputFile]) -> list[str]:
        """Copy into the storage what is not there yet; returns the storage paths of new copies.

        Raises:
            DatasetError: `source.changed_while_read` if a file is not what it was when it was hashed.
            MachineError: `machine.disk`, `machine.read_only`.
        """
        new = []
        for file in files:
            path = raw_path(file)
            if not self._storage.exists(path):
                self._copy(file, path)
                new.append(path)
        return new

    def _copy(self, file: InputFile, path: str) -> None:
        source = self.root / file.path
        target = Path(self._storage.engine_path(path))
        temporary = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
        sha = hashlib.sha256()
        make_folder(target.parent.parent)
        try:
            target.parent.mkdir(exist_ok=True)
            with source.open("rb") as reader, temporary.open("wb") as writer:
                while chunk := reader.read(_CHUNK):
                    sha.update(chunk)
                    writer.write(chunk)
            # Under its name it is believed by every later run, so it must be whole there whatever happens.
            sync_file(str(temporary))
        except FileNotFoundError as error:
            raise DatasetError(
                "source.missing",
                f"`{file.path}` is not there any more",
                where=file.path,
                hint="put it back, or run again",
            ) from error
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise machine_error(error, f"keep a copy of `{file.path}`") from error
        if sha.hexdigest() != file.sha256:
            temporary.unlink(missing_ok=True)
            raise DatasetError(
                "source.changed_while_read",
                f"`{file.path}` changed while it was read",
                where=file.path,
                hint="wait until it is written whole, then run again",
                retryable=True,
            )
        try:
            temporary.replace(target)
        except OSError as error:
            raise MachineError("machine.disk", f"could not keep a copy of `{file.path}`: {error.strerror}") from error
