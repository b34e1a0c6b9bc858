"""Branches and tags, from Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from andon.model.run import RunResult
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service


class Branches:
    """Branches and tags of a lake."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list(self) -> Sequence[Any]:
        """All branches, main first."""
        return self._service.branches.list()

    def create(self, name: str, at: str = "main") -> str:
        """Make a branch; returns the id of its commit. Nothing is copied."""
        return self._service.branches.create(name, at).commit

    def drop(self, name: str) -> None:
        """Remove a branch."""
        self._service.branches.drop(name)

    def switch(self, name: str, create: bool = False) -> Sequence[str]:
        """Work on another branch; returns the paths that changed in the folder."""
        return self._service.branches.switch(name, create)[1]

    def publish(self, name: str, into: str = "main") -> RunResult:
        """Publish a branch."""
        return self._service.branches.publish(name, into, RunOptions(agreed=ANY_PLAN))

    def tag(self, name: str, at: str | None = None) -> str:
        """Name a commit for good; returns its id."""
        return self._service.branches.tag(name, at).commit

    def __iter__(self) -> Iterator[Any]:
        return iter(self.list())

    def __repr__(self) -> str:
        heads = ", ".join(f"{b.name} ({b.commit[:8]}{', current' if b.current else ''})" for b in self)
        return f"<andon branches {heads}>"
