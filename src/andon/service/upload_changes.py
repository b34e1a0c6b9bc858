"""What an upload changes in the folder: taken back unless it is published, by a later upload where the process was killed."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.base.document import Document, from_json, to_json
from andon.base.files import alone, lock_file, machine_error, make_folder, write_whole
from andon.errors import AndonError, ConflictError

#: Beside the uploaded files, with a name that no pattern of a source means.
_JOURNAL = ".upload-*.journal"


#: Seconds that an upload waits for others of its dataset.
_PATIENCE = 120.0


@contextmanager
def in_turn(state: Path, dataset: str) -> Iterator[None]:
    """Within the block nobody else of any process uploads for a dataset: two at once would publish each other's half.

    Args:
        state: the folder's `.andon/`.

    Raises:
        ConflictError: `usage.in_progress`.
    """
    with alone(state / f"upload-{dataset}.lock", _PATIENCE) as is_mine:
        if not is_mine:
            message = f"another upload for `{dataset}` is in progress"
            raise ConflictError(
                "usage.in_progress", message, where=dataset, hint="ask again in a while", retryable=True
            )
        yield


class _Said(Document):
    """What a journal holds: paths of files that were made, and pairs of those that were put aside with where they lie now."""

    made: tuple[str, ...] = ()
    aside: tuple[tuple[str, str], ...] = ()


class UploadChanges:
    """What is changed in the folder `root`: taken back at the end of the block, also by an error, unless `stay` is set.

    A journal in `folder` says so to the next upload if the process is killed in between; who holds a lock on it is alive.
    """

    def __init__(self, root: Path, folder: str) -> None:
        self.stay = False
        self._root = root
        self._journal = root / folder / f".upload-{os.getpid()}-{secrets.token_hex(4)}.journal"
        self._held: int | None = None
        self._made: list[Path] = []
        self._aside: list[tuple[Path, Path]] = []
        self._folders: list[Path] = []

    def __enter__(self) -> UploadChanges:
        self._note_folders(self._journal)
        make_folder(self._journal.parent)
        self._held = lock_file(self._journal, shared=True)
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._made, self._aside, published=self.stay)
        self._journal.unlink(missing_ok=True)
        if self._held is not None:
            os.close(self._held)
        for folder in () if self.stay else reversed(self._folders):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def making(self, path: Path) -> Path:
        """Note a file before it is made, with the folder that it needs."""
        self._made.append(path)
        self._note_folders(path)
        make_folder(path.parent)
        self._write()
        return path

    def put_aside(self, path: Path) -> None:
        """Move a file to where no pattern finds it."""
        now = path.with_name(f".{path.name}.replaced")
        self._aside.append((path, now))
        self._write()
        path.replace(now)

    def _note_folders(self, path: Path) -> None:
        known = set(self._folders)
        self._folders += [folder for folder in reversed(path.parents) if folder not in known and not folder.exists()]

    def _write(self) -> None:
        """Bring the journal up to date; its lock stays that of the first file, so it is written in place."""
        made = tuple(str(path.relative_to(self._root)) for path in self._made)
        pairs = ((before.relative_to(self._root), now.relative_to(self._root)) for before, now in self._aside)
        said = _Said(made, tuple((str(before), str(now)) for before, now in pairs))
        part = self._journal.with_suffix(".next")
        try:
            write_whole(part, json.dumps(to_json(said)).encode())
            self._journal.write_bytes(part.read_bytes())
            part.unlink()
        except OSError as error:
            raise machine_error(error, f"write `{self._journal}`") from error


def sweep(root: Path, folder: str, is_published: Callable[[str], bool]) -> None:
    """End what killed uploads began in a folder: what they made goes and what they replaced comes back, unless it is published.

    Args:
        is_published: whether a project path is a raw file of what is published.
    """
    for journal in sorted((root / folder).glob(_JOURNAL)):
        try:
            held = lock_file(journal, shared=False)
        except OSError:  # somebody uploads just now
            continue
        try:
            said = _read(journal)
            aside = [(root / before, root / now) for before, now in said.aside]
            _end([root / path for path in said.made], aside, published=any(map(is_published, said.made)))
            journal.with_suffix(".next").unlink(missing_ok=True)
            journal.unlink(missing_ok=True)
        finally:
            os.close(held)


def _read(journal: Path) -> _Said:
    """What a journal says; one that was cut off while it was brought up to date has its new text beside it."""
    for path in (journal, journal.with_suffix(".next")):
        try:
            return from_json(_Said, json.loads(path.read_bytes()), stored=True)
        except (OSError, ValueError, AndonError):
            continue
    return _Said()


def _end(made: list[Path], aside: list[tuple[Path, Path]], *, published: bool) -> None:
    for path in () if published else made:
        path.unlink(missing_ok=True)
        path.with_name(f".{path.name}.part").unlink(missing_ok=True)
    for before, now in aside:
        if not now.exists():
            continue
        if published:
            now.unlink()
        else:
            now.replace(before)
