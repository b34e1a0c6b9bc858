"""One commit, opened for reading: its state, its code, and the leaf of a dataset or the error that there is none."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from andon.base.clock import from_text
from andon.base.names import did_you_mean
from andon.errors import UsageError
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from andon.model.commit import Commit, Leaf, State
    from andon.model.project import Project
    from andon.workspace.workspace import Workspace

#: Runs that are looked at for a dataset that is not published.
_RUNS = 20


@dataclass(frozen=True)
class View:
    """A commit as readers see it.

    Attributes:
        ref: how the commit was named.
    """

    workspace: Workspace
    ref: str
    commit: Commit

    @classmethod
    def at(cls, workspace: Workspace, ref: str | None = None) -> View:
        """The commit that `ref` names; None means what the caller reads.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        name = workspace.reading(ref)
        return cls(workspace, name, workspace.lake.refs.resolve(name))

    @cached_property
    def state(self) -> State:
        """The leaves and shared files."""
        return self.workspace.lake.commits.state(self.commit)

    @cached_property
    def project(self) -> Project:
        """What the commit's own code says."""
        return project_at(self.workspace, self.state)

    def leaf(self, dataset: str) -> Leaf:
        """The leaf of a dataset.

        Raises:
            UsageError: `lake.dataset_not_found`.
        """
        leaf = self.state.leaves.get(dataset)
        if leaf is None:
            raise no_dataset(dataset, self.ref, self.state.leaves, unpublished_run(self.workspace, dataset))
        return leaf


def no_dataset(name: str, place: str, known: Iterable[str], unpublished: int | None = None) -> UsageError:
    """`lake.dataset_not_found` for `name` at `place` (a ref, as it was asked for), with the nearest of the `known` names.

    Args:
        unpublished: the run that made it and was not published.
    """
    hint = did_you_mean(name, known) or "`andon ls` lists all datasets"
    return UsageError(
        "lake.dataset_not_found",
        f"no dataset is named `{name}` at {place}",
        where=name,
        hint=hint if unpublished is None else unpublished_hint(unpublished),
    )


def unpublished_run(workspace: Workspace, dataset: str) -> int | None:
    """The newest of the last runs that was not published and whose result has the dataset."""
    lake = workspace.lake
    for run in workspace.runs.newest(_RUNS):
        if run.commit is None or run.published or lake.refs.find(f"run:{run.number}") is None:
            continue
        if dataset in lake.commits.state(lake.commits.get(run.commit)).leaves:
            return run.number
    return None


def unpublished_hint(run: int) -> str:
    """Where a dataset is that readers don't see yet."""
    return f"run:{run} made it and was not published: `--at run:{run}` reads what it made"


def commit_ref(workspace: Workspace, ref: str | None) -> str | None:
    """A ref of a past commit as it stands behind `DATASET@`; a date alone is the end of that day on the branch that is read."""
    if ref is None or workspace.lake.refs.find(ref) is not None:
        return ref
    with contextlib.suppress(ValueError):
        from_text(ref)
        return f"{workspace.reading()}@{ref}"
    return ref
