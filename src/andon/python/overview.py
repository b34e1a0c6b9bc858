"""The lake as a whole, from Python: what it is built of."""

from __future__ import annotations

from andon.base.document import from_json
from andon.model.architecture import ArchitectureDocument
from andon.python.costs import CostLake, RemoteCosts


class OverviewLake(CostLake):
    """The part of a lake that one looks at as a whole."""

    def architecture(self, *, against: str | None = None) -> ArchitectureDocument:
        """What the lake is built of, as blocks and lines.

        Args:
            against: an earlier commit, a day, or how long before (`30d`); 30 days before without it, where the lake is that old.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        return self._service.architectures.drawn(self._ref, against)


class RemoteOverview(RemoteCosts):
    """The part of a served lake that one looks at as a whole; verbs and arguments as in `OverviewLake`."""

    def architecture(self, *, against: str | None = None) -> ArchitectureDocument:
        """What the lake is built of, as blocks and lines."""
        return from_json(ArchitectureDocument, self._link.get("/architecture", at=self._ref, against=against))
