"""What runs tell to a catalog of lineage, as OpenLineage events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.operations.openlineage.outbox import is_configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from andon.lineage.kept import LineageGraphs
    from andon.model.lineage import Graph
    from andon.operations.openlineage.events import ToldRun
    from andon.operations.openlineage.outbox import LineageOutbox
    from andon.runs.goal import Listener
    from andon.workspace.workspace import Workspace


class LineageEvents:
    """Tells of the runs of one lake, where OpenLineage's own client is configured for this process."""

    def __init__(
        self, workspace: Workspace, outbox: Callable[[], LineageOutbox], graphs: Callable[[], LineageGraphs]
    ) -> None:
        self._workspace = workspace
        self._outbox = outbox
        self._graphs = graphs

    def listening(self, listener: Listener) -> Listener:
        """Who listens to a run: `listener`, and what tells of it where that is wanted."""
        if not is_configured(self._workspace.environ):
            return listener
        from andon.operations.openlineage.telling import LineageTeller

        teller = LineageTeller(self._outbox(), listener.report, self._workspace.clock, self._about, self._graph)
        return replace(listener, report=teller)

    def run_ended(self, listener: Listener) -> None:
        """A run is over, however it ended: where it has no result, that is told."""
        if not is_configured(self._workspace.environ):
            return
        from andon.operations.openlineage.telling import LineageTeller

        if isinstance(listener.report, LineageTeller):
            listener.report.over("ABORT" if listener.cancel.is_cancelled else "FAIL")

    def _about(self, number: int) -> ToldRun:
        from andon.operations.openlineage.events import ToldRun

        name = self._workspace.root.name
        return ToldRun(f"andon://{name}", self._workspace.lake.id, number, f"{name}.run")

    def _graph(self, commit: str) -> Graph | None:
        return self._graphs().graph(self._workspace.lake.commits.get(commit))
