"""The working folder's memory in `.andon/`: which branch it works on, and per branch the *base* it last had in common with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from andon.base.files import machine_error, make_folder, write_whole
from andon.base.record import Record, field
from andon.errors import MachineError

#: Format of `.andon/`; a folder of a newer one is refused.
FORMAT = 1
STATE_FOLDER = ".andon"

#: A repository inside a repository is spared by `git clean -fdx`: so a lake in the folder is not lost by it.
_SHIELD = {
    "HEAD": b"ref: refs/heads/main\n",
    "config": b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
    "description": b"Only here so that `git clean -fdx` spares the lake. Nothing is ever committed to it.\n",
}


class Base(Record):
    """What the folder and a published head last had in common.

    Attributes:
        code: `{path: sha256}`.
        meanings: `{path: meaning}` of those contents that have one.
        raw: `{source: {path: sha256}}`.
    """

    code: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def put(files: dict[str, str], path: str, content: str | None) -> None:
    """Set or, with None, remove the content of `path`."""
    if content is None:
        files.pop(path, None)
    else:
        files[path] = content


class Folder:
    """`.andon/` of a project folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / STATE_FOLDER

    def prepare(self) -> bool:
        """Make `.andon/` if it is not there; returns whether it was made.

        Raises:
            MachineError: `lake.format` for a folder of a newer format; `machine.read_only`.
        """
        marker = self.state / "format"
        try:
            found = int(marker.read_text())
        except FileNotFoundError:
            found = None
        except (OSError, ValueError) as error:
            raise MachineError(
                "lake.format", "the folder's `.andon/format` can't be read", where=str(marker), hint="`andon doctor`"
            ) from error
        if found is not None:
            if found > FORMAT:
                raise MachineError(
                    "lake.format",
                    f"`.andon` is of format {found}; this version of Andon knows up to {FORMAT}",
                    where=str(marker),
                    hint="update Andon (`pip install --upgrade andon`), or use the version that wrote it",
                )
            return False
        make_folder(self.state)
        try:
            shield = self.state / ".git"
            (shield / "objects").mkdir(parents=True, exist_ok=True)
            (shield / "refs" / "heads").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise machine_error(error, "make the folder `.andon`") from error
        for name, content in _SHIELD.items():
            write_whole(shield / name, content)
        write_whole(self.state / ".gitignore", b"*\n")
        write_whole(marker, str(FORMAT).encode(), durable=True)
        return True

    # -- the branch

    def branch(self) -> str | None:
        """The branch that `branch switch` chose, or None."""
        try:
            return (self.state / "branch").read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def set_branch(self, name: str) -> None:
        """Work on the branch `name` from now on."""
        write_whole(self.state / "branch", name.encode(), durable=True)

    # -- the base

    def base(self, branch: str) -> Base | None:
        """The base for `branch`, or None if the folder never had anything in common with it."""
        try:
            document = json.loads(self._base_file(branch).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            return None  # torn by a crash of an older system: a folder without base is safe, it drops nothing
        return Base(document["code"], document["meanings"], document["raw"])

    def set_base(self, branch: str, base: Base) -> None:
        """Remember `base` for `branch`."""
        document: dict[str, Any] = {
            "code": dict(base.code),
            "meanings": dict(base.meanings),
            "raw": {source: dict(files) for source, files in base.raw.items()},
        }
        write_whole(self._base_file(branch), json.dumps(document, sort_keys=True).encode(), durable=True)

    def copy_base(self, source: str, target: str) -> None:
        """Give `target` (a new branch) the base of `source`: none if that has none, whatever an earlier branch of its name left."""
        base = self.base(source)
        if base is not None:
            self.set_base(target, base)
        else:
            self.forget_base(target)

    def forget_base(self, branch: str) -> None:
        """`branch` is gone, and what the folder had in common with it."""
        try:
            self._base_file(branch).unlink(missing_ok=True)
        except OSError as error:
            raise machine_error(error, f"forget the branch `{branch}`") from error

    def _base_file(self, branch: str) -> Path:
        return self.state / "base" / f"{quote(branch, safe='')}.json"
