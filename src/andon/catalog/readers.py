"""Who reads a dataset, how often, by which door and which columns, told by lines of the log of queries. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from andon.base.document import Document
from andon.state.queries import ColumnRead


class ReadingPerson(Document):
    """A person who asked a dataset.

    Attributes:
        reads: how often.
        last: when last (ISO text).
        doors: by which they came: `http`, `python`, `cli`; the one most used first.
        columns: what they read of it, most first; empty where no question told it.
    """

    person: str
    reads: int
    last: str
    doors: list[str]
    columns: list[str]


class ReadColumn(Document):
    """A column of a dataset: people who read it, and how often."""

    column: str
    readers: int
    reads: int


def readers_of(lines: Iterable[ColumnRead], names: Collection[str]) -> tuple[list[ReadingPerson], list[ReadColumn]]:
    """The people who read a dataset, who does it most first, and its columns that are read, most people first.

    Args:
        names: that it has, and had.
    """
    people: dict[str, _Reads] = {}
    columns: dict[str, dict[str, int]] = {}
    for line in lines:
        own = [name for name in names if name in line.datasets]
        if not own:
            continue
        reads = people.setdefault(line.who, _Reads())
        reads.count += 1
        reads.last = max(reads.last, line.at)
        reads.doors[line.face] = reads.doors.get(line.face, 0) + 1
        for column in _columns(line, own):
            reads.columns[column] = reads.columns.get(column, 0) + 1
            of_column = columns.setdefault(column, {})
            of_column[line.who] = of_column.get(line.who, 0) + 1
    readers = [
        ReadingPerson(who, reads.count, reads.last, _most(reads.doors), _most(reads.columns))
        for who, reads in people.items()
    ]
    uses = [ReadColumn(column, len(by), sum(by.values())) for column, by in columns.items()]
    return (
        sorted(readers, key=lambda reader: (-reader.reads, reader.person)),
        sorted(uses, key=lambda use: (-use.readers, -use.reads, use.column)),
    )


class _Reads:
    """What one person read."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        self.doors: dict[str, int] = {}
        self.columns: dict[str, int] = {}


def _columns(line: ColumnRead, names: Iterable[str]) -> list[str]:
    return [
        column.removeprefix(start)
        for start in (f"{name}." for name in names)
        for column in line.columns or ()
        if column.startswith(start)
    ]


def _most(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))
