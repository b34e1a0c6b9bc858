"""Branches and sources of a lake that a server has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from andon.base.document import from_json
from andon.model.run import RunDocument
from andon.python.server_link import ServerLink
from andon.runs.goal import ANY_PLAN
from andon.service.branches import BranchInfo
from andon.service.documents import BranchSwitched
from andon.service.source_add import AddedSource
from andon.service.source_add_api import AddedApi
from andon.service.source_check import SourceReportDocument
from andon.service.source_list import SourceInfo
from andon.service.sources import Accepted, Pinned


class RemoteBranches:
    """Branches and tags of a lake that a server has."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self) -> list[BranchInfo]:
        """All branches, main first."""
        return from_json(list[BranchInfo], self._link.get("/branches"))

    def create(self, name: str, at: str = "main") -> str:
        """Make a branch; returns the id of its commit."""
        return str(self._link.post("/branches", {"name": name, "at": at})["commit"])

    def drop(self, name: str) -> None:
        """Remove a branch."""
        self._link.delete(f"/branches/{name}", agreed=True)

    def switch(self, name: str, create: bool = False) -> Sequence[str]:
        """Let the server's folder work on another branch; returns the paths that changed in it."""
        return from_json(BranchSwitched, self._link.post(f"/branches/{name}/switch", {"create": create})).files

    def publish(self, name: str, into: str = "main") -> RunDocument:
        """Publish a branch."""
        found = self._link.post("/publishes", {"branch": name, "into": into, "agreed": ANY_PLAN})
        return from_json(RunDocument, found)

    def tag(self, name: str, at: str | None = None) -> str:
        """Name a commit for good; returns its id."""
        return str(self._link.post("/tags", {"name": name, "at": at})["commit"])

    def __iter__(self) -> Iterator[BranchInfo]:
        return iter(self.list())


class RemoteSources:
    """The sources of a lake that a server has."""

    def __init__(self, link: ServerLink) -> None:
        self._link = link

    def list(self, branch: str | None = None) -> list[SourceInfo]:
        """All sources: what each reads, when it was loaded last, and what stands in its way."""
        return from_json(list[SourceInfo], self._link.get("/sources", branch=branch))

    def check(self, *names: str, branch: str | None = None) -> Sequence[SourceReportDocument]:
        """What a load of sources would meet; nothing is loaded."""
        found = self._link.post("/sources/checks", {"sources": names, "branch": branch})
        return from_json(list[SourceReportDocument], found)

    def load(
        self,
        *names: str,
        full: bool = False,
        branch: str | None = None,
        publish: str | None = None,
        message: str | None = None,
    ) -> RunDocument:
        """Load sources and what reads them, and publish what is healthy."""
        body = {"sources": names, "full": full, "branch": branch, "publish": publish, "message": message}
        return from_json(RunDocument, self._link.post("/sources/loads", body))

    def add(self, place: str, name: str | None = None) -> AddedSource | AddedApi:
        """Write the source that reads a table or an API."""
        found = self._link.post("/sources", {"place": place, "name": name})
        return from_json(AddedApi, found) if "://" in place else from_json(AddedSource, found)

    def accept(self, name: str, branch: str | None = None) -> Accepted:
        """Let the next load of a source record anew how it is read."""
        return from_json(Accepted, self._link.post(f"/sources/{name}/accept", {"branch": branch}))

    def pin(self, name: str, branch: str | None = None) -> Pinned:
        """Write how a source is read into its file."""
        return from_json(Pinned, self._link.post(f"/sources/{name}/pin", {"branch": branch}))

    def __iter__(self) -> Iterator[SourceInfo]:
        return iter(self.list())
