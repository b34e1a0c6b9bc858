"""The tree of a lineage: wide and deep ones are cut with a count, narrow terminals and plain encodings are respected."""

from __future__ import annotations

import io

from andon.cli.output import Ink, display_width
from andon.cli.text.lineage_tree import tree_lines
from andon.model.lineage import Edge, EdgeKind, Graph, Level, Node, NodeKind
from andon.render.drawings import dot, drawing, mermaid
from kit.lineage_graphs import CHAIN, graph

INK = Ink(io.StringIO(), False, {})


def tree(found: Graph, start: str, *, up: bool, depth: int | None = None, width: int | None = None) -> list[str]:
    return tree_lines(found, found.nodes[start], up=up, depth=depth, ink=INK, width=width)


def wide(count: int) -> Graph:
    names = {f"s.r{number:02}": "x" for number in range(count)}
    return graph({"s.a": "x", **names}, "\n".join(f"s.a.x = {name}.x" for name in names))


def test_many_readers_are_counted() -> None:
    lines = tree(wide(32), "s.a.x", up=False)
    assert len(lines) == 21
    assert lines[-1] == "└─ … 12 more"
    assert tree(wide(20), "s.a.x", up=False)[-1].startswith("└─ s.r19.x")


def test_what_is_deeper_is_counted() -> None:
    assert tree(CHAIN, "s.a.x", up=False, depth=1) == ["└─ s.b.x", "   └─ … 4 more"]
    assert any(line.endswith("insight:i  ida") for line in tree(CHAIN, "s.a.x", up=False, depth=9))


def test_values_and_what_decides_are_told_apart() -> None:
    lines = tree(CHAIN, "s.d.z", up=True)
    assert lines[0].startswith("├─ s.b.x")
    assert lines[-1].split() == ["└╌", "s.b", "y"]


def test_what_was_followed_is_not_followed_again() -> None:
    diamond = graph(
        {"s.a": "x", "s.b": "x", "s.c": "x", "s.d": "x y", "s.e": "x"},
        "s.a.x = s.b.x\ns.a.x = s.c.x\ns.b.x = s.d.x\ns.c.x = s.d.x\ns.d.x = s.e.x",
    )
    lines = tree(diamond, "s.a.x", up=False)
    assert sum("s.e.x" in line for line in lines) == 1
    assert sum("again" in line for line in lines) == 1


def test_a_narrow_terminal() -> None:
    for width in (30, 40, 60):
        lines = tree(CHAIN, "s.e.p", up=True, width=width)
        assert all(display_width(line) <= width for line in lines)


def test_a_plain_encoding() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    ink = Ink(stream, False, {})
    for line in tree_lines(CHAIN, CHAIN.nodes["s.d.z"], up=True, depth=None, ink=ink, width=None):
        ink.line(line)
    assert raw.getvalue().decode("ascii").splitlines()[0].startswith("|- s.b.x")


def test_names_are_escaped_in_drawings() -> None:
    nodes = {
        'raw/a "b".csv': Node('raw/a "b".csv', NodeKind.FILE, 'raw/a "b".csv'),
        "s.t": Node("s.t", NodeKind.DATASET, "s.t"),
    }
    found = Graph(nodes, (Edge('raw/a "b".csv', "s.t", EdgeKind.DERIVE, Level.TABLE),))
    assert mermaid(drawing(found, nodes["s.t"]))[1] == '  n0[/"raw/a #quot;b#quot;.csv"/]'
    assert '"raw/a \\"b\\".csv" -> "s.t";' in "\n".join(dot(found))
