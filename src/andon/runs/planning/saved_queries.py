"""Saved queries over what a plan publishes: those that are new must bind, and of others it is told where they will not any more."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.record import Record
from andon.base.typed import ENGINE_TYPES
from andon.errors import Problem, ProjectError
from andon.model.saved_query import SavedQuery
from andon.model.version import Columns
from andon.runs.inspection.returns import guessed_returns
from andon.runs.planning.bound_columns import known_columns

if TYPE_CHECKING:
    from andon.runs.planning.gather import BoundCode, Gathered
    from andon.sql.bind import Binder
    from andon.workspace.workspace import Workspace


class BoundQueries(Record):
    """What saved queries return, as far as it was looked at.

    Attributes:
        notices: why, in lines for people.
    """

    columns: Mapping[str, Columns]
    notices: tuple[str, ...] = ()


def bind_queries(workspace: Workspace, bound: BoundCode) -> BoundQueries:
    """Bind the saved queries that a plan brings, and those that read what it changes.

    Raises:
        ProjectError: a query that it brings does not bind.
    """
    gathered = bound.gathered
    new = {query.name for query in _new(gathered)}
    gone = {name for name in gathered.state.leaves if name not in gathered.definitions}
    moved = bound.columns.keys() | gone
    wanted = [q for q in gathered.project.queries if q.name in new or not moved.isdisjoint(q.datasets)]
    guessed = guessed_returns(gathered, {dataset for query in wanted for dataset in query.datasets})
    found = _look(workspace, bound, wanted)
    for query in wanted:
        if isinstance(found[query.name], Problem) and not guessed.isdisjoint(query.datasets):
            del found[query.name]  # it may be right: only the run tells
    columns = {name: seen for name, seen in found.items() if not isinstance(seen, Problem)}
    wrong = {name: seen for name, seen in found.items() if isinstance(seen, Problem)}
    if not new.isdisjoint(wrong):
        raise ProjectError.of([problem for name, problem in wrong.items() if name in new])
    return BoundQueries(columns, tuple(f"{p.where} will fail: {p.message}" for p in wrong.values()))


def problems_of_queries(
    workspace: Workspace, bound: BoundCode, lost: Iterable[str], spoilt: Container[str | None]
) -> list[Problem]:
    """What is wrong with the saved queries that a plan brings.

    Args:
        lost: datasets whose columns nobody knows.
        spoilt: files that can't be read.
    """
    unknown = set(lost) | guessed_returns(bound.gathered, bound.gathered.definitions)
    wanted = [q for q in _new(bound.gathered) if q.file not in spoilt and unknown.isdisjoint(q.datasets)]
    return [seen for seen in _look(workspace, bound, wanted).values() if isinstance(seen, Problem)]


def _new(gathered: Gathered) -> list[SavedQuery]:
    before = gathered.state.shared
    return [q for q in gathered.project.queries if before.get(q.file) != gathered.shared.get(q.file)]


def _look(workspace: Workspace, bound: BoundCode, wanted: Sequence[SavedQuery]) -> dict[str, Columns | Problem]:
    """The columns of queries by name, or why they have none."""
    if not wanted:
        return {}
    from contextlib import closing

    from andon.sql.bind import Binder

    names = {dataset for query in wanted for dataset in query.datasets}
    with closing(Binder()) as binder:
        for name, known in known_columns(workspace, bound.gathered, bound.columns, names).items():
            binder.declare(name, known)
        return {query.name: _bound(binder, query) for query in wanted}


def as_select(query: SavedQuery) -> tuple[str, Callable[[int], int]]:
    """The SELECT of a query with values of their types for its parameters, and where a character of it stands in the query's text."""
    from andon.sql.parameters import without_parameters

    types = {p.name: ENGINE_TYPES[p.type] if p.type is not None else None for p in query.parameters}
    return without_parameters(query.sql, types)


def _bound(binder: Binder, query: SavedQuery) -> Columns | Problem:
    from andon.project.files.problems import at_offset
    from andon.sql.bind import BindError

    text, back = as_select(query)
    try:
        return binder.bind(text)
    except BindError as error:
        offset = None if error.offset is None else back(error.offset)
        return at_offset(query.file, query.sql, offset, error.code, error.message, error.hint)
