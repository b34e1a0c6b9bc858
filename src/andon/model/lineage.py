"""Lineage as a graph: what the values of a column are made of, what decides over them, and how far a change reaches. Pure.

An edge says how fine it is known. Of level `column` it is exact: it joins columns, or names a dataset where its rows are meant (which
of them there are, and how often). Of level `table` nothing finer is known: any column of where it begins may matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from andon.base.document import UNSET, Document, Documented, UnsetType
from andon.base.graph import Closures
from andon.base.record import Record, field


class NodeKind(StrEnum):
    """What a node stands for. `file` is what one read of a source means: a path or a pattern, with the files that fit it; `database`
    is a connection that a source asks."""

    DATASET = "dataset"
    COLUMN = "column"
    FILE = "file"
    DATABASE = "database"
    API = "api"
    INSIGHT = "insight"


class EdgeKind(StrEnum):
    """`derive`: values go into values. `influence`: values or rows decide which rows there are and which values meet."""

    DERIVE = "derive"
    INFLUENCE = "influence"


class Level(StrEnum):
    """How fine an edge is known."""

    COLUMN = "column"
    TABLE = "table"


class NodeDocument(Document):
    """A node of the lineage."""

    id: str
    kind: NodeKind
    name: str
    of: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET
    reason: str | UnsetType | None = UNSET
    decision: str | UnsetType | None = UNSET
    files: list[str] | UnsetType = UNSET


class Node(Documented):
    """A dataset, a column, what a source reads, or an insight.

    Attributes:
        id: `schema.dataset`, `schema.dataset.column`, a path or pattern, `path#column`, `connection:name`, `insight:name`.
        name: as people see it beside what it belongs to: a column's name, an insight's title, else the id.
        of: for a column: the id of the dataset or file that it belongs to.
        type: a column's type; a dataset's kind (`source`, `sql`, `python`); an insight's kind (`question`, `decision`, `action`).
        owner: of a dataset or insight.
        reason: why the lineage of a dataset, or what an insight uses, is known at table level only ("table-level, because …").
        decision: what is decided by an insight.
        files: how many files fit a pattern.
    """

    id: str
    kind: NodeKind
    name: str
    of: str | None = None
    type: str | None = None
    owner: str | None = None
    reason: str | None = None
    decision: str | None = None
    files: tuple[str, ...] = ()

    def document(self) -> NodeDocument:
        """As in `lineage --json`; what a kind of node does not have is left out."""
        is_said = self.kind in (NodeKind.DATASET, NodeKind.INSIGHT)
        return NodeDocument.about(
            self,
            owner=self.owner if is_said else UNSET,
            reason=self.reason if is_said else UNSET,
            decision=self.decision if self.kind is NodeKind.INSIGHT else UNSET,
            files=self.files if self.kind is NodeKind.FILE else UNSET,
        )


class EdgeDocument(Document):
    """An edge of the lineage."""

    source: str = field(name="from")
    target: str = field(name="to")
    kind: EdgeKind
    level: Level


class GraphDocument(Document):
    """Nodes and edges."""

    nodes: list[NodeDocument]
    edges: list[EdgeDocument]


class Edge(NamedTuple):
    """`source` goes into `target`, or decides over it."""

    source: str
    target: str
    kind: EdgeKind
    level: Level


class Graph(Documented, dict=True):
    """Nodes by id, and edges; every edge joins nodes of the graph."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()

    @cached_property
    def out_of(self) -> Mapping[str, list[Edge]]:
        """The edges that begin at a node."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    @cached_property
    def into(self) -> Mapping[str, list[Edge]]:
        """The edges that end at a node."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    @cached_property
    def columns_of(self) -> Mapping[str, list[str]]:
        """The columns of a dataset or file, in their order."""
        found: dict[str, list[str]] = {}
        for node in self.nodes.values():
            if node.of is not None:
                found.setdefault(node.of, []).append(node.id)
        return found

    def holder(self, node: str) -> str:
        """The dataset or file that a column belongs to; any other node itself."""
        return self.nodes[node].of or node

    def document(self) -> GraphDocument:
        """As in `lineage --json`."""
        return GraphDocument([n.document() for n in self.nodes.values()], [EdgeDocument(*e) for e in self.edges])


