"""Columns that files name beside the SQL: glossary, insights, caveats, descriptions. Those that datasets lack are problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.names import did_you_mean
from andon.errors import Problem
from andon.model.insight import use_parts
from andon.model.version import Columns
from andon.project.bind_check import check_declared
from andon.runs.planning.bound_columns import known_columns
from andon.runs.planning.gather import GLOSSARY, Gathered, is_glossary_new, is_new, said_anew

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def problems_of_names(
    workspace: Workspace, gathered: Gathered, taken: Iterable[str], bound: Mapping[str, Columns]
) -> list[Problem]:
    """Columns that files name and datasets lack.

    Args:
        taken: the datasets whose code counts.
        bound: the columns of those that return something else by now.
    """
    own = set(taken)
    problems = []
    for name in sorted(said_anew(gathered, own)):
        dataset = gathered.project.datasets[name]
        columns = bound.get(name) or known_columns(workspace, gathered, {}, [name]).get(name)
        problems += check_declared(dataset, columns) if columns is not None else []
    return [*problems, *_of_glossary(workspace, gathered, own, bound), *_of_insights(workspace, gathered, own, bound)]


def _known(
    workspace: Workspace, gathered: Gathered, taken: set[str], bound: Mapping[str, Columns], named: set[str]
) -> dict[str, Columns]:
    """The columns of those that are `named`; what was changed and is not bound returns nobody knows what."""
    leaves, definitions = gathered.state.leaves, gathered.definitions
    still = {
        d for d in named - bound.keys() if (d in leaves and leaves[d].definition == definitions[d].id) or d not in taken
    }
    return {**known_columns(workspace, gathered, {}, still), **{d: bound[d] for d in named & bound.keys()}}


def _of_glossary(
    workspace: Workspace, gathered: Gathered, taken: set[str], bound: Mapping[str, Columns]
) -> list[Problem]:
    """Where either of the two changed."""
    uses = [
        (*use_parts(use), spot)
        for term in gathered.project.glossary
        for use, spot in zip(term.columns, term.spots, strict=False)
    ]
    is_changed = is_glossary_new(gathered)
    named = {dataset for dataset, column, _ in uses if column is not None and (is_changed or dataset in bound)}
    if not named:
        return []
    known = _known(workspace, gathered, taken, bound, named)
    problems = []
    for dataset, column, (line, place) in uses:
        if column is not None and dataset in known:
            problems += _missing(dataset, column, known[dataset], GLOSSARY, line, place)
    return problems


def _of_insights(
    workspace: Workspace, gathered: Gathered, taken: set[str], bound: Mapping[str, Columns]
) -> list[Problem]:
    """Where the insight is another one; what a change of a dataset breaks of others is told with that change."""
    uses = [
        (insight.file, *use_parts(use))
        for insight in gathered.project.insights
        if is_new(gathered, insight.file)
        for use in insight.uses
    ]
    named = {dataset for _, dataset, column in uses if column is not None}
    if not named:
        return []
    known = _known(workspace, gathered, taken, bound, named)
    problems = []
    for file, dataset, column in uses:
        if column is not None and dataset in known:
            # of a struct a field may be named
            problems += _missing(dataset, column.partition(".")[0], known[dataset], file)
    return problems


def _missing(
    dataset: str, column: str, columns: Columns, file: str, line: int | None = None, place: int | None = None
) -> list[Problem]:
    names = {name.lower(): name for name, _ in columns}
    if column.lower() in names:
        return []
    hint = did_you_mean(column, names.values())
    return [Problem("project.unknown_column", f"`{dataset}` has no column `{column}`", file, line, place, hint)]
