"""Caveats flow down: to all that reads a dataset, or along its columns, until a dataset says how it handles them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from andon.base.graph import reach, reverse, topological
from andon.base.record import Record
from andon.model.dataset import Dataset
from andon.model.lineage import Graph, Level
from andon.model.standing import Caveat


class Inherited(Record):
    """A caveat that a dataset has of one above it.

    Attributes:
        origin: the dataset that states it.
        columns: those of the inheriting dataset that it is about; None: all, or which rows there are.
    """

    origin: str
    caveat: Caveat
    columns: tuple[str, ...] | None


def inherited_caveats(
    datasets: Mapping[str, Dataset], graph: Callable[[], Graph], names: Iterable[str] | None = None
) -> dict[str, tuple[Inherited, ...]]:
    """By dataset, the caveats that it has of those above it, by origin; none for those without.

    A caveat of columns follows what they derive. Where they decide which rows a dataset has, or where nothing finer
    than the dataset is known, it is about all of that dataset.

    Args:
        datasets: of one commit.
        graph: their lineage; asked for only where a caveat is about columns.
        names: of whom it is asked, all where it is None: nothing that is not above them is looked at.
    """
    wanted = None if names is None else set(names)
    if wanted is not None:
        inputs = {name: one.definition.inputs for name, one in datasets.items()}
        datasets = {name: datasets[name] for name in wanted | reach(inputs, wanted) if name in datasets}
    needs = {name: [each for each in one.definition.inputs if each in datasets] for name, one in datasets.items()}
    readers = reverse(needs)
    found: dict[str, list[Inherited]] = {}
    for origin in topological(needs):
        for caveat in datasets[origin].caveats:
            handled = {name for name, one in datasets.items() if _handles(one, origin, caveat)}
            if caveat.columns and readers[origin]:
                spread = _along_columns(graph(), origin, caveat.columns, datasets.keys() - handled)
            else:
                spread = dict.fromkeys(_below(readers, origin, handled))
            for name, columns in spread.items():
                if wanted is None or name in wanted:
                    found.setdefault(name, []).append(Inherited(origin, caveat, columns))
    return {name: tuple(sorted(each, key=lambda one: (one.origin, one.caveat.id))) for name, each in found.items()}


def _handles(dataset: Dataset, origin: str, caveat: Caveat) -> bool:
    return any(each.caveat in (caveat.id, f"{origin}/{caveat.id}") for each in dataset.handles)


def _below(readers: Mapping[str, Iterable[str]], origin: str, handled: set[str]) -> list[str]:
    """What reads a dataset, directly or through others that do not handle it."""
    seen, frontier = {origin}, [origin]
    while frontier:
        for name in readers[frontier.pop()]:
            if name not in seen and name not in handled:
                seen.add(name)
                frontier.append(name)
    return sorted(seen - {origin})


def _along_columns(
    graph: Graph, origin: str, columns: Iterable[str], unhandled: Set[str]
) -> dict[str, tuple[str, ...] | None]:
    """What is made of some columns of a dataset, or has its rows by them: by dataset the columns, None for all of it."""
    by_name = {graph.nodes[node].name.lower(): node for node in graph.columns_of.get(origin, ())}
    # a column that there is not yet may be any
    begin = [by_name.get(column.lower(), origin) for column in columns]
    seen, frontier = set(begin), list(begin)
    while frontier:
        node = frontier.pop()
        for reached in _next(graph, node):
            holder = graph.holder(reached)
            if holder in unhandled and holder != origin and reached not in seen:
                seen.add(reached)
                frontier.append(reached)
    found: dict[str, tuple[str, ...] | None] = {}
    for node in seen:
        holder = graph.holder(node)
        if holder == origin:
            continue
        if node == holder:
            found[holder] = None
        elif found.get(holder, ()) is not None:
            found[holder] = (*(found.get(holder) or ()), graph.nodes[node].name)
    return {name: None if of is None else tuple(sorted(of)) for name, of in sorted(found.items())}


def _next(graph: Graph, node: str) -> Iterable[str]:
    """Where what is said of a node is said next; of a dataset as a whole, from each of its columns too."""
    holder = graph.nodes[node].of
    for edge in graph.out_of.get(node, ()):
        yield edge.target
    if holder is not None:
        for edge in graph.out_of.get(holder, ()):
            if edge.level is Level.TABLE:
                yield edge.target
        return
    for column in graph.columns_of.get(node, ()):
        for edge in graph.out_of.get(column, ()):
            yield edge.target
