"""When datasets and columns were read last, by whom and through which door: people and what comes by the clock apart. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from andon.base.document import Document
from andon.base.record import Record
from andon.catalog.by_clock import ByClock, LoggedRead


class LastReader(Document):
    """Who read something last, when (ISO text), and through which door: `cli`, `python`, `http`."""

    who: str
    at: str
    door: str


class LastUse(Record):
    """When something was read last.

    Attributes:
        person: by a person. tool: by what comes by the clock.
        perhaps: by a question of which nobody can tell whether it read this.
    """

    person: LastReader | None = None
    tool: LastReader | None = None
    perhaps: LastReader | None = None


NEVER = LastUse()


class LastUses:
    """Notes reads, in any order. Not safe under threads."""

    def __init__(self, by_clock: ByClock) -> None:
        self._by_clock = by_clock
        self._people: dict[str, LastReader] = {}
        self._tools: dict[str, LastReader] = {}
        self._perhaps: dict[str, LastReader] = {}

    def add(self, line: LoggedRead, columns: Mapping[str, Collection[str]] | None = None) -> None:
        """Note that a line read its datasets, and of those in `columns` the columns named there; of others nobody knows which."""
        reader = LastReader(line.who, line.at, line.face)
        held = self._tools if self._by_clock(line) else self._people
        for dataset in line.datasets:
            _note(held, dataset, reader)
            known = None if columns is None else columns.get(dataset)
            if known is None:
                _note(self._perhaps, dataset, reader)
                continue
            for column in known:
                _note(held, f"{dataset}.{column}".lower(), reader)

    def of(self, dataset: str, column: str | None = None) -> LastUse:
        """When a dataset, or a column of it, was read last."""
        if column is None:
            return LastUse(self._people.get(dataset), self._tools.get(dataset))
        key = f"{dataset}.{column}".lower()
        person, tool, perhaps = self._people.get(key), self._tools.get(key), self._perhaps.get(dataset)
        newest = max((each.at for each in (person, tool) if each is not None), default="")
        return LastUse(person, tool, perhaps if perhaps is not None and perhaps.at > newest else None)

    @property
    def people(self) -> Mapping[str, LastReader]:
        """By dataset, the person who read it last; those that none read are not in it."""
        return {name: reader for name, reader in self._people.items() if name.count(".") == 1}


def _note(held: dict[str, LastReader], name: str, reader: LastReader) -> None:
    before = held.get(name)
    if before is None or before.at <= reader.at:
        held[name] = reader