class Spot(NamedTuple):
    """Where a walk is: a column, a dataset as a whole, or only its rows (how many there are of which, not their values)."""

    node: str
    rows: bool = False


class Walk(Record):
    """What is reached from somewhere.

    Attributes:
        hops: how far each spot is, in steps from dataset to dataset; the start has 0.
        derived: spots that are reached by derivation alone; the others are only decided over.
        edges: all edges that were gone along.
    """

    hops: Mapping[Spot, int]
    derived: frozenset[Spot]
    edges: frozenset[Edge]


def upstream(graph: Graph, start: Iterable[str], depth: int | None = None) -> Walk:
    """All that the nodes `start` are made of or decided by, at most `depth` steps away."""

    def edges(spot: Spot) -> Iterable[Edge]:
        found = list(graph.into.get(spot.node, ()))
        holder = graph.nodes[spot.node].of
        if holder is not None:
            found += graph.into.get(holder, ())
        elif not spot.rows:
            for column in graph.columns_of.get(spot.node, ()):
                found += graph.into.get(column, ())
        return found

    def following(edge: Edge) -> Spot:
        is_whole = graph.nodes[edge.source].kind in (NodeKind.DATASET, NodeKind.FILE, NodeKind.DATABASE, NodeKind.API)
        return Spot(edge.source, is_whole and edge.level is Level.COLUMN)

    return _walk(start, edges, following, depth)


def downstream(graph: Graph, start: Iterable[str], depth: int | None = None) -> Walk:
    """All that the nodes `start` go into or decide over, at most `depth` steps away."""

    return _walk(start, lambda spot: _out_of(graph, spot.node), lambda edge: Spot(edge.target), depth)


def _out_of(graph: Graph, node: str) -> list[Edge]:
    """The edges along which a change of a node spreads."""
    found = list(graph.out_of.get(node, ()))
    holder = graph.nodes[node].of
    if holder is not None:
        # values of one column do not change which rows the dataset has
        found += (e for e in graph.out_of.get(holder, ()) if e.level is Level.TABLE)
    else:
        for column in graph.columns_of.get(node, ()):
            found += graph.out_of.get(column, ())
    return found


def _walk(
    start: Iterable[str],
    edges: Callable[[Spot], Iterable[Edge]],
    following: Callable[[Edge], Spot],
    depth: int | None,
) -> Walk:
    begin = [Spot(node) for node in dict.fromkeys(start)]
    hops: dict[Spot, int] = dict.fromkeys(begin, 0)
    gone: set[Edge] = set()
    derived = set(begin)
    frontier, steps = begin, 0
    while frontier and (depth is None or steps < depth):
        steps += 1
        found: dict[Spot, None] = {}
        for spot in frontier:
            for edge in edges(spot):
                gone.add(edge)
                reached = following(edge)
                # met again by derivation, it is looked at once more: what lies behind is derived too
                better = edge.kind is EdgeKind.DERIVE and spot in derived and reached not in derived
                if better:
                    derived.add(reached)
                if reached not in hops or better:
                    hops.setdefault(reached, steps)
                    found[reached] = None
        frontier = list(found)
    return Walk(hops, frozenset(derived), frozenset(gone))


def part(graph: Graph, start: Iterable[str], *, up: bool, down: bool, depth: int | None = None) -> Graph:
    """The part of the graph that is upstream or downstream of the nodes `start`, with these, in the graph's order."""
    begin = tuple(start)
    spots: set[Spot] = {Spot(node) for node in begin}
    gone: set[Edge] = set()
    for wanted, walk in ((up, upstream), (down, downstream)):
        if wanted:
            found = walk(graph, begin, depth)
            spots |= found.hops.keys()
            gone |= found.edges
    kept = {spot.node for spot in spots}
    kept |= {column for node in begin for column in graph.columns_of.get(node, ())}
    kept |= {end for edge in gone for end in (edge.source, edge.target)}
    kept |= {graph.holder(node) for node in kept}
    return Graph(
        {node: known for node, known in graph.nodes.items() if node in kept},
        tuple(edge for edge in graph.edges if edge in gone),
    )


