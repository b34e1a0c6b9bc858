"""The working folder kept in step with what was published without it: a file is written there where nobody's edit is lost by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.base.hashing import digest
from andon.base.record import replace
from andon.errors import AndonError, ConflictError, UsageError
from andon.runs.planning.bases import common_base
from andon.runs.planning.given import Files
from andon.workspace.base import Base

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.workspace.workspace import Workspace

#: In place of the content of what can't be read: nobody knows it, so it is somebody's.
_UNREADABLE = ""


class InStep:
    """The folder of a workspace and one branch.

    Attributes:
        follows: whether the folder works on the branch; where it works on another one, the branch alone holds what is published.
    """

    def __init__(self, workspace: Workspace, branch: str) -> None:
        self._workspace = workspace
        self._branch = branch
        self.follows = _folders_branch(workspace) == branch

    def require_no_edits(self, files: Files, head: Mapping[str, str]) -> None:
        """Refuse `files` at which the folder has an edit of its own, be it a file that was never published.

        Args:
            head: the files of what is published.

        Raises:
            ConflictError: `lake.folder_dirty`.
        """
        if not self.follows:
            return
        mine, base = self._now(files), common_base(self._workspace, self._branch) or Base()
        for path, new in files.items():
            if mine.get(path) not in (None if new is None else digest(new), head.get(path)) and not _is_behind(
                path, mine, base
            ):
                message = f"`{path}` has edits in the project folder that are not published"
                hint = "`andon run` publishes them; put the file aside; or save on a branch, `--branch NAME`"
                raise ConflictError("lake.folder_dirty", message, where=path, hint=hint)

    def bring(self, files: Files, commit: Commit, before: Mapping[str, str]) -> tuple[str, ...]:
        """Write `files`, as `commit` holds them, where the folder has none of its own; returns the paths that stay behind.

        Args:
            before: the files of what was published before.
        """
        if not self.follows:
            return tuple(files)
        left = []
        try:
            with self._workspace.folder.alone():
                if _folders_branch(self._workspace) != self._branch:
                    return tuple(files)  # somebody switched meanwhile
                base = common_base(self._workspace, self._branch) or Base()
                mine = self._now(files)
                for path, new in files.items():
                    wanted = None if new is None else digest(new)
                    if mine.get(path) == wanted or self._replaced(path, new, mine, before, base):
                        continue
                    left.append(path)
                self._remember(base, {p: c for p, c in files.items() if p not in left}, commit)
        except AndonError:
            # the lake has it: a folder that can't be written to is behind, as after anybody's publish
            return tuple(files)
        return tuple(left)

    def _replaced(
        self, path: str, new: bytes | None, mine: Mapping[str, str], before: Mapping[str, str], base: Base
    ) -> bool:
        if mine.get(path) != before.get(path) and not _is_behind(path, mine, base):
            return False
        self._workspace.folder.write({path: new})
        return True

    def _remember(self, base: Base, files: Files, commit: Commit) -> None:
        code = base.code
        common = {path: None if new is None else digest(new) for path, new in files.items()}
        since = {**code.since, **dict.fromkeys(files, commit.id)}
        changed = replace(code, files={**code.files, **common}, since=since, commit=code.commit or commit.id)
        self._workspace.bases.set(self._branch, Base(changed, base.raw))

    def _now(self, files: Files) -> dict[str, str]:
        """What the folder has at these paths; no other file is looked at, whatever is wrong with it."""
        found = {}
        for path in files:
            try:
                found[path] = digest((self._workspace.root / path).read_bytes())
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                found[path] = _UNREADABLE
        return found


def _is_behind(path: str, mine: Mapping[str, str], base: Base) -> bool:
    """Whether the folder has what it once had in common with the branch, or never had the file."""
    if path not in base.code.files:
        return path not in mine
    return mine.get(path) == base.code.files[path]


def _folders_branch(workspace: Workspace) -> str | None:
    """The branch that the folder works on, whoever calls; None where that is not known."""
    own = workspace.by(replace(workspace.caller, branch=None))
    try:
        return own.branch()
    except UsageError:
        return None
