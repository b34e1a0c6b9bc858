"""The columns that datasets will have: as a plan bound them, or as they are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.model.version import Columns

if TYPE_CHECKING:
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace


def known_columns(
    workspace: Workspace, gathered: Gathered, bound: Mapping[str, Columns], datasets: Iterable[str]
) -> dict[str, Columns]:
    """The columns that datasets will have as stored: as a plan bound them, or as they are published."""
    wanted = set(datasets)
    leaves = {d: gathered.state.leaves[d] for d in wanted if d in gathered.state.leaves and d in gathered.definitions}
    versions = workspace.lake.objects.versions(leaf.version for leaf in leaves.values())
    known: dict[str, Columns] = {
        d: versions[leaf.version].types for d, leaf in leaves.items() if leaf.version in versions
    }
    return {**known, **{d: c for d, c in columns_by_dataset(bound).items() if d in wanted}}


def columns_by_dataset(bound: Mapping[str, Columns]) -> dict[str, list[tuple[str, str]]]:
    """Bound columns with the types that the lake will store."""
    from andon.engines.types import lake_type  # here, since a run that has nothing to bind pays for none of it

    return {d: [(n, lake_type(t)) for n, t in columns] for d, columns in bound.items()}
