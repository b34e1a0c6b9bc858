"""Which other engine builds a dataset, and why, for the reason of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from andon.model.dataset import Definition
    from andon.workspace.workspace import Workspace


def told_builder(
    workspace: Workspace, definitions: Mapping[str, Definition]
) -> Callable[[str, Mapping[str, str | None]], str | None]:
    """Gives, for a dataset and the versions that it will read as far as they are known, who builds it; None: an embedded engine."""
    has_limit = bool(workspace.settings.get("engines.spark.above"))

    def told(dataset: str, versions: Mapping[str, str | None]) -> str | None:
        known = [version for version in versions.values() if version is not None] if has_limit else []
        found = workspace.lake.objects.versions(known).values() if known else ()
        kind = workspace.other_engine(definitions[dataset], sum(version.bytes for version in found))
        return f"by {kind.capabilities.name}, {kind.why}" if kind is not None else None

    return told
