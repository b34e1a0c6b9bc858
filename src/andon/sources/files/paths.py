"""Which files the patterns of a source mean. The rules are DuckDB's: `*`, `**`, `?`, `[a-z]`, `[!a-z]`."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from andon.errors import DatasetError
from andon.model.dataset import FileRead

_MAGIC = re.compile(r"[*?\[]")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_READ = ("s3://", "http://", "https://")
#: Tables that other systems write: a path that begins so is of the snapshot that was read of one.
_TABLES = {"iceberg_scan": "iceberg:", "delta_scan": "delta:"}


def has_magic(pattern: str) -> bool:
    """Whether `pattern` is more than the name of one file."""
    return _MAGIC.search(pattern) is not None


def is_remote(path: str) -> bool:
    """Whether a path or pattern is of what others write in another place: object storage, a web server, a table of another system."""
    return path.startswith((*_READ, *_TABLES.values()))


def remote_patterns(read: FileRead) -> list[str]:
    """Those of a read's patterns that are asked for, as paths of what comes back are matched with them."""
    if read.function in _TABLES:
        kind = _TABLES[read.function]
        return [p if p.startswith(f"{kind}//") else kind + p for p in read.patterns]
    return [pattern for pattern in read.patterns if is_remote(pattern)]


def check_table_call(read: FileRead) -> None:
    """Refuse options of a read of another system's table: its newest snapshot is read, and what was read stays.

    Raises:
        DatasetError: `source.ambiguous`.
    """
    if read.function in _TABLES and read.options:
        message = f"`{read.function}` takes no option here, found `{read.options[0][0]}`"
        hint = "leave it out: a refresh loads the newest snapshot, and earlier ones are in the commits that loaded them"
        raise DatasetError("source.ambiguous", message, where=read.patterns[0], hint=hint)


def local_patterns(read: FileRead) -> list[str]:
    """Those of a read's patterns that are of files in the folder or on the machine."""
    return [] if read.function in _TABLES else [pattern for pattern in read.patterns if not is_remote(pattern)]


def table_of(path: str) -> tuple[str, str]:
    """The format and the stated place of a table that a path names."""
    kind, _, place = path.partition(":")
    return kind, place


def check_local(pattern: str) -> None:
    """Refuse a `pattern` that names a place on a network that is not read.

    Raises:
        DatasetError: `usage.not_yet`.
    """
    if _ELSEWHERE.match(pattern) and not is_remote(pattern):
        hint = "download the file into the project's folder and read it from there"
        message = f"files of `s3://`, `http://` and `https://` are read, not `{pattern}`"
        raise DatasetError("usage.not_yet", message, where=pattern, hint=hint)


def match(pattern: str, path: str) -> bool:
    """Whether `path` (POSIX) is one that `pattern` means.

    `*` and `?` stop at a `/`; `**` as a whole part stands for any number of folders, none included. Hidden files match like
    others, as DuckDB has it. The address of a file on a web server means itself.
    """
    if path.startswith(tuple(_TABLES.values())):
        return pattern in (path, table_of(path)[1])
    if pattern.startswith(("http://", "https://")):
        return pattern == path
    cleaned = _clean(pattern)
    if not has_magic(cleaned):
        return cleaned == _clean(path)
    return _compiled(cleaned).fullmatch(_clean(path)) is not None


def glob(root: Path, pattern: str) -> list[str]:
    """Files below `root` that `pattern` means, as sorted POSIX paths relative to `root`; for an absolute pattern absolute paths.

    Raises:
        DatasetError: `source.missing` for a link that leads nowhere, `usage.not_yet` for a place on a network.
    """
    check_local(pattern)
    if is_remote(pattern):
        return []
    cleaned = _clean(pattern)
    absolute = cleaned.startswith("/")
    base = Path("/") if absolute else root
    parts = [p for p in cleaned.split("/") if p]
    walked = _walk(base, "", parts)
    broken = next((n for n in sorted(walked) if (base / n).is_symlink() and not (base / n).exists()), None)
    if broken is not None:
        named = f"/{broken}" if absolute else broken
        target = (base / broken).readlink()
        message = f"`{named}` is a link to `{target}`, which is not there"
        hint = f"bring `{target}` back, or remove the link if the file is not wanted any more"
        raise DatasetError("source.missing", message, where=named, hint=hint)
    found = {name for name in walked if (base / name).is_file()}
    return sorted(f"/{name}" if absolute else name for name in found)


def expand(reads: Sequence[FileRead], list_files: Callable[[str], Sequence[str]]) -> dict[FileRead, tuple[str, ...]]:
    """The files of each of `reads`, by its patterns in their order, sorted within one pattern, none twice.

    Args:
        list_files: gives the paths that one pattern means (`glob` on a folder, or `match` over the paths of a commit).

    Raises:
        DatasetError: `source.missing` for a pattern that means no file, with the names that are near; `usage.not_yet` for
            a place on a network.
    """
    result: dict[FileRead, tuple[str, ...]] = {}
    for read in reads:
        paths: dict[str, None] = {}
        for pattern in read.patterns:
            check_local(pattern)
            listed = list(list_files(pattern if is_remote(pattern) else _clean(pattern)))
            if not listed:
                raise _missing(pattern, list_files)
            paths.update(dict.fromkeys(sorted(listed)))
        result[read] = tuple(paths)
    return result


