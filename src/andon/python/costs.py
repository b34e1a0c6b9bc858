"""What a lake costs, and what nobody needs, from Python."""

from __future__ import annotations

from andon.base.document import from_json
from andon.model.event import Reporter, silent
from andon.python.reproducing import RemoteReproducing, ReproducingLake
from andon.python.server_link import Hears
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.costs import MONTH, CostDocument, WasteDocument
from andon.service.renaming import Moved, MovedDocument
from andon.service.value import ValueDocument


class CostLake(ReproducingLake):
    """The part of a lake that counts what it costs."""

    def cost(self, by: str = "dataset", *, since: str = MONTH, until: str | None = None) -> CostDocument:
        """What was spent, and whom it served.

        Args:
            by: `dataset`, `run`, `person`, `insight` or `schedule`.
            since: how long before the end (`30d`, `3 mo`), or a moment as ISO text.
            until: the end; now without it.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time or word.
        """
        return self._service.costs.cost(by, since, until, self._ref)

    def focus(self, *, since: str = MONTH, until: str | None = None) -> list[dict[str, str]]:
        """What was spent as rows of FOCUS 1.0; what they cost adds up to the bill.

        Raises:
            UsageError: `usage.bad_argument` where `[cost]` has no rates or no currency, and for what is no such time.
        """
        return self._service.costs.focus(since, until, self._ref)

    def value(self, *, since: str = MONTH) -> ValueDocument:
        """What datasets are worth by what rests on them, what they cost since then, and the repair that helps most insights.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time.
        """
        return self._service.worth.value(since, self._ref)

    def waste(self, *, since: str = MONTH) -> WasteDocument:
        """Datasets that nothing live needs, and what they cost since then.

        Raises:
            UsageError: `usage.bad_argument` for what is no such time, or where the log of queries is kept for less than 60 days.
        """
        return self._service.costs.waste(since, self._ref)

    def archive(
        self,
        *names: str,
        publish: bool = True,
        branch: str | None = None,
        report: Reporter = silent,
        message: str | None = None,
    ) -> Moved:
        """Put datasets away that nothing live needs, in one publish; `lake.undo()` brings them back.

        Args:
            publish: False tells only what would be done.

        Raises:
            UsageError: `lake.in_use` with what needs one of them; `lake.is_read` with what would be left without it.
        """
        options = RunOptions(branch=branch, message=message, agreed=ANY_PLAN)
        return self._service.costs.archive(names, options, Listener(report), is_dry=not publish)


class RemoteCosts(RemoteReproducing):
    """The part of a served lake that counts what it costs; verbs and arguments as in `CostLake`."""

    def cost(self, by: str = "dataset", *, since: str = MONTH, until: str | None = None) -> CostDocument:
        """What was spent, and whom it served; by person for owners."""
        path, said = ("/cost/people", {}) if by == "person" else ("/cost", {"by": by})
        return from_json(CostDocument, self._link.get(path, since=since, until=until, branch=self._ref, **said))

    def focus(self, *, since: str = MONTH, until: str | None = None) -> list[dict[str, str]]:
        """What was spent as rows of FOCUS 1.0; what they cost adds up to the bill."""
        found: list[dict[str, str]] = self._link.get("/cost/focus", since=since, until=until, branch=self._ref)
        return found

    def value(self, *, since: str = MONTH) -> ValueDocument:
        """What datasets are worth by what rests on them, what they cost since then, and the repair that helps most insights."""
        return from_json(ValueDocument, self._link.get("/value", since=since, branch=self._ref))

    def waste(self, *, since: str = MONTH) -> WasteDocument:
        """Datasets that nothing live needs, and what they cost since then."""
        return from_json(WasteDocument, self._link.get("/waste", since=since, branch=self._ref))

    def archive(
        self,
        *names: str,
        publish: bool = True,
        branch: str | None = None,
        report: Hears | None = None,
        message: str | None = None,
    ) -> MovedDocument:
        """Put datasets away that nothing live needs, in one publish; arguments as in `Lake.archive`."""
        body = {"names": names, "branch": branch, "message": message, "agreed": ANY_PLAN if publish else None}
        return self._told("/archives", body, report, MovedDocument)
