"""Graphs of commits, kept: a commit that is known needs no engine, and one that is new only for what is new in it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from andon.base.hashing import content_id
from andon.model.commit import Commit
from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: Part of the cache's keys: raised when what is kept changes its meaning.
_FORMAT = "1"
_RECENT = "recent"
#: Graphs of the newest commits that were asked for; each is large.
_KEPT = 8


class LineageGraphs:
    """The graphs of one lake's commits.

    The newest that were asked for stay in memory, shared by all callers.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._graphs: dict[str, Graph] = {}
        self._lock = threading.Lock()
        self._keeping = threading.Lock()

    def graph(self, commit: Commit) -> Graph:
        """All of a commit, from raw files to insights. Known by the commit's content: the engine is started for what is new."""
        with self._lock:
            found = self._graphs.get(commit.root)
        if found is None:
            key = content_id(["graph", _FORMAT, commit.root])
            known = self._workspace.cache.get("graph", [key]).get(key)
            found = self._made(commit, key) if known is None else _unpack(known)
            with self._lock:
                self._graphs[commit.root] = found
                while len(self._graphs) > _KEPT:
                    del self._graphs[next(iter(self._graphs))]
        return found

    def _made(self, commit: Commit, key: str) -> Graph:
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
            {d: [(c.name, c.type) for c in versions[leaf.version].columns] for d, leaf in state.leaves.items()},
            {
                d: Loaded(builds[leaf.build].contract, tuple(f.path for f in builds[leaf.build].files))
                for d, leaf in state.leaves.items()
                if leaf.build in builds
            },
            project.datasets,
            project.insights,
        )
        graph = build_graph(parts, self._workspace.cache)
        self._keep(key, graph)
        return graph

    def _keep(self, key: str, graph: Graph) -> None:
        cache = self._workspace.cache
        with self._keeping:  # one that is missing in the list would never go
            recent: list[str] = cache.get("graph", [_RECENT]).get(_RECENT, [])
            kept = [key, *(other for other in recent if other != key)]
            gone: dict[str, object] = dict.fromkeys(kept[_KEPT:])
            cache.put("graph", {**gone, key: _pack(graph), _RECENT: kept[:_KEPT]})


def _pack(graph: Graph) -> dict[str, Any]:
    nodes = [
        (n.id, str(n.kind), n.name, n.of, n.type, n.owner, n.reason, n.decision, n.files) for n in graph.nodes.values()
    ]
    number = {node: index for index, node in enumerate(graph.nodes)}
    edges = [(number[e.source], number[e.target], str(e.kind), str(e.level)) for e in graph.edges]
    return {"nodes": nodes, "edges": edges}


def _unpack(packed: Mapping[str, Any]) -> Graph:
    kinds = {str(kind): kind for kind in NodeKind}
    edge_kinds, levels = {str(kind): kind for kind in EdgeKind}, {str(level): level for level in Level}
    nodes = [Node(key, kinds[kind], *rest) for key, kind, *rest in packed["nodes"]]
    edges = tuple(
        Edge(nodes[source].id, nodes[target].id, edge_kinds[kind], levels[level])
        for source, target, kind, level in packed["edges"]
    )
    return Graph({node.id: node for node in nodes}, edges)
