"""A folder that a stage is packed into: what is written in it, and what is known of each file."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from pathlib import Path

from andon.base.files import file_hash, machine_error, make_folder
from andon.errors import DamagedError, UsageError

_PRIVATE = 0o700


class BundleFolder:
    """Written beside its place, and put there when it is whole; use as a context manager.

    What is packed are copies: whoever works in the folder may write to any file, and none of the lake is another name of one here.

    Args:
        target: where it goes; there must be nothing but an empty folder.

    Attributes:
        files: by path what must not change: size and sha256.

    Raises:
        UsageError: `usage.exists`.
        MachineError: the disk.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.files: dict[str, dict[str, int | str]] = {}
        self._require_free()
        try:
            make_folder(target.parent)
            self.root = target.parent / f".{target.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.part"
            self.root.mkdir(mode=_PRIVATE)  # who may not read the lake may not read what is packed of it
        except OSError as error:
            raise machine_error(error, f"write `{target}`") from error

    def __enter__(self) -> BundleFolder:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def copy(self, source: Path, path: str, sha256: str | None = None) -> str:
        """Pack a file; gives its path.

        Args:
            sha256: what it must be; None: whatever it is.

        Raises:
            DamagedError: `lake.corrupt` where it is something else.
            MachineError: it can't be read or written.
        """
        target = self.root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)  # the system shares the bytes where it can
            target.chmod(0o600)
            found = file_hash(target)
        except OSError as error:
            raise machine_error(error, f"pack `{path}`") from error
        if sha256 is not None and found != sha256:
            raise DamagedError(
                "lake.corrupt",
                f"a file of the lake is not what was written, and is not packed: {source.name}",
                where=path,
                hint="`andon verify` says what is damaged, `andon repair` builds it again",
            )
        return self.keep(path, found)

    def keep(self, path: str, sha256: str | None = None) -> str:
        """A file of the folder must not change from here on; gives its path."""
        target = self.root / path
        self.files[path] = {"sha256": sha256 or file_hash(target), "size": target.stat().st_size}
        return path

    def text(self, path: str, text: str | bytes, *, fixed: bool = False) -> str:
        """Write a text; gives its path.

        Args:
            fixed: whether it must not change.
        """
        data = text.encode() if isinstance(text, str) else text
        target = self.root / path
        if not target.resolve().is_relative_to(self.root.resolve()):
            raise ValueError(f"{path} leads out of the folder")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise machine_error(error, f"write `{path}`") from error
        if fixed:
            self.files[path] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        return path

    def done(self) -> None:
        """Put it in its place. Raises as the class."""
        self._require_free()
        try:
            if self.target.exists():
                self.target.rmdir()
            self.root.rename(self.target)
        except OSError as error:
            raise machine_error(error, f"write `{self.target}`") from error

    def _require_free(self) -> None:
        target = self.target
        if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
            raise UsageError(
                "usage.exists",
                f"`{target}` is there already",
                where=str(target),
                hint="nothing of it is touched: name another folder with `-o`, or move it away",
            )