class Reader(Document):
    """A dataset that a change reaches.

    Attributes:
        hops: steps from the changed dataset; 1 reads it directly.
        columns: those of its columns that hold values made of what changed.
        influenced: whether what changed also decides which rows it has or which values meet, so that all columns may differ.
        reason: why it is known at table level only; then `columns` is empty and any may differ.
    """

    dataset: str
    hops: int
    columns: tuple[str, ...] = ()
    influenced: bool = False
    owner: str | None = None
    reason: str | None = None


class Radius(Document):
    """How far a change reaches: datasets that it may alter, insights that they serve, and whose both are. All sorted by name."""

    datasets: tuple[str, ...] = ()
    insights: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def blast_radius(graph: Graph, changed: Iterable[str]) -> Radius:
    """What a change of these datasets or columns reaches, they themselves left out.

    Args:
        changed: ids of datasets (all of it may change) or columns (only its values do); such as the graph lacks reach nothing.
    """
    begin = [node for node in changed if node in graph.nodes]
    own = {graph.holder(node) for node in begin}
    return _radius(graph, {graph.holder(spot.node) for spot in downstream(graph, begin).hops} - own)


class Radii:
    """`blast_radius` for many changes of one graph: what lies behind a node is walked once, however many changes reach it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._closures = Closures(sorted({graph.holder(node) for node in graph.nodes}), self._following, graph.holder)

    def of(self, changed: Iterable[str]) -> Radius:
        """As `blast_radius`."""
        begin = [node for node in changed if node in self._graph.nodes]
        found = 0
        for node in begin:
            found |= self._closures.reached(node)
        own = self._closures.set_of(self._graph.holder(node) for node in begin)
        return _radius(self._graph, self._closures.names_in(found & ~own))

    def _following(self, node: str) -> list[str]:
        return [edge.target for edge in _out_of(self._graph, node)]


def _radius(graph: Graph, reached: Iterable[str]) -> Radius:
    nodes = [graph.nodes[node] for node in reached]
    return Radius(
        tuple(sorted(n.id for n in nodes if n.kind is NodeKind.DATASET)),
        tuple(sorted(insight_name(n.id) for n in nodes if n.kind is NodeKind.INSIGHT)),
        tuple(sorted({n.owner for n in nodes if n.owner})),
    )


def readers(graph: Graph, start: Iterable[str]) -> tuple[Reader, ...]:
    """Every dataset that a change of the nodes `start` reaches, the nearest first."""
    begin = tuple(start)
    own = {graph.holder(node) for node in begin}
    walk = downstream(graph, begin)
    spots: dict[str, list[Spot]] = {}
    for spot in walk.hops:
        holder = graph.holder(spot.node)
        if holder not in own and graph.nodes[holder].kind is NodeKind.DATASET:
            spots.setdefault(holder, []).append(spot)
    found = []
    for dataset, reached in spots.items():
        node = graph.nodes[dataset]
        derived = {spot.node for spot in reached if spot in walk.derived}
        columns = tuple(graph.nodes[c].name for c in graph.columns_of.get(dataset, ()) if c in derived)
        found.append(
            Reader(
                dataset,
                min(walk.hops[spot] for spot in reached),
                columns,
                any(spot not in walk.derived for spot in reached),
                node.owner,
                node.reason if dataset in derived else None,
            )
        )
    return tuple(sorted(found, key=lambda reader: (reader.hops, reader.dataset)))


def connection_id(name: str) -> str:
    """The id of a connection's node."""
    return f"connection:{name}"


def api_id(name: str) -> str:
    """The id of the node of what a source asks over HTTP, or by its own Python."""
    return f"api:{name}"


def insight_id(name: str) -> str:
    """The id of an insight's node."""
    return f"insight:{name}"


def insight_name(node: str) -> str:
    """Inverse of `insight_id`."""
    return node.removeprefix("insight:")


def column_id(holder: str, column: str, kind: NodeKind = NodeKind.DATASET) -> str:
    """The id of a column of a dataset or file."""
    return f"{holder}#{column}" if kind is NodeKind.FILE else f"{holder}.{column}"
