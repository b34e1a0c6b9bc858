"""Saved queries that a change reaches: those that read one of the columns, or rows, that it spreads to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from andon.model.lineage import Graph, Spot, column_id
from andon.model.project import Project
from andon.model.saved_query import SavedQuery
from andon.runs.planning.saved_queries import as_select

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace


def queries_reached(workspace: Workspace, project: Project, graph: Graph, spots: Iterable[Spot]) -> tuple[str, ...]:
    """The names of the saved queries of `project` that read what a walk through `graph` came to."""
    reached = {spot.node for spot in spots}
    datasets = {graph.holder(node) for node in reached}
    near = [query for query in project.queries if not datasets.isdisjoint(query.datasets)]
    return tuple(query.name for query in near if not reached.isdisjoint(_read(workspace, graph, query)))


def _read(workspace: Workspace, graph: Graph, query: SavedQuery) -> set[str]:
    """What a query reads: columns, and its datasets for their rows; all columns where it can't be traced."""
    from andon.lineage.graph import TraceQuestion, trace

    schemas = {
        name: [(graph.nodes[node].name, graph.nodes[node].type or "") for node in graph.columns_of.get(name, ())]
        for name in query.datasets
    }
    found = trace({"": TraceQuestion(query.sql, as_select(query)[0], schemas)}, workspace.cache)[""]
    if found.fallback is not None:
        return {*query.datasets, *(node for name in query.datasets for node in graph.columns_of.get(name, ()))}
    sources = set().union(found.influence, found.order, *found.columns.values())
    return {*query.datasets, *(column_id(*source) for source in sources)}
