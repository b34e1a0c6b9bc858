"""How engines are set, by the settings of a workspace."""

from __future__ import annotations

import os
from pathlib import Path

from andon.base.temporary import Temporary, system_place
from andon.engines.engine import EngineSettings
from andon.engines.python.task import PythonSettings
from andon.lake.packages import Packages
from andon.settings.resolve import Settings
from andon.workspace.folder import Folder
from andon.workspace.package_store import LakePackages


def cores(settings: Settings) -> int:
    """Cores that may be used."""
    return int(settings.get("engine.threads")) or os.cpu_count() or 1


def memory_limit(settings: Settings) -> str:
    """What an instance may take, empty for the engine's own limit."""
    return str(settings.get("engine.memory_limit") or "")


def temporary(settings: Settings, folder: Folder, name: str) -> Temporary:
    """A folder for temporary files: where the setting says, else in the project's own, else in the system's."""
    chosen = str(settings.get("engine.temp_directory") or "")
    if chosen:
        return Temporary([folder.root / Path(chosen).expanduser()], name)
    return Temporary([folder.state / "tmp", system_place()], name)


def engine_settings(settings: Settings, place: Temporary) -> EngineSettings:
    """For engines whose temporary files lie in `place`."""
    return EngineSettings(
        cores(settings),
        memory_limit(settings),
        int(settings.get("engine.wide_above")),
        place,
        str(settings.get("engine.temp_limit") or ""),
    )


def reading_settings(settings: Settings, folder: Folder) -> EngineSettings:
    """For engines that read the lake."""
    return engine_settings(settings, temporary(settings, folder, "read"))


def python_settings(
    settings: Settings, folder: Folder, packages: Packages | None = None, *, keeps: bool = True
) -> PythonSettings:
    """For engines that run Python datasets.

    Args:
        packages: kept wheels of the lake; None: none are used.
        keeps: whether wheels may be kept, where the settings want that.
    """
    most = machine_memory()
    memory = int(settings.get("python.memory")) or (most and most * 4 // 5)
    wanted = keeps and bool(settings.get("python.keep_packages"))
    store = LakePackages(packages, keeps=wanted) if packages is not None else None
    timeout = float(settings.get("python.timeout"))
    return PythonSettings(folder.state / "environments", timeout, memory, packages=store)


def machine_memory() -> int | None:
    """Bytes of memory that the machine has, None where that is not told."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
