"""Lineage graphs written by hand."""

from __future__ import annotations

from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind

_KINDS = {"=": EdgeKind.DERIVE, "~": EdgeKind.INFLUENCE}


def graph(columns: dict[str, str], edges: str, owners: dict[str, str] | None = None) -> Graph:
    """Datasets with their columns; edges are written `a.x = b.y`, `a.x ~ b`, with `!` where only tables are known."""
    nodes = {}
    for dataset, names in columns.items():
        kind = NodeKind.INSIGHT if dataset.startswith("insight:") else NodeKind.DATASET
        nodes[dataset] = Node(dataset, kind, dataset, owner=(owners or {}).get(dataset))
        for name in names.split():
            nodes[f"{dataset}.{name}"] = Node(f"{dataset}.{name}", NodeKind.COLUMN, name, dataset)
    found = []
    for line in edges.strip().splitlines():
        source, how, target = line.split()
        found.append(Edge(source, target, _KINDS[how[0]], Level.TABLE if how.endswith("!") else Level.COLUMN))
    return Graph(nodes, tuple(found))


#  s.a → s.b → s.c, s.b decides over s.d by a filter; s.e is known at table level; s.f counts rows of s.d
CHAIN = graph(
    {"s.a": "x y", "s.b": "x y", "s.c": "x", "s.d": "z", "s.e": "p q", "s.f": "n", "insight:i": ""},
    """
    s.a.x = s.b.x
    s.a.y = s.b.y
    s.a ~ s.b
    s.b.x = s.c.x
    s.b ~ s.c
    s.b.y ~ s.d
    s.b.x = s.d.z
    s.b ~ s.d
    s.c =! s.e
    s.d ~ s.f
    s.e.p = insight:i
    """,
    {"s.e": "eve", "insight:i": "ida", "s.a": "ana"},
)
