"""`lake.quarantine`: rows that checks set aside, of a lake that is opened and of one that a server has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from andon.base.document import from_json
from andon.model.event import Reporter, silent
from andon.model.run import RunDocument
from andon.python.server_link import ServerLink
from andon.runs.goal import Listener
from andon.service.quarantine import QuarantineInfo, QuarantineRows

if TYPE_CHECKING:
    from andon.model.run import RunResult
    from andon.service.service import Service


class LakeQuarantine:
    """The rows that checks set aside."""

    def __init__(self, service: Service, ref: str | None) -> None:
        self._service = service
        self._ref = ref

    def list(self, dataset: str | None = None) -> Sequence[QuarantineInfo]:
        """How many rows are set aside, by which checks, since when."""
        return self._service.quarantine.overview(dataset, self._ref)

    def show(self, dataset: str, limit: int = 20) -> QuarantineRows:
        """Rows that the checks of a dataset set aside, and what each fails; of personal columns no value."""
        return self._service.quarantine.show(dataset, limit, self._ref)

    def release(
        self,
        dataset: str,
        *,
        reason: str,
        where: str | None = None,
        check: str | None = None,
        branch: str | None = None,
        report: Reporter = silent,
    ) -> RunResult:
        """Put rows back into their dataset, and publish that: as long as they are the same, from the checks that they fail now.

        Args:
            where: SQL over the rows that were set aside; without it all of them.
            check: the only check that they are released from.

        Raises:
            UsageError: `usage.bad_argument` where no row is meant, or too many are.
        """
        return self._service.quarantine.release(
            dataset, reason, where=where, check=check, branch=branch, listener=Listener(report)
        )

    def __iter__(self) -> Iterator[QuarantineInfo]:
        return iter(self.list())


class RemoteQuarantine:
    """The rows that checks set aside in a lake that a server has.

    Args:
        told: posts what reports its progress.
    """

    def __init__(self, link: ServerLink, ref: str | None, told: Callable[..., RunDocument]) -> None:
        self._link = link
        self._ref = ref
        self._told = told

    def list(self, dataset: str | None = None) -> Sequence[QuarantineInfo]:
        """How many rows are set aside, by which checks, since when."""
        return from_json(list[QuarantineInfo], self._link.get("/quarantine", dataset=dataset, at=self._ref))

    def show(self, dataset: str, limit: int = 20) -> QuarantineRows:
        """Rows that the checks of a dataset set aside, and what each fails; of personal columns no value."""
        return from_json(QuarantineRows, self._link.get(f"/quarantine/{dataset}", limit=limit, at=self._ref))

    def release(
        self,
        dataset: str,
        *,
        reason: str,
        where: str | None = None,
        check: str | None = None,
        branch: str | None = None,
        report: Reporter | None = None,
    ) -> RunDocument:
        """Put rows back into their dataset, and publish that; arguments as in `Lake.quarantine.release`."""
        body = {"reason": reason, "where": where, "check": check, "branch": branch}
        return self._told(f"/quarantine/{dataset}/releases", body, report, RunDocument)

    def __iter__(self) -> Iterator[QuarantineInfo]:
        return iter(self.list())
