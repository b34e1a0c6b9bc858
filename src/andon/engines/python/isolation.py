"""How the child of a Python dataset is kept apart: by bubblewrap where there is one that works, else by what the child does itself.

Either way it reads the interpreter, its packages, its inputs and the system's programs, and writes its own folder alone. By itself it
makes a root of its own (Linux, where accounts may make namespaces) or has the kernel refuse all other files (Landlock). With bubblewrap
and with a root of its own it sees no other process, has no network, and ends with all that it started; elsewhere what it started is ended
by its process group.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

#: Folders of the system that programs need; where one is a link it stays one.
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/gnu/store")
_ETC = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/alternatives", "/etc/ssl")
_APART = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
_TRY_SECONDS = 10
#: What is read of an installation of Python that lies where other things do, too.
_OF_PREFIX = ("bin", "lib", "lib64")
#: What the child tries by itself, in turn (see `child/_andon_guard.py`).
CHILD_MEANS = ("namespaces", "network", "landlock")


@functools.cache
def bubblewrap() -> tuple[str, ...] | None:
    """The beginning of a command that runs another one apart, or None where there is no bubblewrap that works here."""
    program = shutil.which("bwrap") if sys.platform.startswith("linux") else None
    if program is None:
        return None
    for proc in (("--proc", "/proc"), ("--dir", "/proc")):  # in a container a new /proc may be refused
        begin = (program, *_APART, *_bound(_SYSTEM), *proc, "--dev", "/dev")
        try:
            tried = subprocess.run([*begin, "/bin/sh", "-c", ":"], capture_output=True, timeout=_TRY_SECONDS, env={})
        except (OSError, subprocess.TimeoutExpired):
            return None
        if tried.returncode == 0:
            return begin
    return None


def apart(
    command: Sequence[str],
    begin: Sequence[str],
    read: Iterable[Path],
    write: Path,
    start: Path,
    links: Sequence[tuple[str, Path]] = (),
) -> list[str]:
    """`command` run by bubblewrap.

    Args:
        begin: as `bubblewrap` gives it.
        read: files and folders that it may read.
        write: the folder that it may write.
        start: the folder that it begins in.
        links: `(path, target)` of links to make.
    """
    words = [*begin, *_bound(_ETC), "--tmpfs", "/tmp", "--tmpfs", "/dev/shm"]  # noqa: S108 - within the namespace
    for path in _outermost(read):
        words += ["--ro-bind-try", str(path), str(path)]
    for place, target in links:
        words += ["--symlink", str(target), place]
    return [*words, "--bind", str(write), str(write), "--chdir", str(start), "--", *command]


def readable(read: Iterable[Path]) -> tuple[list[str], list[tuple[str, str]]]:
    """What a child that keeps itself apart may read: files and folders, and the links `(path, target)` beside them."""
    own = [Path(path) for path in (*_SYSTEM, *_ETC)]
    files = [path for path in own if path.exists() and not path.is_symlink()]
    links = [(str(path), str(path.readlink())) for path in own if path.is_symlink()]
    return [str(path) for path in (*files, *_outermost(read))], links


def interpreter_paths(command: Sequence[str], packages: Iterable[Path]) -> list[Path]:
    """What must be read to run the interpreter `command` with `packages`."""
    program = Path(command[0])
    found = [program, *packages]
    prefixes = [program.resolve().parent.parent, *map(Path, (sys.prefix, sys.base_prefix, sys.exec_prefix))]
    if (program.parent.parent / "pyvenv.cfg").exists():
        prefixes.append(program.parent.parent)
    shared = (Path("/"), Path.home())
    for prefix in prefixes:
        found += [prefix / part for part in _OF_PREFIX] if prefix in shared else [prefix]
    found += [entry.resolve() for folder in packages for entry in folder.iterdir() if entry.is_symlink()]
    return [path for path in found if path.exists()]


def _bound(paths: Iterable[str]) -> list[str]:
    words: list[str] = []
    for path in paths:
        if Path(path).is_symlink():
            words += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).exists():
            words += ["--ro-bind", path, path]
    return words


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """`paths` without those below another one and below the system's folders, which are there."""
    kept: list[Path] = []
    system = [Path(path) for path in _SYSTEM if not Path(path).is_symlink()]
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in (*kept, *system)):
            kept.append(path)
    return kept
