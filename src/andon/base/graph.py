"""Directed graphs as `{node: the nodes it needs}`: order, cycles, what is downstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from heapq import heapify, heappop, heappush


def find_cycle(needs: Mapping[str, Iterable[str]]) -> list[str] | None:
    """A cycle as a path that ends where it began (`[a, b, a]`), or None. Edges to unknown nodes are ignored."""
    state: dict[str, int] = {}
    for start in sorted(needs):
        if state.get(start):
            continue
        path: list[str] = []
        stack = [(start, iter(sorted(needs[start])))]
        state[start] = 1
        path.append(start)
        while stack:
            node, rest = stack[-1]
            for following in rest:
                if following not in needs:
                    continue
                if state.get(following) == 1:
                    return [*path[path.index(following) :], following]
                if not state.get(following):
                    state[following] = 1
                    path.append(following)
                    stack.append((following, iter(sorted(needs[following]))))
                    break
            else:
                state[node] = 2
                path.pop()
                stack.pop()
    return None


def topological(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """All nodes, each after what it needs; ties by name, so that the order repeats. The graph must have no cycle."""
    dependents: dict[str, list[str]] = {node: [] for node in needs}
    waiting: dict[str, int] = {}
    for node, parents in needs.items():
        known = {n for n in parents if n in needs}
        waiting[node] = len(known)
        for parent in known:
            dependents[parent].append(node)
    ready = [node for node, count in waiting.items() if not count]
    heapify(ready)
    order: list[str] = []
    while ready:
        node = heappop(ready)
        order.append(node)
        for child in dependents[node]:
            waiting[child] -= 1
            if not waiting[child]:
                heappush(ready, child)
    if len(order) != len(needs):
        raise ValueError("the graph has a cycle")
    return order


def levels(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The nodes in lists, each list after all that its nodes need, as early as can be; in the order of `topological`."""
    depth: dict[str, int] = {}
    found: list[list[str]] = []
    for node in topological(needs):
        own = depth[node] = 1 + max((depth[n] for n in needs[node] if n in depth), default=-1)
        if own == len(found):
            found.append([])
        found[own].append(node)
    return found


def reverse(needs: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """`{node: the nodes that need it}` for every node of `needs`."""
    result: dict[str, set[str]] = {node: set() for node in needs}
    for node, parents in needs.items():
        for parent in parents:
            result.setdefault(parent, set()).add(node)
    return result


def reach(graph: Mapping[str, Iterable[str]], start: Iterable[str], depth: int | None = None) -> set[str]:
    """Nodes that can be reached from `start` along `graph`, at most `depth` steps; `start` itself is not part of it
    unless a cycle leads back."""
    frontier: Set[str] = set(start)
    seen: set[str] = set()
    steps = 0
    while frontier and (depth is None or steps < depth):
        frontier = {child for node in frontier for child in graph.get(node, ())} - seen
        seen |= frontier
        steps += 1
    return seen
