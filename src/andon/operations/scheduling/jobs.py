"""What is due becomes jobs: runs that have nothing to do with each other, each with the places that it needs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from andon.base.graph import reach
from andon.base.record import Record
from andon.model.dataset import Definition
from andon.model.decision import Decision
from andon.operations.scheduling.book import ScheduleBook
from andon.sources.files.paths import remote_patterns
from andon.state.claims import Turn


class ScheduledJob(Record):
    """One run: what it brings up to date, and where it needs a place.

    Attributes:
        datasets: each after those that it reads.
        turns: at which things that serve only some at a time.
    """

    datasets: tuple[str, ...]
    turns: tuple[Turn, ...] = ()


def jobs(book: ScheduleBook, decisions: tuple[Decision, ...]) -> tuple[tuple[str, ...], ...]:
    """The datasets that are due, put together as runs: what is connected within them is one, so that its readers see it together."""
    due = {each.dataset for each in decisions if each.is_due}
    near = {d: [*(p for p in book.inputs[d] if p in due), *(r for r in book.readers[d] if r in due)] for d in due}
    found, seen = [], set[str]()
    for dataset in book.order:
        if dataset in due and dataset not in seen:
            together = {dataset} | reach(near, [dataset])
            seen |= together
            found.append(tuple(d for d in book.order if d in together))
    return tuple(found)


def with_turns(
    jobs: Collection[tuple[str, ...]],
    definitions: Mapping[str, Definition],
    connection_of: Callable[[str], str | None],
    at_once: Mapping[str, int],
) -> tuple[ScheduledJob, ...]:
    """Jobs with the places that they need.

    Args:
        jobs: the datasets of each.
        connection_of: gives the connection by which a file that lies elsewhere is asked for.
        at_once: how many jobs at the same time a connection serves, by name, where that is limited.
    """
    found = []
    for datasets in jobs:
        asked = set().union(*(_connections(definitions[d], connection_of) for d in datasets if d in definitions))
        turns = tuple(Turn(f"connection {name}", at_once[name]) for name in sorted(asked & at_once.keys()))
        found.append(ScheduledJob(datasets, turns))
    return tuple(found)


def _connections(definition: Definition, connection_of: Callable[[str], str | None]) -> frozenset[str]:
    places = [pattern for read in definition.reads for pattern in remote_patterns(read)]
    found = {definition.connection, *map(connection_of, places)}
    return frozenset(name for name in found if name is not None)
