"""Directed graphs as `{node: the nodes it needs}`: order, cycles, what is downstream."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence, Set
from heapq import heapify, heappop, heappush
from typing import Generic, TypeVar

_Node = TypeVar("_Node", bound=Hashable)


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
    return [node for node, _ in _ordered(needs)]


def levels(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The nodes in lists, each list after all that its nodes need, as early as can be; in the order of `topological`."""
    found: list[list[str]] = []
    for node, depth in _ordered(needs):
        if depth == len(found):
            found.append([])
        found[depth].append(node)
    return found


def _ordered(needs: Mapping[str, Iterable[str]]) -> list[tuple[str, int]]:
    """The nodes in the order of `topological`, each with the length of the longest way that leads to it."""
    dependents: dict[str, list[str]] = {}
    waiting: dict[str, int] = {}
    depth: dict[str, int] = {}
    ready: list[str] = []
    for node, parents in needs.items():
        count = 0
        for parent in set(parents):
            if parent in needs:
                count += 1
                dependents.setdefault(parent, []).append(node)
        if count:
            waiting[node] = count
        else:
            ready.append(node)
    heapify(ready)
    order: list[tuple[str, int]] = []
    while ready:
        node = heappop(ready)
        own = depth.get(node, 0)
        order.append((node, own))
        for child in dependents.get(node, ()):
            if depth.get(child, 0) <= own:
                depth[child] = own + 1
            waiting[child] -= 1
            if not waiting[child]:
                heappush(ready, child)
    if len(order) != len(needs):
        raise ValueError("the graph has a cycle")
    return order


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


def ordered_below(start: _Node, needs: Callable[[_Node], Iterable[_Node]], known: Container[_Node] = ()) -> list[_Node]:
    """`start` and what it needs, each once and after all that it needs; the known ones, and what only they need, are left out.

    Not by recursion: such a graph may be deeper than Python's stack. It must have no cycle.
    """
    order: list[_Node] = []
    begun: set[_Node] = set()
    waiting = [(start, False)]
    while waiting:
        node, is_over = waiting.pop()
        if is_over:
            order.append(node)
        elif node not in begun and node not in known:
            begun.add(node)
            waiting.append((node, True))
            waiting += [(each, False) for each in needs(node)]
    return order


class Closures(Generic[_Node]):
    """Which of many `names` can be reached from each node of a graph without cycles: for when that is asked of many nodes.

    A set is kept as the bits of one number, lowest for the first name, so that those of thousands of nodes are joined at once.

    Args:
        following: the nodes that one step leads to.
        name_of: the name of a node; several may have one, and one that is not among `names` counts for nothing.
    """

    def __init__(
        self, names: Sequence[str], following: Callable[[_Node], Iterable[_Node]], name_of: Callable[[_Node], str]
    ) -> None:
        self._names = names
        self._bits = {name: 1 << place for place, name in enumerate(names)}
        self._following = following
        self._name_of = name_of
        self._known: dict[_Node, int] = {}
        self._same: dict[int, int] = {}

    def reached(self, node: _Node) -> int:
        """The set of what is reached from a node, itself left out."""
        for each in ordered_below(node, self._following, self._known):
            found = 0
            for after in self._following(each):
                found |= self._known[after] | self._bits.get(self._name_of(after), 0)
            # columns of one table mostly reach the same
            self._known[each] = self._same.setdefault(found, found)
        return self._known[node]

    def set_of(self, names: Iterable[str]) -> int:
        """The set of some of the names."""
        found = 0
        for name in names:
            found |= self._bits.get(name, 0)
        return found

    def names_in(self, members: int) -> list[str]:
        """The names in a set, in their order."""
        found = []
        while members:
            lowest = members & -members
            found.append(self._names[lowest.bit_length() - 1])
            members ^= lowest
        return found
