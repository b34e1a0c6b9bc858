"""Which other engine builds a dataset, and why, for the reason of a step; and which of them can't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from andon.engines.engine import missing

if TYPE_CHECKING:
    from andon.errors import Problem
    from andon.model.dataset import Definition
    from andon.workspace.workspace import Workspace

#: Of what makes an engine unusable: what stands in no project, but on a machine.
_OF_MACHINES = "machine.missing"


class ToldBuilders:
    """Tells it of each dataset that is to be built, and keeps what it met.

    Attributes:
        problems: engines that the project names and says nothing of.
        failures: by dataset, what this machine lacks to build it.
    """

    def __init__(self, workspace: Workspace, definitions: Mapping[str, Definition]) -> None:
        self._workspace = workspace
        self._definitions = definitions
        self._has_limit = bool(workspace.settings.get("engines.spark.above"))
        self.problems: list[Problem] = []
        self.failures: dict[str, str] = {}

    def __call__(self, dataset: str, versions: Mapping[str, str | None]) -> str | None:
        """Who builds a dataset and why, by the versions that it will read as far as they are known; None: an embedded engine."""
        known = [version for version in versions.values() if version is not None] if self._has_limit else []
        found = self._workspace.lake.objects.versions(known).values() if known else ()
        definition = self._definitions[dataset]
        kind = self._workspace.other_engine(definition, sum(version.bytes for version in found))
        if kind is None:
            return None
        if kind.capabilities.unusable is not None and (problem := missing(kind.capabilities, definition)) is not None:
            if problem.code == _OF_MACHINES:
                self.failures[dataset] = problem.message
            else:
                self.problems.append(problem)
        return f"{kind.capabilities.name}, {kind.why}"
