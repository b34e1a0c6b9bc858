"""What all callers of a process share beside the adapters: graphs, indexes, what they are ranked by, workers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from andon.catalog.search import Catalogs
    from andon.catalog.use import UseBook
    from andon.lake.changed_names import ChangedNames
    from andon.lineage.descriptions import Descriptions
    from andon.lineage.kept import LineageGraphs
    from andon.operations.openlineage.outbox import LineageOutbox
    from andon.operations.scheduling.books import ScheduleBooks
    from andon.operations.scheduling.looking import Looking
    from andon.query.ask import Querying
    from andon.query.workers import Workers
    from andon.service.architecture import KeptArchitectures
    from andon.service.board import BoardKept
    from andon.service.lineage_map import FoldedGraphs
    from andon.service.principles import KeptScorecards
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace

_Part = TypeVar("_Part")


class SharedParts:
    """Each part is made and loaded once, when somebody first asks, whoever that is. Safe under threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()  # parts are made of parts
        self._made: dict[type, object] = {}

    def outbox(self) -> LineageOutbox:
        """What waits to be sent to a catalog of lineage."""
        from andon.operations.openlineage.outbox import LineageOutbox

        return self._once(LineageOutbox, LineageOutbox)

    def looking(
        self, querying: Callable[[], Querying], marks: Callable[[str, Collection[str]], Mapping[str, str]]
    ) -> Looking:
        """What looks for scheduled work; arguments are those of `Looking`, of whoever asks first."""
        from andon.operations.scheduling.looking import Looking

        return self._once(Looking, lambda: Looking(self._workspace, self._books, querying, marks))

    @property
    def _books(self) -> ScheduleBooks:
        from andon.operations.scheduling.books import ScheduleBooks

        return self._once(ScheduleBooks, lambda: ScheduleBooks(self._workspace))

    @property
    def workers(self) -> Workers:
        """Who answers what is streamed."""
        from andon.query.workers import Workers

        return self._once(Workers, lambda: Workers.of(self._workspace))

    def serve(self, workers: Workers) -> None:
        """Let `workers` answer from now on; those before them end."""
        from andon.query.workers import Workers

        with self._lock:
            former = self._there(Workers)
            self._made[Workers] = workers
        if former is not None and former is not workers:
            former.close()

    @property
    def graphs(self) -> LineageGraphs:
        """Lineage of commits."""
        from andon.lineage.kept import LineageGraphs

        return self._once(LineageGraphs, lambda: LineageGraphs(self._workspace))

    @property
    def catalogs(self) -> Catalogs:
        """What can be found, by commit."""
        from andon.catalog.search import Catalogs

        return self._once(Catalogs, lambda: Catalogs(self._workspace, self.descriptions))

    @property
    def descriptions(self) -> Descriptions:
        """What columns have from above."""
        from andon.lineage.descriptions import Descriptions

        return self._once(Descriptions, lambda: Descriptions(self._workspace))

    @property
    def uses(self) -> UseBook:
        """Who reads what."""
        from andon.catalog.use import UseBook

        return self._once(UseBook, lambda: UseBook(self._workspace.query_log))

    @property
    def board(self) -> BoardKept:
        """What the board remembers."""
        from andon.service.board import BoardKept

        return self._once(BoardKept, BoardKept)

    @property
    def troubles(self) -> Troubles:
        """What is known against datasets."""
        from andon.runs.inspection.history import CheckHistory
        from andon.service.troubles import Troubles

        return self._once(Troubles, lambda: Troubles(self._workspace, CheckHistory(self._workspace), self._books))

    @property
    def folded(self) -> FoldedGraphs:
        """Lineage as it was drawn."""
        from andon.service.lineage_map import FoldedGraphs

        return self._once(FoldedGraphs, FoldedGraphs)

    @property
    def architectures(self) -> KeptArchitectures:
        """What lakes were built of."""
        from andon.service.architecture import KeptArchitectures

        return self._once(KeptArchitectures, KeptArchitectures)

    @property
    def scorecards(self) -> KeptScorecards:
        """Scorecards of the last minutes."""
        from andon.service.principles import KeptScorecards

        return self._once(KeptScorecards, KeptScorecards)

    @property
    def changed_names(self) -> ChangedNames:
        """Which datasets commits changed."""
        from andon.lake.changed_names import ChangedNames

        return self._once(ChangedNames, lambda: ChangedNames(self._workspace.lake.commits, self._workspace.cache))

    def close(self) -> None:
        """End what was made and has an end: senders, workers, what the board does beside."""
        with self._lock:
            parts = [*self._made.values()]
        for part in parts:
            close = getattr(part, "close", None)
            if close is not None:
                close()

    def _once(self, kind: type[_Part], make: Callable[[], _Part]) -> _Part:
        with self._lock:
            found = self._there(kind)
            if found is None:
                found = make()
                self._made[kind] = found
            return found

    def _there(self, kind: type[_Part]) -> _Part | None:
        found = self._made.get(kind)
        return found if isinstance(found, kind) else None
