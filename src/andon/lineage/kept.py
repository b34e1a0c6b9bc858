"""Graphs of commits, kept: a commit that is known needs no engine, and one that is new only for what is new in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.lru import Lru
from andon.base.record import Record
from andon.model.commit import Commit
from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: Graphs of so many commits are kept; each is large.
_KEPT = 8


class _Packed(Record):
    """A graph as it is kept: edges name their ends by number."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[int, int, EdgeKind, Level], ...]

    def __post_init__(self) -> None:
        if any(not 0 <= end < len(self.nodes) for source, target, _, _ in self.edges for end in (source, target)):
            raise ValueError("an edge ends nowhere")


_GRAPHS = Entries[_Packed]("graph", _Packed, 3)


class LineageGraphs:
    """The graphs of one lake's commits; those that were asked for last stay in memory, shared by all callers."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._graphs: Lru[str, Graph] = Lru(_KEPT)

    def graph(self, commit: Commit) -> Graph:
        """All of a commit, from raw files to insights. Known by the commit's content: the engine is started for what is new."""
        found = self._graphs.get(commit.root)
        if found is None:
            known = self._workspace.cache.get(_GRAPHS, [commit.root]).get(commit.root)
            found = self._made(commit) if known is None else _unpack(known)
            self._graphs.put(commit.root, found)
        return found

    def _made(self, commit: Commit) -> Graph:
        # here, since a commit that is known needs none of what traces
        from andon.lineage.graph import Loaded, Parts, build_graph

        state = self._lake.commits.state(commit)
        objects = self._lake.objects
        definitions = objects.definitions(leaf.definition for leaf in state.leaves.values())
        versions = objects.versions(leaf.version for leaf in state.leaves.values())
        builds = objects.builds(leaf.build for leaf in state.leaves.values() if leaf.kind == "source")
        project = project_at(self._workspace, state)
        parts = Parts(
            {d: definitions[leaf.definition] for d, leaf in state.leaves.items()},
            {d: versions[leaf.version].types for d, leaf in state.leaves.items()},
            {
                d: Loaded(builds[leaf.build].contract, tuple(f.path for f in builds[leaf.build].files))
                for d, leaf in state.leaves.items()
                if leaf.build in builds
            },
            project.datasets,
            project.insights,
        )
        graph = build_graph(parts, self._workspace.cache)
        self._workspace.cache.put_newest(_GRAPHS, commit.root, _pack(graph), _KEPT)
        return graph


def _pack(graph: Graph) -> _Packed:
    number = {node: index for index, node in enumerate(graph.nodes)}
    edges = tuple((number[e.source], number[e.target], e.kind, e.level) for e in graph.edges)
    return _Packed(tuple(graph.nodes.values()), edges)


def _unpack(packed: _Packed) -> Graph:
    ids = [node.id for node in packed.nodes]
    edges = tuple(Edge(ids[source], ids[target], kind, level) for source, target, kind, level in packed.edges)
    return Graph(dict(zip(ids, packed.nodes, strict=True)), edges)
