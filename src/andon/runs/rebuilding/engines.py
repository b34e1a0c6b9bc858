"""The engines of a rebuild: set as they were when the version was built."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.workspace.engines import Engines

if TYPE_CHECKING:
    from andon.engines.engine import EngineSettings
    from andon.lake.lake import Lake
    from andon.workspace.workspace import Workspace

#: More than any input has: all of it is done narrow.
_ALL = 1 << 62


class RecordedEngines(Engines):
    """Engines with the threads and the memory that a build recorded.

    Args:
        lake: what they read and write.
        facts: what the build recorded of its engine; where it recorded nothing, the settings of today count.
    """

    def __init__(self, workspace: Workspace, lake: Lake, moment: datetime, facts: Mapping[str, Any]) -> None:
        super().__init__(workspace, None, moment, lake)
        self._facts = facts

    @property
    def settings(self) -> EngineSettings:
        """See `Engines.settings`."""
        now = super().settings
        threads = self._facts.get("threads")
        if threads is None:
            return now
        memory = str(self._facts.get("memory_limit") or now.memory_limit)
        return replace(now, cores=threads, memory_limit=memory, wide_above=_ALL if threads == 1 else -1)

    @property
    def seed(self) -> int | None:
        """See `Engines.seed`."""
        return self._facts.get("seed")
