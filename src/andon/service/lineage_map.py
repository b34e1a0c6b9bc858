"""The lineage as it is drawn: one node for each dataset, source and insight, one edge for all that goes from one into another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from andon.base.document import Document, Documented
from andon.base.lru import Lru
from andon.base.record import Record, field
from andon.errors import UsageError
from andon.model.lamp import Lamp
from andon.model.lineage import EdgeKind, Graph, NodeKind, Walk, column_id, downstream, upstream
from andon.workspace.view import View, no_dataset

if TYPE_CHECKING:
    from andon.model.commit import Commit
    from andon.service.lineage import Lineages
    from andon.service.troubles import Troubles
    from andon.workspace.workspace import Workspace

#: Where nodes that belong to no schema are put.
FILES, ASKED, INSIGHTS = "raw files", "other systems", "insights"
_GROUPS = {
    NodeKind.FILE: FILES,
    NodeKind.DATABASE: ASKED,
    NodeKind.API: ASKED,
    NodeKind.INSIGHT: INSIGHTS,
}
_KEPT = 8


class MapNode(Document):
    """A node of a map.

    Attributes:
        id: `schema.dataset`, a path or pattern, `connection:name`, `insight:name`.
        name: as it is written on the node.
        group: its schema, or where else it belongs.
        kind: `dataset`, `file`, `database`, `api`, `insight`.
        type: how a dataset is made, `source`, `sql`, `python`; what an insight is.
        status: how a dataset stands.
        columns: those that values of the chosen column come from or go into.
    """

    id: str
    name: str
    group: str
    kind: NodeKind
    type: str | None
    status: Lamp | None
    columns: list[str]


class MapEdge(Document):
    """What goes from one node into another; `path`: how the values of the chosen column go along it, if they do."""

    source: str = field(name="from")
    target: str = field(name="to")
    path: EdgeKind | None = None


class MapDocument(Document):
    """A map, drawn from left to right. `start` is the dataset in its middle, `column` the one that was chosen."""

    commit: str
    start: str | None
    column: str | None
    nodes: list[MapNode]
    edges: list[MapEdge]


class LineageMap(Documented):
    """A map of a commit, or of what lies around one of its datasets."""

    commit: Commit
    start: str | None
    column: str | None
    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...]

    def document(self) -> MapDocument:
        """As `/api/v1/map` gives it."""
        return MapDocument.about(self, commit=self.commit.id)

    def sources_of(self, node: str) -> list[str]:
        """What goes directly into a node."""
        return [edge.source for edge in self.edges if edge.target == node]

    def targets_of(self, node: str) -> list[str]:
        """What a node goes directly into."""
        return [edge.target for edge in self.edges if edge.source == node]


class _Folded(Record):
    """A graph without columns: what goes into each node, and out of it."""

    into: Mapping[str, tuple[str, ...]]
    out_of: Mapping[str, tuple[str, ...]]


class FoldedGraphs:
    """Graphs without columns, of the commits that were looked at last. Safe under threads."""

    def __init__(self) -> None:
        self._kept: Lru[str, _Folded] = Lru(_KEPT)

    def of(self, commit: Commit, graph: Graph) -> _Folded:
        """That of a commit, whose whole graph is `graph`."""
        found = self._kept.get(commit.root)
        if found is None:
            found = _fold(graph)
            self._kept.put(commit.root, found)
        return found


class LineageMaps:
    """Draws maps of one workspace's lake."""

    def __init__(self, workspace: Workspace, lineages: Lineages, folded: FoldedGraphs, troubles: Troubles) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._lineages = lineages
        self._folded_graphs = folded

    def whole(self, at: str | None = None) -> LineageMap:
        """All of a commit.

        Raises:
            UsageError: `lake.ref_not_found`.
        """
        view = View.at(self._workspace, at)
        graph, folded = self._folded(view)
        return self._drawn(view, graph, folded, folded.into)

    def around(
        self, dataset: str, at: str | None = None, *, column: str | None = None, depth: int | None = 2
    ) -> LineageMap:
        """What a dataset comes from and goes into.

        Args:
            column: the one whose way is shown.
            depth: steps at most, each way; None means all.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`, `lake.column_not_found`.
        """
        view = View.at(self._workspace, at)
        graph, folded = self._folded(view)
        if dataset not in view.state.leaves:
            raise no_dataset(dataset, view.ref, view.state.leaves)
        start = column_id(dataset, column) if column is not None else None
        if start is not None and start not in graph.nodes:
            hint = "choose one of its columns"
            message = f"`{dataset}` has no column `{column}` at {view.ref}"
            raise UsageError("lake.column_not_found", message, where=start, hint=hint)
        near = _near(folded.into, dataset, depth) | _near(folded.out_of, dataset, depth)
        walks = () if start is None else (upstream(graph, [start], depth), downstream(graph, [start], depth))
        return self._drawn(view, graph, folded, near, dataset, column, walks)

    def _folded(self, view: View) -> tuple[Graph, _Folded]:
        graph = self._lineages.graph(view.commit.id)
        return graph, self._folded_graphs.of(view.commit, graph)

    def _drawn(
        self,
        view: View,
        graph: Graph,
        folded: _Folded,
        shown: Iterable[str],
        start: str | None = None,
        column: str | None = None,
        walks: Iterable[Walk] = (),
    ) -> LineageMap:
        lamps, kept = self._troubles.lamps(view), frozenset(shown)
        columns, paths = _gone(graph, walks)
        nodes = tuple(
            MapNode(
                id,
                _name(graph, id),
                _group(graph, id),
                graph.nodes[id].kind,
                graph.nodes[id].type,
                lamps.get(id, Lamp.OK) if graph.nodes[id].kind is NodeKind.DATASET else None,
                columns.get(id, []),
            )
            for id in folded.into
            if id in kept
        )
        edges = tuple(
            MapEdge(source, target, paths.get((source, target)))
            for target, sources in folded.into.items()
            if target in kept
            for source in sources
            if source in kept
        )
        return LineageMap(view.commit, start, column, nodes, edges)