def files_of(read: FileRead, paths: Sequence[str]) -> list[str]:
    """Those of `paths` that `read` means, in the order in which it reads them."""
    ordered: dict[str, None] = {}
    for pattern in read.patterns:
        ordered.update(dict.fromkeys(sorted(p for p in paths if match(pattern, p))))
    return list(ordered)


def _clean(path: str) -> str:
    """`path` without `./`, doubled and final slashes, and with `..` taken out where it is after a plain part."""
    start = "/" if path.startswith("/") else ""
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and parts and parts[-1] != ".." and not has_magic(parts[-1]):
            parts.pop()
        else:
            parts.append(part)
    return start + "/".join(parts)


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    expression = ""
    parts = pattern.split("/")
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            expression += "(?:[^/]+/)*[^/]+" if last else "(?:[^/]+/)*"
        else:
            expression += _part(part) + ("" if last else "/")
    return re.compile(expression, re.DOTALL)


def _part(part: str) -> str:
    """The regular expression of one part of a pattern."""
    out, index = "", 0
    while index < len(part):
        character = part[index]
        if character == "*":
            out += "[^/]*"
        elif character == "?":
            out += "[^/]"
        elif (
            character == "["
            and (end := part.find("]", index + 2 if part[index + 1 : index + 2] != "!" else index + 3)) > 0
        ):
            inside = part[index + 1 : end]
            negated, inside = ("^", inside[1:]) if inside.startswith("!") else ("", inside)
            inside = inside.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]").replace("^", "\\^")
            out += f"[{negated}{inside}]"
            index = end
        else:
            out += re.escape(character)
        index += 1
    return out


def _walk(base: Path, prefix: str, parts: list[str]) -> list[str]:
    """Paths below `base/prefix` that `parts` mean, files and folders alike."""
    if not parts:
        return [prefix]
    part, rest = parts[0], parts[1:]
    here = base / prefix if prefix else base
    if not has_magic(part):
        path = f"{prefix}/{part}" if prefix else part
        # A link that leads nowhere does not exist, but is told; only where it is the file itself.
        there = (base / path).exists() or (not rest and (base / path).is_symlink())
        return _walk(base, path, rest) if there else []
    found: list[str] = []
    for name, is_folder, is_link in _entries(here):
        path = f"{prefix}/{name}" if prefix else name
        if part == "**":
            # As DuckDB has it: `**` does not go through linked folders, `*` does.
            found += (_walk(base, path, parts) if not is_link else []) if is_folder else ([path] if not rest else [])
        elif _compiled(part).fullmatch(name) and (is_folder or not rest):
            found += _walk(base, path, rest)
    if part == "**" and rest:
        found += _walk(base, prefix, rest)
    return found


def _entries(folder: Path) -> list[tuple[str, bool, bool]]:
    """Name, whether a folder, whether a link, of what is in `folder`."""
    try:
        with os.scandir(folder) as entries:
            return sorted((e.name, e.is_dir(), e.is_symlink()) for e in entries)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in path.split("/"))


def _missing(pattern: str, list_files: Callable[[str], Sequence[str]]) -> DatasetError:
    if is_remote(pattern):
        return DatasetError(
            "source.missing", f"no file fits `{pattern}`", where=pattern, hint="look at what lies there"
        )
    cleaned = _clean(pattern)
    folder = str(PurePosixPath(cleaned).parent)
    while has_magic(folder):
        folder = str(PurePosixPath(folder).parent)
    try:
        beside = list(list_files("*" if folder == "." else f"{folder.rstrip('/')}/*")) or list(list_files("**"))
    except DatasetError:
        beside = []  # a broken link beside it is not what is missing here
    import difflib

    offered = [name for name in beside if _is_hidden(cleaned) or not _is_hidden(name)]
    near = difflib.get_close_matches(cleaned, offered, n=3, cutoff=0.6) or sorted(offered)[:3]
    what = f"no file fits `{pattern}`" if has_magic(pattern) else f"`{pattern}` is not there"
    if cleaned in beside:
        written = re.sub(r"([*?\[])", r"[\1]", cleaned)
        escaped = f"brackets stand for patterns; for this file write `{written}`"
        return DatasetError("source.missing", what, where=cleaned, hint=escaped)
    hint = "did you mean " + " or ".join(f"`{name}`" for name in near) + "?" if near else None
    return DatasetError(
        "source.missing", what, where=cleaned, hint=hint or "paths are relative to the project's folder"
    )
