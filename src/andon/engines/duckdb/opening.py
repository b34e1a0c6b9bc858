"""Every instance of DuckDB is opened here, by what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path

from andon.base.files import machine_error
from andon.engines.duckdb.instance import Instance
from andon.engines.engine import EngineSettings
from andon.model.object_place import ObjectPlace


class Purpose(Enum):
    """What an instance is for; the value says whether the files that it reads never change, as those of the lake."""

    BUILDING = ("building", True)
    READING = ("reading", True)
    TESTING = ("testing", False)
    LOADING = ("loading", False)

    @property
    def files_never_change(self) -> bool:
        """Whether what was read once of a file stays true."""
        return self.value[1]


def open_instance(
    purpose: Purpose,
    settings: EngineSettings | None = None,
    *,
    wide: bool = False,
    moment: datetime | None = None,
    only: Sequence[Path] | None = None,
    reach: ObjectPlace | None = None,
) -> Instance:
    """An instance for `purpose`.

    Args:
        settings: None where nothing is computed.
        wide: with all cores that the settings allow; else with one thread, so that results repeat.
        moment: the logical time that its sessions show; None leaves the real clock.
        only: the folders whose files it can reach; None for all files.
        reach: how it asks for files that lie elsewhere.
    """
    if settings is None:
        return Instance(moment=moment, files_never_change=purpose.files_never_change)
    temporary = settings.temporary.path / ("wide" if wide else "narrow")
    try:
        temporary.mkdir(exist_ok=True)  # the engine makes no folder above its files
    except OSError as error:
        raise machine_error(error, "make a folder for temporary files") from error
    return Instance(
        threads=settings.cores if wide else 1,
        memory_limit=settings.memory_limit,
        temporary=temporary,
        temp_limit=settings.temp_limit,
        moment=moment,
        files_never_change=purpose.files_never_change,
        only=only,
        reach=reach,
    )
