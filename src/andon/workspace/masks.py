"""Which columns are personal: the one place that every verb asks before it shows a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.lake.refs import MAIN
from andon.model.quarantine import aside_of
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.model.dataset import Dataset
    from andon.workspace.workspace import Workspace


def masked_columns(workspace: Workspace, *commits: Commit) -> dict[str, frozenset[str]]:
    """Columns marked `pii`, in lower case, by dataset: by the code of `commits`, by that of the caller's branch as it is now, or by
    main's: a mark that was set later hides what was published before it, also under names that dataset or column had then."""
    lake = workspace.lake
    heads = [lake.refs.resolve(ref) for ref in dict.fromkeys((workspace.reading(), MAIN))]
    asked = {c.root: c for c in (*commits, *heads)}
    known = workspace.marks.get(frozenset(asked))
    if known is not None:
        return dict(known)
    marked: dict[str, set[str]] = {}
    for commit in asked.values():
        state = lake.commits.state(commit)
        datasets = project_at(workspace, state).datasets
        names = [(name, name) for name in datasets]
        names += [(was, name) for was, name in lake.former_names.of(commit, state).items() if name in datasets]
        for name, now in names:
            personal = _ever_called(datasets[now])
            marked.setdefault(name, set()).update(personal)
            # also of rows that were set aside before a column was marked, or before nothing was set aside any more
            marked.setdefault(aside_of(name), set()).update(personal)
    found = {name: frozenset(columns) for name, columns in marked.items() if columns}
    workspace.marks.put(frozenset(asked), found)
    return dict(found)


def _ever_called(dataset: Dataset) -> set[str]:
    """The personal columns of a dataset, and the names that they had before, in lower case."""
    personal = dataset.personal
    return {*personal, *(was.lower() for name, was in dataset.definition.was if name.lower() in personal)}
