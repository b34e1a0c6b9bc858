"""Wheels of the lake as the engine for Python asks for them (see `PackageStore`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from andon.lake.packages import PackageFile

if TYPE_CHECKING:
    from andon.engines.python.keeping import KeptWheel
    from andon.lake.packages import Packages


class LakePackages:
    """Keeps wheels in a lake.

    Args:
        keeps: whether what is used is to be kept; what is kept is read all the same.
    """

    def __init__(self, packages: Packages, *, keeps: bool) -> None:
        self._packages = packages
        self.keeps = keeps

    def kept(self, lock: str, platform: str) -> Sequence[KeptWheel]:
        """See `PackageStore.kept`."""
        found = self._packages.of(lock, platform)
        return [_wheel(file) for file in found] if all(map(self._packages.is_there, found)) else ()

    def take(self, wheel: KeptWheel, target: Path) -> None:
        """See `PackageStore.take`."""
        self._packages.take(_file(wheel), target)

    def keep(self, lock: str, platform: str, wheels: Mapping[KeptWheel, Path]) -> None:
        """See `PackageStore.keep`."""
        self._packages.keep(lock, platform, {_file(wheel): path for wheel, path in wheels.items()})


def _wheel(file: PackageFile) -> KeptWheel:
    from andon.engines.python.keeping import KeptWheel

    return KeptWheel(file.name, file.version, file.file, file.sha256, file.size)


def _file(wheel: KeptWheel) -> PackageFile:
    return PackageFile(wheel.name, wheel.version, wheel.file, wheel.sha256, wheel.size)
