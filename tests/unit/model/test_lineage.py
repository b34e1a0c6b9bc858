"""Walks over a lineage graph: what is derived, what is only decided over, how far, and where exactness ends."""

from __future__ import annotations

from andon.model.lineage import (
    Radii,
    Radius,
    Spot,
    blast_radius,
    downstream,
    part,
    readers,
    upstream,
)
from kit.lineage_graphs import CHAIN, graph


def nodes(walk) -> set[str]:
    return {spot.node for spot in walk.hops}


def test_values_of_a_column_go_where_they_go() -> None:
    walk = downstream(CHAIN, ["s.a.x"])
    assert nodes(walk) == {"s.a.x", "s.b.x", "s.c.x", "s.d.z", "s.e", "insight:i"}
    assert {spot.node for spot in walk.derived} == nodes(walk)
    assert walk.hops[Spot("s.e")] == 3


def test_a_column_that_decides_reaches_all_that_the_rows_reach() -> None:
    walk = downstream(CHAIN, ["s.a.y"])
    assert nodes(walk) == {"s.a.y", "s.b.y", "s.d", "s.f"}
    assert {spot.node for spot in walk.derived} == {"s.a.y", "s.b.y"}


def test_a_whole_dataset_reaches_what_counts_its_rows() -> None:
    assert nodes(downstream(CHAIN, ["s.d"])) == {"s.d", "s.f"}
    assert nodes(downstream(CHAIN, ["s.d.z"])) == {"s.d.z"}


def test_a_column_is_made_of_values_and_of_rows() -> None:
    walk = upstream(CHAIN, ["s.d.z"])
    assert {s.node for s in walk.derived} == {"s.d.z", "s.b.x", "s.a.x"}
    assert {s for s in walk.hops if s not in walk.derived} == {
        Spot("s.b.y"),
        Spot("s.b", True),
        Spot("s.a.y"),
        Spot("s.a", True),
    }


def test_rows_are_not_made_of_values() -> None:
    walk = upstream(CHAIN, ["s.f.n"])
    assert nodes(walk) == {"s.f.n", "s.d", "s.b.y", "s.b", "s.a.y", "s.a"}
    assert "s.b.x" not in nodes(walk)


def test_what_is_known_at_table_level_is_made_of_all() -> None:
    walk = upstream(CHAIN, ["s.e.p"])
    assert {"s.c", "s.b.x", "s.a.x"} <= nodes(walk)


def test_depth() -> None:
    assert nodes(downstream(CHAIN, ["s.a.x"], 1)) == {"s.a.x", "s.b.x"}
    assert nodes(downstream(CHAIN, ["s.a.x"], 0)) == {"s.a.x"}


def test_derivation_wins_whichever_way_is_shorter() -> None:
    both = graph(
        {"s.a": "x", "s.b": "x", "s.c": "x", "s.d": "x"},
        """
        s.a.x ~ s.c
        s.a.x = s.b.x
        s.b.x = s.c.x
        s.c.x = s.d.x
        """,
    )
    walk = downstream(both, ["s.a.x"])
    assert {s.node for s in walk.derived} == {"s.a.x", "s.b.x", "s.c.x", "s.d.x"}
    (c, d) = (r for r in readers(both, ["s.a.x"]) if r.dataset in ("s.c", "s.d"))
    assert (c.hops, c.columns, c.influenced) == (1, ("x",), True)
    assert (d.hops, d.columns) == (2, ("x",))


def test_radius() -> None:
    assert blast_radius(CHAIN, ["s.a"]) == Radius(("s.b", "s.c", "s.d", "s.e", "s.f"), ("i",), ("eve", "ida"))
    assert blast_radius(CHAIN, ["s.a.y"]) == Radius(("s.b", "s.d", "s.f"))
    assert blast_radius(CHAIN, ["s.c", "s.d"]) == Radius(("s.e", "s.f"), ("i",), ("eve", "ida"))
    assert blast_radius(CHAIN, ["not.there"]) == Radius()
    assert blast_radius(CHAIN, []) == Radius()
    many = Radii(CHAIN)
    for changed in (["s.a"], ["s.a.y"], ["s.c", "s.d"], ["not.there"], [], *([node] for node in CHAIN.nodes)):
        assert many.of(changed) == blast_radius(CHAIN, changed)


def test_part_holds_whole_edges_and_the_datasets_of_its_columns() -> None:
    found = part(CHAIN, ["s.b.y"], up=True, down=False)
    assert set(found.nodes) == {"s.a", "s.a.y", "s.b", "s.b.y"}
    assert {(e.source, e.target) for e in found.edges} == {("s.a.y", "s.b.y"), ("s.a", "s.b")}
    assert set(part(CHAIN, ["s.f"], up=False, down=True).nodes) == {"s.f", "s.f.n"}


def test_a_cycle_ends() -> None:
    ring = graph({"s.a": "x", "s.b": "x"}, "s.a.x = s.b.x\ns.b.x = s.a.x")
    assert nodes(downstream(ring, ["s.a.x"])) == {"s.a.x", "s.b.x"}
