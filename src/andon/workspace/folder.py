"""The working folder: its code files, and its memory in `.andon/`, among it which branch it works on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from andon.base.files import alone, machine_error, make_folder, write_whole
from andon.base.paths import is_inside
from andon.errors import MachineError, Problem, ProjectError
from andon.project.folder.scan import is_code_path

#: Format of `.andon/`; a folder of a newer one is refused.
FORMAT = 1
STATE_FOLDER = ".andon"
#: Seconds that one who brings the folder in step waits for another.
_PATIENCE = 20.0

#: A repository inside a repository is spared by `git clean -fdx`: so a lake in the folder is not lost by it.
_SHIELD = {
    "HEAD": b"ref: refs/heads/main\n",
    "config": b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
    "description": b"Only here so that `git clean -fdx` spares the lake. Nothing is ever committed to it.\n",
}


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

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within the block, nobody else of any process brings the folder in step or changes what is known of it. Not to be nested.

        Whoever can't make the lock (a folder that can only be read) goes on without.
        """
        # whoever holds it longer is stuck; each file is whole all the same
        with alone(self.state / "folder.lock", _PATIENCE):
            yield

    # -- its files

    def write(self, files: Mapping[str, bytes | None]) -> None:
        """Write code files of the project, and remove those whose content is None; none of them where one can't be.

        Raises:
            MachineError: `lake.corrupt` for a path that is no code file's.
            ProjectError: `project.link_outside` for one below a link that leads out of the project.
        """
        self._require_places(files)
        for path, content in files.items():
            place = self.root / path
            if content is not None:
                write_whole(place, content)
                continue
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                raise machine_error(error, f"remove `{path}`") from error

    def _require_places(self, paths: Iterable[str]) -> None:
        root = self.root.resolve()
        for path in paths:
            if not is_inside(path) or not is_code_path(path):
                raise MachineError(
                    "lake.corrupt",
                    f"the lake names `{path!r}`, which is no code file of a project; nothing was written",
                    hint="`andon log` shows who wrote it",
                )
            folder = (root / path).parent.resolve()
            if not folder.is_relative_to(root) or any(part[0] == "." for part in folder.relative_to(root).parts):
                problem = Problem(
                    "project.link_outside",
                    f"`{path}` lies below a link that leads out of the project; nothing was written",
                    path,
                    hint="put a folder in place of the link, or change the file there by hand",
                )
                raise ProjectError.of([problem])

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
