"""Which files of a folder are code, and the content of files by their facts, as git's index does: size, times and inode tell
whether a file has to be read again."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path

from andon.base.cache import Cache, Entries
from andon.base.files import machine_error
from andon.base.record import Record
from andon.errors import DatasetError, MachineError, Problem, ProjectError, UsageError

#: Folders of code and the endings of what is code in them. Anything else there is left alone (data, pictures).
CODE_FOLDERS: dict[str, tuple[str, ...]] = {
    "sources": (".sql", ".yml", ".yaml", ".py", ".lock.txt", ".md"),
    "datasets": (".sql", ".yml", ".yaml", ".py", ".lock.txt", ".md"),
    "macros": (".sql", ".md"),
    "modules": (".py", ".md"),
    "checks": (".sql", ".md"),
    "queries": (".sql", ".md"),
    "tests": (".yml", ".yaml", ".csv", ".md"),
    "analyses": (".py", ".sql", ".ipynb", ".yml", ".yaml", ".lock.txt", ".md"),
    "insights": (".yml", ".yaml", ".md", ".answer.jsonl"),
}

#: Code files at the top of the folder.
CODE_FILES = ("andon.toml", "playbooks.yml", "glossary.yml")

_CHUNK = 1 << 20
#: A file whose time of change lies this close before the moment it was read may change again within one tick of its clock.
_SETTLED = 2_000_000_000
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules"})
_SKIPPED_ENDINGS = ("~", ".swp", ".swo", ".orig", ".rej", ".bak", ".tmp")

#: What the cache keeps of a file: size, mtime, inode, ctime, sha256, moment of reading.
_Entry = tuple[int, int, int, int, str, int]
_INDEX = Entries[dict[str, _Entry]]("code files", dict[str, _Entry])
_INDEX_KEY = "all"
_FILES = Entries[_Entry]("file", _Entry)


class FileFact(Record):
    """A file: its project-relative path (with `/`), facts of the file system, and the sha256 of its bytes."""

    path: str
    size: int
    mtime_ns: int
    inode: int
    sha256: str


def find_root(start: Path) -> Path:
    """The folder with `andon.toml` at or above `start`.

    Raises:
        UsageError: `usage.no_project`.
    """
    for folder in (start, *start.parents):
        if (folder / "andon.toml").is_file():
            return folder
    raise UsageError(
        "usage.no_project",
        f"there is no `andon.toml` in `{start}` or above it",
        where=str(start),
        hint="`andon init` makes a project here; or change into one",
    )


def scan(root: Path, index: Cache) -> dict[str, FileFact]:
    """The code files of the project folder `root` by path, sorted.

    Raises:
        MachineError: if a folder or file can't be read.
        ProjectError: `project.bad_name` for names that are no text.
    """
    found = sorted(_code_files(root), key=itemgetter(0))
    known = index.get(_INDEX, [_INDEX_KEY]).get(_INDEX_KEY, {})
    entries: dict[str, _Entry] = {}
    facts: dict[str, FileFact] = {}
    changed = False
    for path, status in found:
        entry = known.get(path)
        if entry is None or not _is_current(entry, status):
            try:
                entry = _read_entry(root / path, path)
            except FileNotFoundError:
                continue  # gone since the folder was listed
            changed = True
        entries[path] = entry
        facts[path] = FileFact(path, entry[0], entry[1], entry[2], entry[4])
    if changed or len(entries) != len(known):
        index.put(_INDEX, {_INDEX_KEY: entries})
    return facts


def hash_files(root: Path, paths: Iterable[str], index: Cache) -> dict[str, FileFact]:
    """Facts of the files `paths` (project-relative, or absolute), read only where the cache does not know them.

    Raises:
        DatasetError: `source.missing`, or `source.changed_while_read` for a file that changed while it was read.
        MachineError: if a file can't be read.
    """
    wanted = list(dict.fromkeys(paths))
    known = index.get(_FILES, wanted)
    new: dict[str, _Entry] = {}
    facts: dict[str, FileFact] = {}
    for path in wanted:
        place = root / path
        entry = known.get(path)
        try:
            status = place.stat()
            if not stat.S_ISREG(status.st_mode):
                raise DatasetError(
                    "source.missing", f"`{path}` is not a file", where=path, hint="name files, not folders"
                )
            if entry is None or not _is_current(entry, status):
                entry = new[path] = _read_entry(place, path)
        except FileNotFoundError as error:
            raise DatasetError(
                "source.missing", f"`{path}` is not there", where=path, hint="put the file there or correct the path"
            ) from error
        except OSError as error:
            raise machine_error(error, f"read `{path}`") from error
        facts[path] = FileFact(path, entry[0], entry[1], entry[2], entry[4])
    if new:
        index.put(_FILES, new)
    return facts


def is_code_path(path: str) -> bool:
    """Whether a file of this project-relative path would be code."""
    folder, _, rest = path.partition("/")
    if not rest:
        return path in CODE_FILES
    parts = rest.split("/")
    if any(not part or _is_skipped(part) or part in _SKIPPED_FOLDERS for part in parts):
        return False
    return folder in CODE_FOLDERS and parts[-1].lower().endswith(CODE_FOLDERS[folder])


def _code_files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for name in CODE_FILES:
        try:
            status = (root / name).stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise machine_error(error, f"read `{name}`") from error
        if stat.S_ISREG(status.st_mode):
            yield name, status
    base = os.fspath(root)
    for folder, endings in CODE_FOLDERS.items():
        yield from _walk(f"{base}/{folder}", folder, endings, frozenset())


def _walk(
    folder: str, prefix: str, endings: tuple[str, ...], above: frozenset[tuple[int, int]]
) -> list[tuple[str, os.stat_result]]:
    found: list[tuple[str, os.stat_result]] = []
    try:
        status = os.stat(folder)  # noqa: PTH116 - a text, in the walk that every command makes
        if (status.st_dev, status.st_ino) in above:
            return found  # a link that leads back up
        above = above | {(status.st_dev, status.st_ino)}
        with os.scandir(folder) as entries:
            listed = list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return found
    except OSError as error:
        raise machine_error(error, f"list the folder `{prefix}`") from error
    for entry in listed:
        name = entry.name
        if _is_skipped(name):
            continue
        path = f"{prefix}/{name}"
        try:
            if entry.is_dir():
                if name in _SKIPPED_FOLDERS:
                    continue
                found += _walk(f"{folder}/{name}", path, endings, above)
            elif name.lower().endswith(endings) and entry.is_file():
                if not path.isascii():
                    _require_text(path)
                found.append((path, entry.stat()))
        except FileNotFoundError:
            continue  # gone since the folder was listed, or a link that leads nowhere
        except OSError as error:
            raise machine_error(error, f"read `{path}`") from error
    return found


def _is_skipped(name: str) -> bool:
    return name[0] in ".#" or name.endswith(_SKIPPED_ENDINGS)


def _require_text(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = path.encode("utf-8", "backslashreplace").decode()
        problem = Problem("project.bad_name", f"the name of the file `{shown}` is not UTF-8", shown, hint="rename it")
        raise ProjectError.of([problem]) from None


def _is_current(entry: _Entry, status: os.stat_result) -> bool:
    size, modified, inode, changed, _, read = entry
    return (
        size == status.st_size
        and modified == status.st_mtime_ns
        and inode == status.st_ino
        and changed == status.st_ctime_ns
        and read - _SETTLED > modified
        and read - _SETTLED > changed
    )


def _read_entry(place: Path, path: str) -> _Entry:
    """Read a file whole; what changes meanwhile is an error."""
    began = time.time_ns()
    sha = hashlib.sha256()
    size = 0
    try:
        with place.open("rb", buffering=0) as stream:
            before = os.fstat(stream.fileno())
            while chunk := stream.read(_CHUNK):
                sha.update(chunk)
                size += len(chunk)
        after = place.stat()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise machine_error(error, f"read `{path}`") from error
    if _identity(before) != _identity(after) or size != after.st_size:
        raise _changed(path)
    return (size, after.st_mtime_ns, after.st_ino, after.st_ctime_ns, sha.hexdigest(), began)


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _changed(path: str) -> DatasetError | MachineError:
    return DatasetError(
        "source.changed_while_read",
        f"`{path}` changed while it was read",
        where=path,
        hint="wait until it is written whole, then run again",
        retryable=True,
    )
