"""What is due becomes jobs: runs that have nothing to do with each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from andon.base.graph import reach, reverse
from andon.base.record import Record
from andon.model.dataset import Definition
from andon.sources.files.paths import remote_patterns
from andon.state.claims import Turn


class ScheduledJob(Record):
    """One run: what it is for, all that it may make with that, and where it needs a place.

    Attributes:
        due: the datasets that it is for.
        datasets: with what stands above and below them.
        turns: at which things that serve only some at a time.
    """

    due: tuple[str, ...]
    datasets: tuple[str, ...]
    turns: tuple[Turn, ...] = ()


class JobCode(Record):
    """What of a branch's code jobs are cut from.

    Attributes:
        needs: by dataset what it reads.
        follows: the datasets that are made anew when something above them is.
        connections: by dataset the connections that it asks.
        rules: by dataset its `refresh`.
    """

    needs: Mapping[str, tuple[str, ...]]
    follows: frozenset[str]
    connections: Mapping[str, frozenset[str]]
    rules: Mapping[str, tuple[tuple[str, str], ...]]


def code_of(
    definitions: Mapping[str, Definition],
    rules: Mapping[str, tuple[tuple[str, str], ...]],
    connection_of: Callable[[str], str | None],
) -> JobCode:
    """What jobs are cut from.

    Args:
        rules: the `refresh` of each dataset.
        connection_of: gives the connection by which a file that lies elsewhere is asked for.
    """
    return JobCode(
        {name: definition.inputs for name, definition in definitions.items()},
        frozenset(name for name in definitions if dict(rules.get(name, ())).get("upstream", "true") == "true"),
        {name: _connections(definition, connection_of) for name, definition in definitions.items()},
        rules,
    )


def jobs_of(
    due: Collection[str], code: JobCode, barred: Collection[str], at_once: Mapping[str, int]
) -> tuple[ScheduledJob, ...]:
    """The jobs that bring `due` up to date, each with what it reads and what follows from it. Two have no dataset in common.

    Args:
        barred: datasets that stay as they are published, and so does what only they lead to.
        at_once: how many jobs at the same time a connection serves, by name, where that is limited.
    """
    open_needs = {d: [n for n in needs if n not in barred] for d, needs in code.needs.items() if d not in barred}
    readers = {d: {r for r in found if r in code.follows} for d, found in reverse(open_needs).items()}
    members: list[tuple[set[str], set[str]]] = []
    for each in sorted(set(due) & open_needs.keys()):
        whole = {each} | reach(open_needs, [each]) | reach(readers, [each])
        joined = [(d, w) for d, w in members if not w.isdisjoint(whole)]
        members = [pair for pair in members if pair not in joined]
        members.append(({each}.union(*(d for d, _ in joined)), whole.union(*(w for _, w in joined))))
    return tuple(_job(d, w, code, at_once) for d, w in sorted(members, key=lambda pair: min(pair[0])))


def _job(due: set[str], whole: set[str], code: JobCode, at_once: Mapping[str, int]) -> ScheduledJob:
    asked = set().union(*(code.connections.get(name, frozenset()) for name in whole))
    turns = tuple(Turn(f"connection {name}", at_once[name]) for name in sorted(asked) if name in at_once)
    return ScheduledJob(tuple(sorted(due)), tuple(sorted(whole)), turns)


def _connections(definition: Definition, connection_of: Callable[[str], str | None]) -> frozenset[str]:
    places = [pattern for read in definition.reads for pattern in remote_patterns(read)]
    found = {definition.connection, *map(connection_of, places)}
    return frozenset(name for name in found if name is not None)
