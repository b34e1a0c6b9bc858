"""The engines of one run as the settings want them, made when first asked for, with a place for temporary files."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.relations.sides import EngineSettings, Sides
    from andon.workspace.workspace import Workspace


class Engines:
    """Gives the engines of one run; use as a context manager, which closes them and clears up.

    Args:
        run: the run's number, or None where there is no run.
        moment: the logical time that the engines show.
    """

    def __init__(self, workspace: Workspace, run: int | None, moment: datetime) -> None:
        self._workspace = workspace
        self._run = run
        self._moment = moment
        self._sides: Sides | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Sides:
        """The engines."""
        with self._lock:
            if self._sides is None:
                from andon.relations.sides import Sides

                self._clean_up_after_others()
                self._sides = Sides(self._workspace.lake, self.settings, self._moment)
            return self._sides

    def __enter__(self) -> Engines:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sides is not None:
            self._sides.__exit__()
            shutil.rmtree(self.temporary, ignore_errors=True)

    def interrupt(self) -> None:
        """Stop what is running."""
        if self._sides is not None:
            self._sides.interrupt()

    @property
    def cores(self) -> int:
        """Cores that may be used."""
        return int(self._workspace.settings.get("engine.threads")) or os.cpu_count() or 1

    @property
    def workers(self) -> int:
        """Tasks at the same time."""
        return int(self._workspace.settings.get("run.parallel")) or self.cores

    @property
    def settings(self) -> EngineSettings:
        """How engines are set."""
        from andon.relations.sides import EngineSettings

        settings = self._workspace.settings
        return EngineSettings(
            self.cores,
            str(settings.get("engine.memory_limit") or ""),
            int(settings.get("engine.wide_above")),
            self.temporary,
        )

    @property
    def temporary(self) -> Path:
        """Where this run puts temporary files."""
        name = f"run-{self._run}" if self._run is not None else f"ask-{os.getpid()}"
        chosen = str(self._workspace.settings.get("engine.temp_directory") or "")
        if chosen:  # a place that other lakes may use too, whose runs have the same numbers
            return self._workspace.root / chosen / f"{name}-{os.getpid()}"
        return self._workspace.folder.state / "tmp" / name

    def _clean_up_after_others(self) -> None:
        """Remove what runs that were killed left in the folder for temporary files."""
        own = self._workspace.folder.state / "tmp"
        for place in own.glob("run-*") if self.temporary.parent == own else ():
            number = place.name.removeprefix("run-")
            record = self._workspace.runs.find(int(number)) if number.isdigit() else None
            if record is None or record.status != "running":
                shutil.rmtree(place, ignore_errors=True)
