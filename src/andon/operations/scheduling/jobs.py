"""What is due becomes jobs: runs that have nothing to do with each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from andon.base.record import Record
from andon.model.dataset import Definition
from andon.sources.files.paths import remote_patterns
from andon.state.claims import Turn


class ScheduledJob(Record):
    """One run: what it is for, all that it may make with that, and where it needs a place.

    Attributes:
        due: the datasets that it is for.
        datasets: with what is made for their sake.
        turns: at which things that serve only some at a time.
    """

    due: tuple[str, ...]
    datasets: tuple[str, ...]
    turns: tuple[Turn, ...] = ()


def connections_of(
    definitions: Mapping[str, Definition], connection_of: Callable[[str], str | None]
) -> Mapping[str, frozenset[str]]:
    """By dataset the connections that it asks.

    Args:
        connection_of: gives the connection by which a file that lies elsewhere is asked for.
    """
    return {name: _connections(definition, connection_of) for name, definition in definitions.items()}


def jobs_of(
    together: Iterable[tuple[str, ...]],
    own: Collection[str],
    connections: Mapping[str, frozenset[str]],
    at_once: Mapping[str, int],
) -> tuple[ScheduledJob, ...]:
    """A job for each of those that are brought up to date together.

    Args:
        own: those that are due by themselves; the others are made for their sake.
        at_once: how many jobs at the same time a connection serves, by name, where that is limited.
    """
    found = []
    for datasets in together:
        asked = frozenset[str]().union(*(connections.get(name, frozenset()) for name in datasets))
        turns = tuple(Turn(f"connection {name}", at_once[name]) for name in sorted(asked) if name in at_once)
        due = tuple(sorted(name for name in datasets if name in own))
        found.append(ScheduledJob(due or tuple(sorted(datasets)), tuple(sorted(datasets)), turns))
    return tuple(sorted(found, key=lambda job: job.due))


def _connections(definition: Definition, connection_of: Callable[[str], str | None]) -> frozenset[str]:
    places = [pattern for read in definition.reads for pattern in remote_patterns(read)]
    found = {definition.connection, *map(connection_of, places)}
    return frozenset(name for name in found if name is not None)
