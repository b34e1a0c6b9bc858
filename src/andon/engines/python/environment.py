"""Environments: exactly the packages of a lock, made once per lock and interpreter, shared by all runs on the machine.

An environment is built under a temporary name and renamed when it is whole, so a folder of its final name is always
complete; a lock file lets of two processes that need the same one only one do the work. A dataset without packages
gets an environment that holds DuckDB (and what it needs) out of the installation that runs Andon and nothing else of
it: what it imports must be declared, on every machine alike, and no package index is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from andon.base.files import machine_error, make_folder
from andon.base.hashing import content_id
from andon.base.record import Record
from andon.base.sharing import like_shared_folder
from andon.engines.python.keeping import PackageStore, is_wheel_name, keep_wheels, lock_name, this_platform
from andon.engines.python.lock import CLOCK, python_floor
from andon.engines.python.uv_tool import UvError, call_uv
from andon.errors import AndonError, DatasetError
from andon.model.lock import lock_digest, read_lock

_FACTS = "andon.json"
_OWN_PACKAGES = ("duckdb", "pytz", CLOCK)
#: What a function gets beside that takes Spark DataFrames: that it does is how it declares them.
SPARK_CLIENT = ("pyspark-client",)
#: Names under which the client is locked.
_CLIENTS = frozenset({"pyspark-client", "pyspark", "pyspark-connect", "databricks-connect"})
_ID_LENGTH = 20


class Environment(Record):
    """Where to run: `command` starts the interpreter; `paths` are folders with packages to add; `packages` is what is installed;
    `note` what people should hear of it."""

    command: tuple[str, ...]
    paths: tuple[Path, ...]
    packages: Mapping[str, str]
    note: str | None = None


def provide_environment(
    dataset: str,
    lock: bytes | None,
    environments: Path,
    cancelled: threading.Event | None = None,
    packages: PackageStore | None = None,
    more: Sequence[str] = (),
) -> Environment:
    """The environment of `lock` below the folder `environments`, made if it isn't there.

    Args:
        more: packages of the installation that runs Andon which a dataset without packages of its own may import, with what they need.
        packages: kept wheels, of which it is made before an index is asked; what is used is kept there, if that is wanted.

    Raises:
        DatasetError: `build.environment` when its packages can't be installed (uv's words are in the message),
            `build.interrupted` when `cancelled` was set meanwhile.
        MachineError: the disk.
    """
    environments = environments.resolve()
    try:
        make_folder(environments)
        if lock is None:
            return _own_environment(environments, cancelled, more)
        found = _locked_environment(dataset, lock, environments, cancelled, packages)
        if more and not _CLIENTS.intersection(found.packages):
            raise _no_client(dataset)
        return found
    except OSError as error:
        raise machine_error(error, "make an environment for packages") from error


def _locked_environment(
    dataset: str,
    content: bytes,
    environments: Path,
    cancelled: threading.Event | None,
    store: PackageStore | None,
) -> Environment:
    lock = content.decode("utf-8", errors="replace")
    floor = python_floor(lock)
    if sys.version_info[:2] < floor:
        needed, found = (".".join(map(str, numbers)) for numbers in (floor, sys.version_info[:2]))
        raise DatasetError(
            "build.environment",
            f"the dataset needs Python {needed} or later; Andon runs on Python {found}",
            where=dataset,
            hint=f"install Andon for Python {needed}, or lower `requires-python` and lock again",
        )
    pins, flaws = read_lock(lock)
    if flaws:  # a project with such a lock is refused; this one came by another way
        raise DatasetError(
            "build.bad_lock",
            f"line {flaws[0].line} of the lock: {flaws[0].message}",
            where=dataset,
            hint=f"run `andon lock {dataset}`",
        )
    final = environments / content_id([lock_digest(lock), *_interpreter()])[:_ID_LENGTH]

    def build(folder: Path) -> dict[str, str]:
        return _install(dataset, pins, folder, cancelled, content, store)

    packages = _make_once(final, build, cancelled)
    note = keep_wheels(dataset, content, final, store) if store is not None and store.keeps else None
    # a lock of before holds nothing that shows the run's clock
    paths = () if CLOCK in packages else (_linked(environments, (CLOCK,), cancelled)[0],)
    return Environment((str(_python_of(final)), "-s"), paths, packages, note)


def _no_client(dataset: str) -> DatasetError:
    return DatasetError(
        "build.environment",
        f"`{dataset}` takes a Spark DataFrame, and the packages that it declares bring no client of Spark",
        where=dataset,
        hint=f"add `pyspark-client` to `dependencies` in the script metadata, then run `andon lock {dataset}`",
    )


def _own_environment(environments: Path, cancelled: threading.Event | None, more: Sequence[str]) -> Environment:
    final, packages = _linked(environments, [*_OWN_PACKAGES, *_with_needed(more)], cancelled)
    # -S: without the packages of the installation that runs Andon.
    return Environment((sys.executable, "-s", "-S"), (final,), packages)


def _linked(
    environments: Path, names: Sequence[str], cancelled: threading.Event | None
) -> tuple[Path, Mapping[str, str]]:
    """A folder with packages of the installation that runs Andon, and their versions."""
    versions = {name: distribution(name).version for name in names}
    places = [str(distribution(name).locate_file("")) for name in names]
    final = environments / ("own-" + content_id([versions, places, *_interpreter()])[:_ID_LENGTH])

    def build(folder: Path) -> dict[str, str]:
        folder.mkdir()
        for name in names:
            _link_distribution(name, folder)
        return versions

    return final, _make_once(final, build, cancelled)


def _with_needed(names: Sequence[str]) -> list[str]:
    """Packages of the installation that runs Andon, with those that they need."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or name in _OWN_PACKAGES:
            continue
        try:
            needed = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system, or another Python
        found[name] = None
        waiting += [match[0] for each in needed if "extra" not in each and (match := re.match(r"[\w.-]+", each))]
    return sorted(found)