def _fold(graph: Graph) -> _Folded:
    holders = [id for id, node in graph.nodes.items() if node.of is None]
    into: dict[str, dict[str, None]] = {id: {} for id in holders}
    out_of: dict[str, dict[str, None]] = {id: {} for id in holders}
    for edge in graph.edges:
        source, target = graph.holder(edge.source), graph.holder(edge.target)
        if source != target:
            into[target][source] = None
            out_of[source][target] = None
    return _Folded({k: tuple(v) for k, v in into.items()}, {k: tuple(v) for k, v in out_of.items()})


def _near(following: Mapping[str, tuple[str, ...]], start: str, depth: int | None) -> set[str]:
    found, frontier, steps = {start}, {start}, 0
    while frontier and (depth is None or steps < depth):
        steps += 1
        frontier = {after for node in frontier for after in following[node]} - found
        found |= frontier
    return found


def _gone(graph: Graph, walks: Iterable[Walk]) -> tuple[dict[str, list[str]], dict[tuple[str, str], EdgeKind]]:
    """The columns that walks met by derivation, by what holds them, and the edges that they went along."""
    columns: dict[str, list[str]] = {}
    paths: dict[tuple[str, str], EdgeKind] = {}
    for walk in walks:
        for spot in walk.derived:
            node = graph.nodes[spot.node]
            if node.of is not None and node.name not in columns.setdefault(node.of, []):
                columns[node.of].append(node.name)
        derived = {spot.node for spot in walk.derived}
        for edge in walk.edges:
            ends = graph.holder(edge.source), graph.holder(edge.target)
            is_derived = edge.kind is EdgeKind.DERIVE and edge.source in derived and edge.target in derived
            if ends[0] != ends[1] and (is_derived or ends not in paths):
                paths[ends] = EdgeKind.DERIVE if is_derived else EdgeKind.INFLUENCE
    return {holder: sorted(names) for holder, names in columns.items()}, paths


def _name(graph: Graph, id: str) -> str:
    node = graph.nodes[id]
    return id.partition(".")[2] if node.kind is NodeKind.DATASET else node.name


def _group(graph: Graph, id: str) -> str:
    kind = graph.nodes[id].kind
    return id.partition(".")[0] if kind is NodeKind.DATASET else _GROUPS[kind]
