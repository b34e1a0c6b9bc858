"""Keeping the wheels of a lock, so that its environment can be made when no index has them any more.

What is kept is what was installed on this machine: for another system or another Python it is kept when that first uses the lock. A package
that comes as source alone is refused: what would be built of it in a year is not what was built today.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from andon.base.record import Record
from andon.engines.python.index import Indexes, IndexUnreachable
from andon.engines.python.index_file import IndexFile
from andon.errors import DatasetError
from andon.model.lock import pins_of, simple_name

_WHEEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl")


class KeptWheel(Record):
    """A wheel that is kept: the package, and its file by content."""

    name: str
    version: str
    file: str
    sha256: str
    size: int


class PackageStore(Protocol):
    """Where wheels are kept. A lock is named by the sha256 of its text, a platform by `this_platform`."""

    #: Whether what is used is to be kept.
    keeps: bool

    def kept(self, lock: str, platform: str) -> Sequence[KeptWheel]:
        """The wheels of a lock that are kept, and there."""
        ...

    def take(self, wheel: KeptWheel, target: Path) -> None:
        """Copy a wheel out to `target`."""
        ...

    def keep(self, lock: str, platform: str, wheels: Mapping[KeptWheel, Path]) -> None:
        """Keep wheels: all of a lock, at once."""
        ...


def this_platform() -> str:
    """The system and Python for which wheels are chosen."""
    return f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"


def lock_name(lock: bytes) -> str:
    """By which what is kept of a lock is found."""
    return hashlib.sha256(lock).hexdigest()


def keep_wheels(dataset: str, lock: bytes, installed: Path, store: PackageStore) -> str | None:
    """Keep what is installed of `lock` in the environment `installed`, unless it is kept. Returns why not, where no index can be asked:
    the next use tries again.

    Raises:
        DatasetError: `build.environment` for a package that comes as source alone.
        OSError: the disk.
    """
    name, platform = lock_name(lock), this_platform()
    if store.kept(name, platform):
        return None
    with tempfile.TemporaryDirectory(prefix="andon-wheels-") as folder:
        try:
            indexes = Indexes.of_machine()
            wheels = dict(_fetched(dataset, lock, installed, indexes, Path(folder)))
        except IndexUnreachable as error:
            return f"its packages are not kept yet: {error}"
        store.keep(name, platform, wheels)
    return None


def fetch_wheel(name: str, sha256: str, target: Path) -> bool:
    """Fetch a wheel that was kept once again from where it came, by its content; whether that is still there.

    Raises:
        IndexUnreachable: no index can be asked.
        OSError: the disk.
    """
    indexes = Indexes.of_machine()
    files = [file for file in indexes.files(name) or () if file.sha256 == sha256]
    return any(indexes.fetch(file, target) == sha256 for file in files)


def _fetched(
    dataset: str, lock: bytes, installed: Path, indexes: Indexes, folder: Path
) -> Iterator[tuple[KeptWheel, Path]]:
    pinned: dict[str, dict[str, set[str]]] = {}
    for pin in pins_of(lock.decode("utf-8", "replace")):
        pinned.setdefault(simple_name(pin.name), {}).setdefault(pin.version, set()).update(pin.hashes)
    for name, version, tags in _installed(installed):
        versions = pinned.get(name)
        if versions is None:
            continue  # what uv itself puts into an environment
        # a version may be written in several ways; where there is one, that is meant
        hashes = versions.get(version) or set().union(*versions.values())
        files = [file for file in indexes.files(name) or () if file.sha256 in hashes]
        file = _wheel(files, tags)
        if file is None and any(not is_wheel_name(each.name) for each in files):
            raise DatasetError(
                "build.environment",
                f"`{name}=={version}` can't be kept: no index has a wheel of it for this machine, and what is built from source may be"
                " built otherwise in a year",
                where=dataset,
                hint="use a version that comes as a wheel, or switch `python.keep_packages` off",
            )
        if file is None:
            raise IndexUnreachable(f"no package index has what is installed of `{name}=={version}` any more")
        target = folder / file.name
        if indexes.fetch(file, target) != file.sha256:
            raise IndexUnreachable(f"`{file.name}` came otherwise than the index says")
        yield KeptWheel(name, version, file.name, str(file.sha256), target.stat().st_size), target


def _installed(environment: Path) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Name, version and tags of what is installed."""
    from importlib.metadata import distributions

    places = [str(path) for path in environment.glob("lib*/python*/site-packages")]
    places += [str(path) for path in environment.glob("Lib/site-packages")]
    for found in distributions(path=places):
        said = found.read_text("WHEEL") or ""
        tags = frozenset(line.partition(":")[2].strip() for line in said.splitlines() if line.startswith("Tag:"))
        yield simple_name(found.metadata["Name"]), found.version, tags


def _wheel(files: Sequence[IndexFile], tags: frozenset[str]) -> IndexFile | None:
    """The wheel with these tags, else one with some of them."""
    ranked = [(len(tags & (own := _tags(f.name))), own == tags, f) for f in files if is_wheel_name(f.name)]
    best = max(ranked, key=lambda each: each[:2], default=None)
    return best[2] if best is not None and best[0] else None


def is_wheel_name(name: str) -> bool:
    """Whether a name is that of a wheel, and no place elsewhere."""
    return _WHEEL.fullmatch(name) is not None


def _tags(name: str) -> frozenset[str]:
    """The tags in the name of a wheel: `…-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl`."""
    parts = [part.split(".") for part in name.removesuffix(".whl").split("-")[-3:]]
    return frozenset("-".join(each) for each in itertools.product(*parts))
