"""The lake as a whole, from Python: what it is built of, and how its team works."""

from __future__ import annotations

from andon.base.document import from_json
from andon.model.architecture import ArchitectureDocument
from andon.model.principles import ScorecardDocument
from andon.python.costs import CostLake, RemoteCosts
from andon.service.costs import MONTH


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

    def principles(self, since: str = MONTH) -> ScorecardDocument:
        """How the team works by the nine principles since then (`30d`, `3 mo`, or a moment as ISO text), beside the time before.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time.
        """
        return self._service.scorecards.scorecard(since, self._ref)


class RemoteOverview(RemoteCosts):
    """The part of a served lake that one looks at as a whole; verbs and arguments as in `OverviewLake`."""

    def architecture(self, *, against: str | None = None) -> ArchitectureDocument:
        """What the lake is built of, as blocks and lines."""
        return from_json(ArchitectureDocument, self._link.get("/architecture", at=self._ref, against=against))

    def principles(self, since: str = MONTH) -> ScorecardDocument:
        """How the team works by the nine principles since then, beside the time before."""
        return from_json(ScorecardDocument, self._link.get("/principles", since=since, branch=self._ref))
