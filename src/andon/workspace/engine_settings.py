"""How engines are set, by the settings of a workspace."""

from __future__ import annotations

import os

from andon.engines.engine import EngineSettings
from andon.engines.python.task import PythonSettings
from andon.settings.resolve import Settings
from andon.workspace.folder import Folder


def cores(settings: Settings) -> int:
    """Cores that may be used."""
    return int(settings.get("engine.threads")) or os.cpu_count() or 1


def memory_limit(settings: Settings) -> str:
    """What an instance may take, empty for the engine's own limit."""
    return str(settings.get("engine.memory_limit") or "")


def reading_settings(settings: Settings, folder: Folder) -> EngineSettings:
    """For engines that read the lake."""
    place = folder.state / "tmp" / f"read-{os.getpid()}"
    return EngineSettings(cores(settings), memory_limit(settings), 0, place)


def python_settings(settings: Settings, folder: Folder) -> PythonSettings:
    """For engines that run Python datasets."""
    return PythonSettings(folder.state / "environments", float(settings.get("python.timeout")))
