"""Directed graphs: order, cycles and reach, against plain definitions."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.base.graph import find_cycle, levels, reach, reverse, topological

NODES = st.sampled_from("abcdefg")
GRAPHS = st.dictionaries(NODES, st.sets(NODES))


def paths_from(graph: dict[str, set[str]], node: str) -> set[str]:
    """All nodes at the end of a path of one step or more, by closing over edges until nothing is new."""
    found = set(graph.get(node, ()))
    while more := {end for middle in found for end in graph.get(middle, ())} - found:
        found |= more
    return found


def known(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    return {node: needs & graph.keys() for node, needs in graph.items()}


@given(GRAPHS)
def test_a_cycle_is_found_if_and_only_if_there_is_one(graph: dict[str, set[str]]) -> None:
    cycle = find_cycle(graph)
    has_one = any(node in paths_from(known(graph), node) for node in graph)
    assert (cycle is not None) == has_one
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(following in graph[node] for node, following in pairwise(cycle))


@given(GRAPHS)
def test_the_order_puts_each_after_what_it_needs(graph: dict[str, set[str]]) -> None:
    if find_cycle(graph):
        with pytest.raises(ValueError, match="cycle"):
            topological(graph)
        return
    order = topological(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(need) < order.index(node) for node, needs in known(graph).items() for need in needs)


def test_ties_are_ordered_by_name() -> None:
    assert topological({"c": (), "a": (), "b": ("c",), "d": ("unknown",)}) == ["a", "c", "b", "d"]


@given(GRAPHS, st.sets(NODES), st.none() | st.integers(0, 4))
def test_reach_is_the_end_of_all_paths(graph: dict[str, set[str]], start: set[str], depth: int | None) -> None:
    found = reach(graph, start, depth)
    if depth is None:
        assert found == {end for node in start for end in paths_from(graph, node)}
        return
    level, expected = set(start), set[str]()
    for _ in range(depth):
        level = {end for node in level for end in graph.get(node, ())}
        expected |= level
    assert found == expected


@given(GRAPHS)
def test_reversed_twice_it_is_the_same(graph: dict[str, set[str]]) -> None:
    back = reverse(graph)
    assert {(a, b) for a, needs in graph.items() for b in needs} == {(a, b) for b, by in back.items() for a in by}
    assert back.keys() >= graph.keys()


def test_a_long_chain_is_no_matter_of_depth() -> None:
    chain = {str(number): [str(number + 1)] for number in range(20_000)}
    assert find_cycle(chain) is None
    assert find_cycle(chain | {"20000": ["0"]}) is not None
    assert len(topological(chain)) == 20_000


@given(GRAPHS)
def test_levels_hold_all_in_order_and_each_as_early_as_can_be(graph: dict[str, set[str]]) -> None:
    if find_cycle(graph):
        with pytest.raises(ValueError, match="cycle"):
            levels(graph)
        return
    found = levels(graph)
    level = {node: number for number, nodes in enumerate(found) for node in nodes}
    order = topological(graph)
    assert level.keys() == graph.keys()
    for node, needs in known(graph).items():
        assert level[node] == max((level[n] + 1 for n in needs), default=0)
    assert all(nodes == [n for n in order if n in nodes] for nodes in found)
