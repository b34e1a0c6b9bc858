"""A packed folder as one file, and out of it again."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from andon.base.files import machine_error
from andon.engines.bundle.folder import BundleFolder
from andon.errors import MachineError


def zipped(folder: Path, target: Path) -> Path:
    """Put a packed folder into an archive; gives its path. What is in it is packed tight already.

    Raises:
        MachineError: the disk.
    """
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder).as_posix())
    except OSError as error:
        raise machine_error(error, "put a stage into an archive") from error
    return target


def unzipped(archive: IO[bytes], target: Path) -> None:
    """Take a packed folder out of an archive, into a folder that holds nothing.

    Raises:
        UsageError: `usage.exists`.
        MachineError: the disk; `machine.server` for what is no such archive.
    """
    with BundleFolder(target) as folder:
        try:
            with zipfile.ZipFile(archive) as packed:
                for name in packed.namelist():
                    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                        raise _no_archive(f"it names `{name}`")
                packed.extractall(folder.root)
        except zipfile.BadZipFile as error:
            raise _no_archive(str(error)) from error
        except OSError as error:
            raise machine_error(error, f"write `{target}`") from error
        folder.done()


def _no_archive(why: str) -> MachineError:
    return MachineError(
        "machine.server", f"what the server sent is no packed stage: {why}", hint="ask again", retryable=True
    )