def _link_distribution(name: str, folder: Path) -> None:
    found = distribution(name)
    for top in sorted({file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}):
        source, target = Path(str(found.locate_file(top))).resolve(), folder / top
        if target.is_symlink():
            continue  # a folder that several packages share
        try:
            target.symlink_to(source, target_is_directory=source.is_dir())
        except (OSError, NotImplementedError):  # no right to make links (Windows)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, target)


def _install(
    dataset: str,
    pins: Sequence[str],
    folder: Path,
    cancelled: threading.Event | None,
    content: bytes,
    store: PackageStore | None,
) -> dict[str, str]:
    requirements = folder.with_name(folder.name + ".txt")
    # what was read is what is installed: the lock's own text may mean more to uv
    requirements.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
    here = folder.parent
    venv = [
        "venv",
        "--quiet",
        "--no-project",
        "--relocatable",
        "--no-python-downloads",
        "--python",
        sys.executable,
        str(folder),
    ]
    sync = ["pip", "sync", "--quiet", "--require-hashes", "--python", str(_python_of(folder)), str(requirements)]
    listing = ["pip", "list", "--quiet", "--format", "json", "--python", str(_python_of(folder))]
    try:
        call_uv(venv, folder=here, cancelled=cancelled)
        if not _of_kept(sync, here, cancelled, content, store):
            try:
                # What was installed once needs no network again; asking an index for pinned packages only costs time.
                call_uv([*sync, "--offline"], folder=here, cancelled=cancelled)
            except UvError:
                call_uv(sync, folder=here, cancelled=cancelled)
        listed = call_uv(listing, folder=here, cancelled=cancelled)
    except UvError as error:
        hint = f"run `andon lock {dataset}` to make the lock anew; if it changed without your doing, find out why first"
        if error.offline:
            hint = "the package index must be reachable the first time; try again when it is"
        message = f"the packages could not be installed:\n{error}"
        raise DatasetError("build.environment", message, where=dataset, hint=hint, retryable=error.offline) from error
    finally:
        requirements.unlink(missing_ok=True)
    return {package["name"]: package["version"] for package in json.loads(listed)}


def _of_kept(
    sync: Sequence[str],
    here: Path,
    cancelled: threading.Event | None,
    content: bytes,
    store: PackageStore | None,
) -> bool:
    """Whether all could be installed of kept wheels; each is compared with the lock's hash. What is damaged is fetched from elsewhere."""
    wheels = store.kept(lock_name(content), this_platform()) if store is not None else ()
    if store is None or not wheels or not all(is_wheel_name(wheel.file) for wheel in wheels):
        return False
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=here) as house:
        try:
            for wheel in wheels:
                store.take(wheel, Path(house, wheel.file))
            call_uv([*sync, "--offline", "--no-index", "--find-links", house], folder=here, cancelled=cancelled)
        except (UvError, AndonError) as error:
            if isinstance(error, DatasetError):
                raise  # it was interrupted
            return False
    return True


def _make_once(
    final: Path, build: Callable[[Path], dict[str, str]], cancelled: threading.Event | None
) -> dict[str, str]:
    """The packages of the environment `final`; calls `build(folder)` under a lock if it isn't there or is broken."""
    known = _packages_of(final)
    if known is not None:
        return known
    with _exclusive(final.with_name(f".{final.name}.lock"), cancelled) as alone:
        known = _packages_of(final)
        if known is not None:
            return known
        if final.exists():  # its interpreter was removed or replaced
            aside = final.with_name(f".{final.name}.{os.getpid()}.old")
            final.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)
        for rest in final.parent.glob(f".{final.name}.*.new") if alone else ():  # of a process that was killed
            shutil.rmtree(rest, ignore_errors=True)
        temporary = final.with_name(f".{final.name}.{os.getpid()}.{threading.get_ident()}.new")
        try:
            packages = build(temporary)
            (temporary / _FACTS).write_text(json.dumps(packages), encoding="utf-8")
            temporary.rename(final)
        except OSError:
            known = _packages_of(final)
            if known is None:
                raise
            return known  # another process was first, where there are no lock files
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return packages


def _packages_of(final: Path) -> dict[str, str] | None:
    try:
        packages: dict[str, str] = json.loads((final / _FACTS).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    whole = all(entry.exists() for entry in final.iterdir()) and (
        final.name.startswith("own-") or _python_of(final).exists()
    )
    return packages if whole else None


@contextlib.contextmanager
def _exclusive(path: Path, cancelled: threading.Event | None) -> Iterator[bool]:
    """Hold the lock file `path`; the system frees it when the process dies. Yields whether nobody else can be inside."""
    try:
        import fcntl
    except ImportError:  # Windows: the rename alone decides, work may be done twice
        yield False
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    like_shared_folder(path)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if cancelled is not None and cancelled.is_set():
                    raise DatasetError(
                        "build.interrupted", "the run was interrupted while packages were installed"
                    ) from None
                time.sleep(0.05)
        yield True
    finally:
        os.close(descriptor)


def _python_of(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def _interpreter() -> list[str]:
    return [sys.implementation.name, sys.version, str(Path(sys.executable).resolve()), sys.platform]
