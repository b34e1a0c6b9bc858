"""Lineage as a drawing for other programs: Mermaid and Graphviz's dot."""

from __future__ import annotations

from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind
from andon.render.visible import visible


def collapsed(graph: Graph) -> Graph:
    """The same with datasets, files and insights only; an edge derives if any between the two does."""
    edges: dict[tuple[str, str], Edge] = {}
    for edge in graph.edges:
        ends = graph.holder(edge.source), graph.holder(edge.target)
        known = edges.get(ends)
        if known is None or (edge.kind is EdgeKind.DERIVE and known.kind is not EdgeKind.DERIVE):
            edges[ends] = Edge(*ends, edge.kind, Level.TABLE)
    return Graph({key: node for key, node in graph.nodes.items() if node.of is None}, tuple(edges.values()))


def mermaid(graph: Graph) -> list[str]:
    """A Mermaid flowchart: a box for each dataset with its columns, solid arrows for values, dotted ones for what decides."""
    names = {key: f"n{number}" for number, key in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for key, node in graph.nodes.items():
        if node.of is not None:
            continue
        columns = graph.columns_of.get(key, ())
        if columns:
            lines.append(f'  subgraph {names[key]}["{_entities(node.name)}"]')
            lines += [f'    {names[c]}["{_entities(graph.nodes[c].name)}"]' for c in columns]
            lines.append("  end")
        else:
            opening, closing = _MERMAID[node.kind]
            lines.append(f'  {names[key]}{opening}"{_entities(node.name)}"{closing}')
    for edge in graph.edges:
        arrow = "-->" if edge.kind is EdgeKind.DERIVE else "-.->"
        lines.append(f"  {names[edge.source]} {arrow} {names[edge.target]}")
    return lines


def dot(graph: Graph) -> list[str]:
    """A graph in Graphviz's language: a cluster for each dataset with its columns, dashed arrows for what only decides."""
    lines = ["digraph lineage {", "  rankdir=LR; compound=true;", '  node [shape=box, fontname="sans-serif"];']
    clusters: dict[str, str] = {}
    for key, node in graph.nodes.items():
        if node.of is not None:
            continue
        columns = graph.columns_of.get(key, ())
        if columns:
            clusters[key] = f"cluster_{len(clusters)}"
            lines.append(f"  subgraph {clusters[key]} {{")
            lines.append(f"    label={_quoted(node.name)};")
            # an edge to the whole needs a node to end at; it is cut off at the border
            lines.append(f"    {_quoted(key)} [shape=point, style=invis];")
            lines += [f"    {_quoted(c)} [label={_quoted(graph.nodes[c].name)}];" for c in columns]
            lines.append("  }")
        else:
            lines.append(f"  {_quoted(key)} [label={_quoted(node.name)}{_DOT[node.kind]}];")
    for edge in graph.edges:
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{_attributes(edge, clusters)};")
    return [*lines, "}"]


_MERMAID = {
    NodeKind.DATASET: ("[", "]"),
    NodeKind.FILE: ("[/", "/]"),
    NodeKind.DATABASE: ("[(", ")]"),
    NodeKind.API: ("[(", ")]"),
    NodeKind.INSIGHT: ("([", "])"),
    NodeKind.COLUMN: ("[", "]"),
}
_DOT = {
    NodeKind.DATASET: "",
    NodeKind.FILE: ", shape=note",
    NodeKind.DATABASE: ", shape=cylinder",
    NodeKind.API: ", shape=cylinder",
    NodeKind.INSIGHT: ", shape=ellipse",
    NodeKind.COLUMN: "",
}


def _attributes(edge: Edge, clusters: dict[str, str]) -> str:
    found = []
    if edge.kind is EdgeKind.INFLUENCE:
        found.append("style=dashed")
    if edge.source in clusters:
        found.append(f"ltail={clusters[edge.source]}")
    if edge.target in clusters:
        found.append(f"lhead={clusters[edge.target]}")
    return f" [{', '.join(found)}]" if found else ""


def _entities(text: str) -> str:
    """Text inside a Mermaid label."""
    return visible(text).replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _quoted(text: str) -> str:
    """A text of Graphviz's language."""
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def drawing(graph: Graph, start: Node) -> Graph:
    """What to draw of a trail: its columns where one was asked for, else its datasets."""
    if start.of is None:
        return collapsed(graph)
    by_column = {
        (graph.holder(edge.source), graph.holder(edge.target))
        for edge in graph.edges
        if edge.source != graph.holder(edge.source)
    }
    # that the rows of a dataset matter goes without saying where its columns are drawn
    plain = (e for e in graph.edges if (e.source, graph.holder(e.target)) not in by_column or e.level is Level.TABLE)
    return Graph(graph.nodes, tuple(plain))
