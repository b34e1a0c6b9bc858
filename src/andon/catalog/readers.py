"""Who reads a dataset, how often, by which door and which columns, told by lines of the log of queries. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from andon.base.document import Document
from andon.base.record import Record
from andon.catalog.by_clock import ByClock
from andon.state.queries import AnsweredLine


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


class ReadingTool(Document):
    """What reads a dataset by the clock: a tool that refreshes itself, cron. Fields as in `ReadingPerson`."""

    tool: str
    reads: int
    last: str
    doors: list[str]
    columns: list[str]


class ReadColumn(Document):
    """A column of a dataset: people who read it, and how often."""

    column: str
    readers: int
    reads: int


class DatasetReaders(Record):
    """Who reads a dataset: people, what comes by the clock, and the columns that people read."""

    people: list[ReadingPerson]
    tools: list[ReadingTool]
    columns: list[ReadColumn]


def readers_of(
    lines: Iterable[AnsweredLine], dataset: str, used: Mapping[int, Mapping[str, Collection[str]]], by_clock: ByClock
) -> DatasetReaders:
    """Who reads `dataset`, who does it most first, and its columns that people read, most people first.

    Args:
        used: by number of the line, the columns that it uses, by dataset.
    """
    people: dict[str, _Reads] = {}
    tools: dict[str, _Reads] = {}
    columns: dict[str, dict[str, int]] = {}
    for line in lines:
        if dataset not in line.datasets:
            continue
        is_tool = by_clock(line)
        reads = (tools if is_tool else people).setdefault(line.who, _Reads())
        reads.count += 1
        reads.last = max(reads.last, line.at)
        reads.doors[line.face] = reads.doors.get(line.face, 0) + 1
        for column in used.get(line.seq, {}).get(dataset, ()):
            reads.columns[column] = reads.columns.get(column, 0) + 1
            if not is_tool:
                of_column = columns.setdefault(column, {})
                of_column[line.who] = of_column.get(line.who, 0) + 1
    uses = [ReadColumn(column, len(by), sum(by.values())) for column, by in columns.items()]
    return DatasetReaders(
        [ReadingPerson(who, *reads.told()) for who, reads in _ordered(people)],
        [ReadingTool(who, *reads.told()) for who, reads in _ordered(tools)],
        sorted(uses, key=lambda use: (-use.readers, -use.reads, use.column)),
    )


class _Reads:
    """What one person or tool read."""

    def __init__(self) -> None:
        self.count = 0
        self.last = ""
        self.doors: dict[str, int] = {}
        self.columns: dict[str, int] = {}

    def told(self) -> tuple[int, str, list[str], list[str]]:
        return self.count, self.last, _most(self.doors), _most(self.columns)


def _ordered(of: Mapping[str, _Reads]) -> list[tuple[str, _Reads]]:
    return sorted(of.items(), key=lambda each: (-each[1].count, each[0]))


def _most(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))
