"""Which datasets a run is about: those that are selected, or that given files make, and what reads these."""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.graph import reach
from andon.model.commit import State
from andon.model.project import Project
from andon.runs.goal import RunOptions


def selected_of(
    project: Project, state: State, options: RunOptions, given: frozenset[str] | None
) -> frozenset[str] | None:
    """The datasets that are selected, None for all; with `given` files those that they make, and what reads these."""
    if given is not None:
        return _made_of(project, state, given)
    if not options.select and not options.exclude:
        return None
    from andon.project.select import select, selectable

    datasets, leaves = project.datasets, state.leaves
    files = {name: dataset.own_files for name, dataset in datasets.items()}
    needs: dict[str, Sequence[str]] = {d: x.definition.inputs for d, x in datasets.items()}
    needs.update({d: () for d in leaves if d not in needs})  # deleted ones can be selected too
    changed = (
        d
        for d in needs
        if d not in leaves
        or d not in datasets
        or leaves[d].files != files.get(d)
        or leaves[d].definition != datasets[d].definition.id
    )
    own = {d: (*files.get(d, ()), *(leaves[d].files if d in leaves else ())) for d in needs}
    return frozenset(select(options.select, selectable(datasets, needs, changed, own), options.exclude))


def _made_of(project: Project, state: State, files: frozenset[str]) -> frozenset[str]:
    """The datasets that `files` make or made, and all that reads them."""
    uses = {d: {path for path, _ in leaf.files} for d, leaf in state.leaves.items()}
    for d, dataset in project.datasets.items():
        uses.setdefault(d, set()).update(path for path, _ in (*dataset.own_files, *dataset.definition.files))
    readers: dict[str, list[str]] = {}
    for d, dataset in project.datasets.items():
        for name in dataset.definition.inputs:
            readers.setdefault(name, []).append(d)
    made = {d for d, own in uses.items() if not own.isdisjoint(files)}
    return frozenset(made | reach(readers, made))
