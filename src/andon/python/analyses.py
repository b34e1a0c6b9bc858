"""`lake.analyses`: scripts and notebooks that are run against one commit, of a lake that is opened and of one that a server has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andon.base.clock import from_text
from andon.base.document import from_json
from andon.model.analysis import Scalar
from andon.python.server_link import ServerLink
from andon.service.analysis_documents import (
    AnalysisInfo,
    AnalysisLine,
    AnalysisOptions,
    AnalysisReproduction,
    AnalysisShown,
)

if TYPE_CHECKING:
    from andon.service.service import Service

Moment = str | datetime


class LakeAnalyses:
    """Scripts and notebooks in `analyses/`."""

    def __init__(self, service: Service, ref: str | None) -> None:
        self._service = service
        self._ref = ref

    def list(self) -> Sequence[AnalysisInfo]:
        """All analyses, with the newest run of each."""
        return self._service.analyses.list(self._ref)

    def log(self, name: str | None = None) -> Sequence[AnalysisLine]:
        """Runs of an analysis, the newest first; without a name the newest of each.

        Raises:
            UsageError: `lake.analysis_not_found`.
        """
        return self._service.analyses.log(name)

    def show(self, run: str) -> AnalysisShown:
        """A run, `NAME@N` or the newest of `NAME`: what it was made of, and what it made.

        Raises:
            UsageError: `lake.analysis_not_found`.
        """
        return self._service.analyses.show(run)

    def copy(self, run: str, folder: str | Path) -> Sequence[Path]:
        """Copy the files that a run made into a folder."""
        return self._service.analyses.copy(self._service.analyses.show(run), Path(folder))

    def run(
        self,
        name: str,
        at: str | None = None,
        *,
        parameters: Mapping[str, Scalar] | None = None,
        now: Moment | None = None,
        timeout: float | None = None,
    ) -> AnalysisShown:
        """Run an analysis against one commit, and keep what it made; where it fails, `error` says why.

        Args:
            at: the commit; without it what this lake reads.
            now: the clock that it sees.
            timeout: seconds that it may take.

        Raises:
            UsageError: `lake.analysis_not_found`, `lake.ref_not_found`, `usage.bad_argument`.
            ProjectError: it can't be read, or its packages are not locked.
            DatasetError: `build.environment`.
        """
        moment = from_text(now) if isinstance(now, str) else now
        return self._service.analyses.run(name, at or self._ref, AnalysisOptions(parameters or {}, moment, timeout))

    def reproduce(self, run: str, at: str | None = None) -> AnalysisReproduction:
        """Run an analysis again as a run was kept, and say of each thing that it made whether the same comes out.

        Args:
            run: `NAME@N`, or the newest run of `NAME`.
            at: another commit to read: then what moved is told, and through which dataset.

        Raises:
            UsageError: `lake.analysis_not_found`, `lake.ref_not_found`.
            AndonError: where it can't be run any more.
        """
        return self._service.analysis_reproducing.reproduce(run, at)

    def __iter__(self) -> Iterator[AnalysisInfo]:
        return iter(self.list())


class RemoteAnalyses:
    """The analyses of a lake that a server has; verbs and arguments as in `LakeAnalyses`.

    Args:
        told: posts what reports its progress.
    """

    def __init__(self, link: ServerLink, ref: str | None, told: Callable[..., Any]) -> None:
        self._link = link
        self._ref = ref
        self._told = told

    def list(self) -> Sequence[AnalysisInfo]:
        """All analyses, with the newest run of each."""
        return from_json(list[AnalysisInfo], self._link.get("/analyses", at=self._ref))

    def log(self, name: str | None = None) -> Sequence[AnalysisLine]:
        """Runs of an analysis, the newest first; without a name the newest of each."""
        return from_json(list[AnalysisLine], self._link.get("/analyses/runs", name=name))

    def show(self, run: str) -> AnalysisShown:
        """A run, `NAME@N` or the newest of `NAME`: what it was made of, and what it made."""
        return from_json(AnalysisShown, self._link.get(f"/analyses/runs/{run}"))

    def run(
        self,
        name: str,
        at: str | None = None,
        *,
        parameters: Mapping[str, Scalar] | None = None,
        now: Moment | None = None,
        timeout: float | None = None,
    ) -> AnalysisShown:
        """Run an analysis of the server's folder against one commit, and keep what it made."""
        body: dict[str, Any] = {
            "name": name,
            "at": at or self._ref,
            "parameters": dict(parameters or {}),
            "now": now.isoformat() if isinstance(now, datetime) else now,
            "timeout": timeout,
        }
        found: AnalysisShown = self._told("/analyses/runs", body, None, AnalysisShown)
        return found

    def reproduce(self, run: str, at: str | None = None) -> AnalysisReproduction:
        """Run an analysis again as a run was kept, and say of each thing that it made whether the same comes out."""
        body = {"run": run, "at": at}
        found: AnalysisReproduction = self._told("/analyses/reproductions", body, None, AnalysisReproduction)
        return found

    def __iter__(self) -> Iterator[AnalysisInfo]:
        return iter(self.list())
