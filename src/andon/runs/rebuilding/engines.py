"""The engines of a rebuild: set as they were when the version was built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from andon.base.record import replace
from andon.workspace.engines import Engines

if TYPE_CHECKING:
    from andon.engines.engine import Engine, EngineSettings
    from andon.lake.lake import Lake
    from andon.model.dataset import Definition
    from andon.workspace.workspace import Workspace

#: More than any input has: all of it is done narrow.
_ALL = 1 << 62


class RecordedEngines(Engines):
    """Engines with the threads and the memory that a build recorded.

    Args:
        lake: what they read and write.
        facts: what the build recorded of its engine; where it recorded nothing, the settings of today count.
        heard: puts an engine between a task and the engine that does it; None: nothing stands there.
    """

    def __init__(
        self,
        workspace: Workspace,
        lake: Lake,
        moment: datetime,
        facts: Mapping[str, Any],
        heard: Callable[[Engine], Engine] | None = None,
    ) -> None:
        super().__init__(workspace, None, moment, lake)
        self._facts = facts
        self._heard = heard

    @contextmanager
    def builder(self, definition: Definition, size: int) -> Iterator[Engine]:
        """See `Engines.builder`."""
        with super().builder(definition, size) as engine:
            yield engine if self._heard is None else self._heard(engine)

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
